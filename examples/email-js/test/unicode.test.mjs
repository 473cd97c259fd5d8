// Our tables and algorithms against Node's own, which has ICU.
import assert from "node:assert/strict";
import { test } from "node:test";

import { nfc } from "../src/unicode/nfc.js";
import { lowerCase } from "../src/unicode/lower-case.js";
import { isAlphanumeric, isCased, isCaseIgnorable, WHITE_SPACE } from "../src/unicode/properties.js";

function* characters() {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code === 0xd800) code = 0xe000;
    yield String.fromCodePoint(code);
  }
}

test("every character has the normal form that Node gives it, alone and decomposed", () => {
  for (const character of characters()) {
    const expected = character.normalize("NFC");
    assert.equal(nfc(character), expected);
    assert.equal(nfc(character.normalize("NFD")), expected);
  }
});

test("marks are ordered, composed and blocked as Node does it", () => {
  const marks = [...characters()].filter((character) => /\p{M}/u.test(character));
  const starters = ["a", "A", "e", "ό", "ộ", "क", "가", "각", "ᄀ", "\u1161", "\u11a8", "\u0344", "ﬁ", "\u{1d15e}"];
  let seed = 1;
  const next = (bound) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % bound;
  };
  for (let round = 0; round < 50_000; round += 1) {
    let text = "";
    for (let length = 1 + next(6); length > 0; length -= 1) {
      text += next(3) === 0 ? starters[next(starters.length)] : marks[next(marks.length)];
    }
    assert.equal(nfc(text), text.normalize("NFC"), JSON.stringify(text));
  }
});

test("Hangul is composed", () => {
  assert.equal(nfc("\u1112\u1161\u11ab\u1100\u1173\u11af"), "한글");
  assert.equal(nfc("가\u11a8"), "각");
  assert.equal(nfc("가\u11a7"), "가\u11a7");
});

test("properties are those of Node", () => {
  const whiteSpace = new RegExp(`^[${WHITE_SPACE}]$`, "u");
  for (const character of characters()) {
    assert.equal(isAlphanumeric(character), /[\p{Alphabetic}\p{N}]/u.test(character));
    assert.equal(isCased(character), /\p{Cased}/u.test(character));
    assert.equal(isCaseIgnorable(character), /\p{Case_Ignorable}/u.test(character));
    assert.equal(whiteSpace.test(character), /\p{White_Space}/u.test(character));
  }
});

test("a sigma at the end of a word is a final one", () => {
  for (const text of [
    "ΝΙΚΟΣ",
    "ΣΣ",
    "Σ",
    "aΣb",
    "aΣ.",
    "aΣ.b",
    "a'Σ",
    ".Σ",
    "aΣ\u0301",
    "aΣ\u0301b",
    "1Σ",
    "İΣ",
    "ΑΣ ΣΑ",
  ]) {
    assert.equal(lowerCase(text), text.toLowerCase(), text);
  }
});
