// What a mail calls its reader.
import { isAlphanumeric } from "./unicode/properties.js";

/** The longest first or last name. */
export const MAX_NAME_BYTES = 256;

/**
 * First and last name as one; undefined if both are missing, or if a mail program could take it for a link: then the
 * mail would advertise whatever somebody calls themselves.
 */
export function fullName(first, last) {
  const name = [first, last].filter(Boolean).join(" ");
  return name === "" || looksLikeLink(name) ? undefined : name;
}

/**
 * Mail programs make links of `scheme:…`, of `a/b`, of addresses, and of words with a dot inside (`example.org`). An
 * initial (`J.R. Smith`) is none: no top-level domain has one letter.
 */
function looksLikeLink(name) {
  if (/[/\\:@]/.test(name)) return true;
  // Other dots are dots too, to those who resolve names (UTS #46).
  const afterDots = name.split(/[.\u3002\uff0e\uff61]/).slice(1);
  return afterDots.some((part) => {
    const [one, another] = part;
    return one !== undefined && another !== undefined && isAlphanumeric(one) && isAlphanumeric(another);
  });
}
