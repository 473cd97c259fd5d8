import assert from "node:assert/strict";
import { test } from "node:test";
import { domainToASCII, domainToUnicode } from "node:url";

import { readAddress } from "../src/address/address.js";
import { decode } from "../src/address/punycode.js";

const canonical = (text) => readAddress(text).canonical;
const rule = (text) => readAddress(text).rule ?? assert.fail(`${JSON.stringify(text)} is an address`);

test("spellings of one address share a form", () => {
  for (const [text, expected] of [
    ["ada@example.com", "ada@example.com"],
    ["  Ada@Example.COM\u3000", "ada@example.com"],
    ["ada@BÜCHER.example", "ada@xn--bcher-kva.example"],
    ["ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"],
    ["ada@example。com", "ada@example.com"],
    ["zoe\u0308@example.com", "zo\u00eb@example.com"],
    ["ZOË@example.com", "zo\u00eb@example.com"],
    ["Ζωή@example.com", "ζωή@example.com"],
    ["ΝΙΚΟΣ@example.com", "νικος@example.com"],
    ["ada@localhost", "ada@localhost"],
    ["o'neill!#$%&*/=?^_`{|}~-@example.com", "o'neill!#$%&*/=?^_`{|}~-@example.com"],
    ["1@2.example", "1@2.example"],
    ["ada@0x7f.example", "ada@0x7f.example"],
    ["ada@example.0x7f", "ada@example.0x7f"],
    ["\u212a@example.com", "k@example.com"],
    ["a@straße.example", "a@xn--strae-oqa.example"],
  ]) {
    assert.equal(canonical(text), expected, text);
  }
});

test("what is no local part is refused", () => {
  for (const text of [
    "@example.com",
    ".ada@example.com",
    "ada.@example.com",
    "a..da@example.com",
    "a da@example.com",
    "ada\u00a0king@example.com",
    '"ada king"@example.com',
    "<ada@example.com",
    "ada@home@example.com",
    "ada,bob@example.com",
    "ada\\@example.com",
    `${"x".repeat(65)}@example.com`,
    `${"x".repeat(62)}Ⱥ@example.com`,
  ]) {
    assert.match(rule(text), /before the @/, text);
  }
  assert.ok(canonical(`${"x".repeat(64)}@example.com`));
});

test("what is no domain name is refused", () => {
  for (const text of [
    "ada@",
    "ada@.",
    "ada@.com",
    "ada@example..com",
    "ada@example.com.",
    "ada@-example.com",
    "ada@example-.com",
    "ada@exa_mple.com",
    "ada@exam ple.com",
    "ada@[127.0.0.1]",
    "ada@127.0.0.1",
    "ada@example.com/path",
    "ada@example.com:25",
    "ada@example.com?x",
    "ada@example.com#x",
    "ada@ex%61mple.com",
    "ada@xn--a.example",
    "ada@\u0301example.com",
    "ada@ab--cd.example",
    "ada@ab--ü.example",
    "ada@-ü.example",
    "ada@ü-.example",
    `a@${"x".repeat(64)}.example`,
    "ada@例.\u3000example",
    "ada@／example.com",
  ]) {
    assert.match(rule(text), /domain name/, text);
  }
});

test("what cannot be seen is refused wherever it stands", () => {
  for (const character of [
    "\r",
    "\n",
    "\0",
    "\t",
    "\x7f",
    "\x85",
    "\xad",
    "\u200b",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u{e0041}",
  ]) {
    for (const text of [
      `${character}ada@example.com`,
      `a${character}da@example.com`,
      `ada@exam${character}ple.com`,
      `ada@example.com${character}`,
    ]) {
      assert.match(rule(text), /invisible/, JSON.stringify(text));
    }
  }
});

test("no form is longer than 254 bytes", () => {
  const domain = (bytes) => `${"x".repeat(59)}.`.repeat(4).slice(0, bytes);
  assert.equal(canonical(`  ${"a".repeat(64)}@${domain(189)}`).length, 254);
  for (const text of [
    `${"a".repeat(64)}@${domain(190)}`,
    `${"a".repeat(64)}@${"ü.".repeat(24)}example`,
    "\n".repeat(4 * 254 + 1),
  ]) {
    assert.match(rule(text), /254/);
  }
});

test("what has no at is no address", () => {
  for (const text of ["", " ", "ada", "ada\uff20example.com"]) assert.match(rule(text), /an @/, text);
});

test("punycode is decoded, and what is none is refused", () => {
  for (const text of ["bücher", "ü", "-ü", "ü-", "ab--ü", "例え", "аррӏе", "ελληνικά", "a𝒳ßz🦀", "ü".repeat(20)]) {
    assert.equal(decode(domainToASCII(text).slice("xn--".length))?.join(""), domainToUnicode(text), text);
  }
  for (const label of ["a-b!", "ü", "99999999999999999999", "a-9"]) assert.equal(decode(label), undefined, label);
});
