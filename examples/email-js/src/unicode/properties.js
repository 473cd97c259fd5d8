// Properties of characters. The engine is built without ICU, so regular expressions know no `\p{…}`.
import * as data from "./data.js";

/** Letters and numbers: `Alphabetic` or `N`. */
export const isAlphanumeric = member(data.alphanumeric);

/** `Cased` (The Unicode Standard, D135). */
export const isCased = member(data.cased);

/** `Case_Ignorable` (D136). */
export const isCaseIgnorable = member(data.caseIgnorable);

/** `White_Space`. `String.prototype.trim` strips U+FEFF too, which is none. */
export const WHITE_SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** Control characters: `Cc`. */
export const CONTROL = "\\x00-\\x1f\\x7f-\\x9f";

function member(text) {
  const ranges = text.split(" ").map((range) => range.split("-").map((code) => Number.parseInt(code, 16)));
  return (character) => {
    const code = character.codePointAt(0);
    let [low, high] = [0, ranges.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const [from, to = from] = ranges[middle];
      if (code < from) high = middle - 1;
      else if (code > to) low = middle + 1;
      else return true;
    }
    return false;
  };
}
