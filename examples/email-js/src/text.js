// Text on one line that some people write and others read: the names of persons and of things.
import { nfc } from "./unicode/nfc.js";
import { CONTROL, WHITE_SPACE } from "./unicode/properties.js";

/** So many times its bound may a text be long before it is brought into normal form, which may shorten it. */
const DECOMPOSED = 4;

// Control characters, line and paragraph separators, and all that has the property `Bidi_Control`.
const FORBIDDEN = new RegExp(`[${CONTROL}\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]`);
const OUTER_SPACE = new RegExp(`^[${WHITE_SPACE}]+|[${WHITE_SPACE}]+$`, "g");

/** How many bytes `text` has in UTF-8. */
export function bytes(text) {
  let count = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    count += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return count;
}

/** `text` without white space at its ends. */
export function trim(text) {
  return text.replace(OUTER_SPACE, "");
}

/** Whether `text` stays on its line and leaves the direction of what stands around it alone. */
export function isPlain(text) {
  return !FORBIDDEN.test(text);
}

/** `{ text }` as it is kept: trimmed, in Normalization Form C, at most `longest` bytes; else `{ rule }` that it breaks. */
export function normalise(text, longest) {
  const tooLong = { rule: `must be at most ${longest} bytes` };
  if (bytes(text) > longest * DECOMPOSED) return tooLong;
  // Before white space is stripped: a line feed at the end is one too.
  if (!isPlain(text)) return { rule: "must have no control or bidi characters" };
  const normal = nfc(trim(text));
  return bytes(normal) > longest ? tooLong : { text: normal };
}
