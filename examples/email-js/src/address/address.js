// E-mail addresses: which texts are one (RFC 5321 §4.1.2, RFC 6531 §3.3), and which of them are the same.
import { bytes, trim } from "../text.js";
import { nfc } from "../unicode/nfc.js";
import { lowerCase } from "../unicode/lower-case.js";
import { CONTROL, WHITE_SPACE } from "../unicode/properties.js";
import { canonicalDomain } from "./domain.js";

/** The longest address in each of its forms (RFC 5321 §4.5.3.1.3), and the longest text that is looked at. */
const MAX_BYTES = 254;
const MAX_TEXT_BYTES = 4 * MAX_BYTES;

/** The longest local part (RFC 5321 §4.5.3.1.1). */
const MAX_LOCAL_BYTES = 64;

// Characters that cannot be seen (`Default_Ignorable_Code_Point`) or change how their neighbours are read: two addresses
// that look the same would be different.
const FORBIDDEN = new RegExp(
  `[${CONTROL}\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f` +
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]",
  "u",
);

// A dot-string; beyond ASCII whatever is no white space (RFC 6531 §3.3).
const ATOM = `[A-Za-z0-9!#$%&'*+\\-/=?^_\`{|}~]|[^\\x00-\\x7f${WHITE_SPACE}]`;
const DOT_STRING = new RegExp(`^(?:${ATOM})+(?:\\.(?:${ATOM})+)*$`, "u");

const TOO_LONG = { rule: "must be at most 254 bytes" };
const LOCAL_PART = {
  rule: "must have 1 to 64 bytes before the @: letters, digits and !#$%&'*+-/=?^_`{|}~, with single dots between",
};

/** `{ canonical }`, the form that all spellings of the address `text` share; else `{ rule }` that it breaks. */
export function readAddress(text) {
  if (bytes(text) > MAX_TEXT_BYTES) return TOO_LONG;
  // Before white space is stripped: a line feed at the end is a control character too.
  if (FORBIDDEN.test(text)) return { rule: "must have no control, bidi or invisible characters" };
  const display = nfc(trim(text));
  if (bytes(display) > MAX_BYTES) return TOO_LONG;
  const at = display.lastIndexOf("@");
  if (at < 0) return { rule: "must be a local part, an @ and a domain" };
  const given = display.slice(0, at);
  const local = canonicalLocalPart(given);
  if (local === undefined) return LOCAL_PART;
  const domain = canonicalDomain(display.slice(at + 1));
  if (domain === undefined) return { rule: "must have a domain name after the @" };
  const canonical = `${local}@${domain}`;
  // Mail goes to the local part as it was given, whose length may be another.
  if (bytes(canonical) > MAX_BYTES || bytes(`${given}@${domain}`) > MAX_BYTES) return TOO_LONG;
  return { canonical };
}

/** In lower case: the receiver may tell case apart (RFC 5321 §2.4), and nobody does. */
function canonicalLocalPart(local) {
  if (!isLocalPart(local)) return undefined;
  // Lower-casing may leave a letter and a mark that compose, and may make it longer.
  const canonical = nfc(lowerCase(local));
  return isLocalPart(canonical) ? canonical : undefined;
}

function isLocalPart(text) {
  return DOT_STRING.test(text) && bytes(text) <= MAX_LOCAL_BYTES;
}
