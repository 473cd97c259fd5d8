// Lower case (The Unicode Standard, §3.13). The engine's own has no final sigma: `ΝΙΚΟΣ` would end in another letter than
// in the other guests, and be another address.
import { isCased, isCaseIgnorable } from "./properties.js";

/** `text` in lower case, whatever the language. */
export function lowerCase(text) {
  if (!text.includes("Σ")) return text.toLowerCase();
  const characters = [...text];
  const lower = (character, at) => (character === "Σ" && isFinal(characters, at) ? "ς" : character.toLowerCase());
  return characters.map(lower).join("");
}

/** Whether a cased letter stands before and none after, whatever has no case between. */
function isFinal(characters, at) {
  const before = characters.slice(0, at).findLast((character) => !isCaseIgnorable(character));
  const after = characters.slice(at + 1).find((character) => !isCaseIgnorable(character));
  return before !== undefined && isCased(before) && !(after !== undefined && isCased(after));
}
