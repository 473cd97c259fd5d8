import assert from "node:assert/strict";
import { test } from "node:test";

import { withSection } from "../tools/section.mjs";
import { withoutUnused } from "../tools/wit.mjs";

test("a section stands at the end, with its lengths", () => {
  const wasm = Buffer.from("\0asm\x0d\0\x01\0", "latin1");
  const made = withSection(wasm, "a:b", Buffer.alloc(200, 7));
  assert.deepEqual([...made.subarray(0, 15)], [...wasm, 0, 0xcc, 0x01, 3, ...Buffer.from("a:b")]);
  assert.equal(made.length, 8 + 3 + 4 + 200);
});

const WIT = `package a:b@1.0.0;

/// First.
interface one {
  /// Who.
  record who { name: string }

  /// Kept.
  get-it: func() -> who;

  /// Gone,
  /// in two lines.
  %record: func(a: string,
    b: string);
}

interface two {
  other: func();
}
`;

test("functions that nobody imports are left out, types stay", () => {
  const narrowed = withoutUnused(WIT, new Map([["a:b/one@1.0.0", new Set(["getIt"])]]));
  assert.ok(narrowed.includes("get-it: func") && narrowed.includes("record who") && narrowed.includes("other: func"));
  assert.ok(!narrowed.includes("%record") && !narrowed.includes("Gone"));
});

test("what is imported whole, and what is not imported, stays as it is", () => {
  assert.equal(withoutUnused(WIT, new Map([["a:b/one@1.0.0", new Set(["*"])]])), WIT);
  assert.equal(withoutUnused(WIT, new Map([["a:b/one@2.0.0", new Set(["getIt"])]])), WIT);
});
