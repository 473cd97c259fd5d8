// Normalization Form C (UAX #15). The engine is built without ICU, so `String.prototype.normalize` is not there.
import * as data from "./data.js";

const decompositions = new Map(pairs(data.decompositions).map(([code, parts]) => [codes(code)[0], codes(parts)]));
const compositions = new Map(pairs(data.compositions).map(([parts, code]) => [key(...codes(parts)), codes(code)[0]]));
const ranks = new Map(data.marks.split(";").flatMap((marks, at) => codes(marks, " ").map((code) => [code, at + 1])));

// Hangul is arithmetic (The Unicode Standard, §3.12).
const HANGUL = { syllable: 0xac00, lead: 0x1100, vowel: 0x1161, trail: 0x11a7, leads: 19, vowels: 21, trails: 28 };
const SYLLABLES = HANGUL.leads * HANGUL.vowels * HANGUL.trails;

/** `text` in Normalization Form C. */
export function nfc(text) {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return String.fromCodePoint(...compose(ordered(decompose(text))));
}

function decompose(text) {
  const parts = [];
  for (const character of text) {
    const code = character.codePointAt(0);
    const syllable = code - HANGUL.syllable;
    if (syllable >= 0 && syllable < SYLLABLES) parts.push(...jamo(syllable));
    else parts.push(...(decompositions.get(code) ?? [code]));
  }
  return parts;
}

function jamo(syllable) {
  const trail = syllable % HANGUL.trails;
  const vowel = Math.floor(syllable / HANGUL.trails) % HANGUL.vowels;
  const lead = Math.floor(syllable / HANGUL.trails / HANGUL.vowels);
  const parts = [HANGUL.lead + lead, HANGUL.vowel + vowel];
  return trail === 0 ? parts : [...parts, HANGUL.trail + trail];
}

/** Marks in a row in the order of their combining classes. */
function ordered(parts) {
  for (let start = 0; start < parts.length; start += 1) {
    if (!ranks.has(parts[start])) continue;
    let end = start;
    while (end < parts.length && ranks.has(parts[end])) end += 1;
    const marks = parts.slice(start, end).sort((a, b) => ranks.get(a) - ranks.get(b));
    parts.splice(start, marks.length, ...marks);
    start = end;
  }
  return parts;
}

/** Each starter takes in what composes with it and is not blocked (D115, D117). */
function compose(parts) {
  const composed = [];
  let starter = -1;
  let before = 0;
  for (const code of parts) {
    const rank = ranks.get(code) ?? 0;
    const isNext = starter === composed.length - 1;
    const isReached = starter >= 0 && (isNext || (before !== 0 && before < rank));
    const whole = isReached ? pair(composed[starter], code) : undefined;
    if (whole !== undefined) {
      composed[starter] = whole;
      continue;
    }
    if (rank === 0) starter = composed.length;
    composed.push(code);
    before = rank;
  }
  return composed;
}

function pair(first, second) {
  const lead = first - HANGUL.lead;
  const vowel = second - HANGUL.vowel;
  if (lead >= 0 && lead < HANGUL.leads && vowel >= 0 && vowel < HANGUL.vowels) {
    return HANGUL.syllable + (lead * HANGUL.vowels + vowel) * HANGUL.trails;
  }
  const syllable = first - HANGUL.syllable;
  const trail = second - HANGUL.trail;
  const isOpen = syllable >= 0 && syllable < SYLLABLES && syllable % HANGUL.trails === 0;
  if (isOpen && trail > 0 && trail < HANGUL.trails) return first + trail;
  return compositions.get(key(first, second));
}

function key(first, second) {
  return first * 0x110000 + second;
}

function codes(text, separator = "+") {
  return text.split(separator).map((code) => Number.parseInt(code, 16));
}

function pairs(text) {
  return text.split(" ").map((pair) => pair.split("="));
}
