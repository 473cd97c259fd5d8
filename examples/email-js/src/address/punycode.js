// Punycode (RFC 3492), the way back: an A-label shows its hyphens only once it is decoded.

const [BASE, T_MIN, T_MAX, SKEW, DAMP, BIAS, FIRST] = [36, 1, 26, 38, 700, 72, 0x80];

/** The characters of a label without its `xn--`, in lower case; undefined if it is none (§6.2). */
export function decode(label) {
  const end = label.lastIndexOf("-");
  const characters = end > 0 ? [...label.slice(0, end)] : [];
  let [code, at, bias] = [FIRST, 0, BIAS];
  let next = end > 0 ? end + 1 : 0;
  while (next < label.length) {
    const start = at;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(next));
      next += 1;
      if (digit === undefined) return undefined;
      at += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (weight > Number.MAX_SAFE_INTEGER / BASE) return undefined;
    }
    const count = characters.length + 1;
    bias = adapt(at - start, count, start === 0);
    code += Math.floor(at / count);
    if (code > 0x10ffff) return undefined;
    at %= count;
    characters.splice(at, 0, String.fromCodePoint(code));
    at += 1;
  }
  return characters;
}

/** What a digit is worth (§5); undefined if it is none, also beyond the end of the text. */
function digitOf(code) {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26;
  return undefined;
}

function adapt(delta, count, isFirst) {
  let left = Math.floor(delta / (isFirst ? DAMP : 2));
  left += Math.floor(left / count);
  let k = 0;
  while (left > ((BASE - T_MIN) * T_MAX) / 2) {
    left = Math.floor(left / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}
