import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../src/refusal.js";
import { Service } from "../src/service.js";

/** A world in memory: every port. */
function world(subject, settings = {}) {
  const found = { subject, entries: new Map() };
  const ports = {
    storage: {
      get: (key) => found.entries.get(key)?.text,
      put: (key, text, owner) => found.entries.set(key, { text, owner }),
    },
    config: { get: (name) => settings[name] },
    caller: { subject: () => found.subject },
  };
  /** What a command answers, or the refusal. */
  found.ask = (command, request) => {
    try {
      return new Service(ports)[command](request);
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.payload;
      throw thrown;
    }
  };
  return found;
}

test("a note is kept until there is a newer one", () => {
  const found = world("ada");
  assert.deepEqual(found.ask("readNote"), { text: undefined });
  for (const text of ["milk", "bread"]) {
    assert.equal(found.ask("keepNote", { text }), undefined);
    assert.deepEqual(found.ask("readNote"), { text });
  }
  assert.deepEqual([...found.entries.values()], [{ text: "bread", owner: "ada" }]);
});

test("nobody reads or changes the note of another", () => {
  const found = world("ada");
  found.ask("keepNote", { text: "milk" });
  found.subject = "bob";
  assert.deepEqual(found.ask("readNote"), { text: undefined });
  found.subject = undefined;
  assert.deepEqual(found.ask("readNote"), { tag: "access-denied" });
  assert.deepEqual(found.ask("keepNote", { text: "bread" }), { tag: "access-denied" });
  assert.equal(found.entries.size, 1);
});

test("a note has a length, and no refusal repeats it", () => {
  const found = world("ada", { longest: "3" });
  assert.equal(found.ask("keepNote", { text: "abc" }), undefined);
  for (const text of ["", "abcd", "éé"]) {
    const refused = found.ask("keepNote", { text });
    assert.deepEqual(refused, { tag: "validation-failed", val: [{ path: "text", message: "must be 1 to 3 bytes" }] });
  }
});
