// Writes src/unicode/data.js: what the engine in the component has no tables for (it is built without ICU).
// The tables are read out of this Node's own Unicode data, by asking it about every character.
import { writeFile } from "node:fs/promises";

const FIRST_HANGUL = 0xac00;
const LAST_HANGUL = 0xd7a3;

/** Every character but the surrogates, which are none. */
function* characters() {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code === 0xd800) code = 0xe000;
    yield String.fromCodePoint(code);
  }
}

/** The characters that match, as `first-last` ranges of hexadecimal code points. */
function ranges(pattern) {
  const found = [];
  for (const character of characters()) {
    if (!pattern.test(character)) continue;
    const code = character.codePointAt(0);
    const last = found.at(-1);
    if (last?.[1] === code - 1) last[1] = code;
    else found.push([code, code]);
  }
  return found.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join(" ");
}

const hex = (code) => code.toString(16);
const codes = (text) => [...text].map((character) => hex(character.codePointAt(0)));

/** `character=parts` for every canonical decomposition, fully applied, but for Hangul's, which is arithmetic. */
function decompositions() {
  const found = [];
  for (const character of characters()) {
    const code = character.codePointAt(0);
    const parts = character.normalize("NFD");
    if (parts !== character && (code < FIRST_HANGUL || code > LAST_HANGUL)) {
      found.push(`${hex(code)}=${codes(parts).join("+")}`);
    }
  }
  return found.join(" ");
}

/** `first+second=character` for every pair that composes, but for Hangul's. */
function compositions() {
  const found = [];
  for (const character of characters()) {
    const code = character.codePointAt(0);
    const parts = [...character.normalize("NFD")];
    if (parts.length < 2 || character.normalize("NFC") !== character || (code >= FIRST_HANGUL && code <= LAST_HANGUL))
      continue;
    const second = parts.pop();
    const first = parts.join("").normalize("NFC");
    found.push(`${codes(first)}+${codes(second)}=${hex(code)}`);
  }
  return found.join(" ");
}

/** `rank:characters` for the marks that canonical ordering moves. Only the order of combining classes matters to it. */
function marks() {
  const moved = (a, b) => `x${a}${b}`.normalize("NFD") !== `x${a}${b}`;
  const decomposes = (character) => character.normalize("NFD") !== character;
  // U+0334 has the least class, U+0345 the greatest.
  const all = [...characters()].filter((mark) => !decomposes(mark) && (moved(mark, "\u0334") || moved("\u0345", mark)));
  all.push("\u0334", "\u0345");
  const order = (a, b) => (moved(a, b) ? 1 : moved(b, a) ? -1 : 0);
  const classes = [];
  for (const mark of all) {
    const same = classes.find((members) => order(members[0], mark) === 0);
    if (same) same.push(mark);
    else classes.push([mark]);
  }
  classes.sort(([a], [b]) => order(a, b));
  return classes.map((members) => [...new Set(members)].flatMap(codes).join(" ")).join(";");
}

const tables = {
  decompositions: decompositions(),
  compositions: compositions(),
  marks: marks(),
  alphanumeric: ranges(/[\p{Alphabetic}\p{N}]/u),
  cased: ranges(/\p{Cased}/u),
  caseIgnorable: ranges(/\p{Case_Ignorable}/u),
};
const lines = Object.entries(tables).map(([name, table]) => `export const ${name} =\n  "${table}";\n`);
const head = `// Made by tools/unicode.mjs of Unicode ${process.versions.unicode}. Not for editing.\n`;
await writeFile(new URL("../src/unicode/data.js", import.meta.url), head + lines.join(""));
