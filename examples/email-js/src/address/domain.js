// What comes after the `@`: a domain name, by UTS #46.
import { decode } from "./punycode.js";

const MAX_BYTES = 253;
const MAX_LABEL_BYTES = 63;

// Said behind a name so that it is read as one: what ends in a number would be read as an IPv4 address.
const SUFFIX = ".x";

/**
 * The canonical form of `domain`: lower-case A-labels (RFC 5891 §4.4); undefined if it is no domain name.
 *
 * The engine's `URL` maps and encodes names by UTS #46 without transitional processing. It is less strict than mail is
 * about hyphens, lengths and ASCII (STD 3), so these are looked at here.
 */
export function canonicalDomain(domain) {
  if (/[^A-Za-z0-9.\-\x80-\u{10ffff}]/u.test(domain)) return undefined;
  let host;
  try {
    host = new URL(`http://${domain}${SUFFIX}/`).hostname;
  } catch {
    return undefined;
  }
  if (!host.endsWith(SUFFIX)) return undefined;
  const name = host.slice(0, -SUFFIX.length);
  const labels = name.split(".");
  if (name.length > MAX_BYTES || !labels.every(isLabel)) return undefined;
  // What ends in a number is an address without its brackets.
  return /^[0-9]*$/.test(labels.at(-1)) ? undefined : name;
}

function isLabel(label) {
  if (!/^[a-z0-9-]+$/.test(label) || label.length > MAX_LABEL_BYTES) return false;
  const unicode = label.startsWith("xn--") ? decode(label.slice("xn--".length)) : [...label];
  // UTS #46 §4.1, CheckHyphens.
  return (
    unicode !== undefined &&
    unicode.at(0) !== "-" &&
    unicode.at(-1) !== "-" &&
    !(unicode[2] === "-" && unicode[3] === "-")
  );
}
