// Custom sections of WebAssembly binaries, which components have as modules do.

const CUSTOM = 0;

/** `wasm` with a custom section of this `name` at its end. */
export function withSection(wasm, name, contents) {
  const named = new TextEncoder().encode(name);
  const body = Buffer.concat([leb128(named.length), named, contents]);
  return Buffer.concat([wasm, Buffer.of(CUSTOM), leb128(body.length), body]);
}

/** An unsigned number in LEB128. */
function leb128(number) {
  const bytes = [];
  do {
    const low = number & 0x7f;
    number >>>= 7;
    bytes.push(number === 0 ? low : low | 0x80);
  } while (number !== 0);
  return Buffer.from(bytes);
}
