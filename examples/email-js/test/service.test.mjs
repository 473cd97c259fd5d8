import assert from "node:assert/strict";
import { test } from "node:test";

import { allMails, COMPONENT, START, STRANGER, tokenMail, world } from "./world.mjs";

const HOUR = 60n * 60n * 1_000n;
const paths = (refusal) => refusal.val.map(({ path }) => path);

test("services and who was granted it send mails, and nobody else", () => {
  for (const [command, request] of allMails) {
    const nested = world();
    nested.message = COMPONENT;
    assert.equal(nested.ask(command, request), undefined);
    assert.equal(nested.queue.length, 1);
    const strange = world();
    strange.message = STRANGER;
    assert.deepEqual(strange.ask(command, request), { tag: "access-denied" });
    assert.deepEqual([strange.queue, strange.takes], [[], []]);
    assert.deepEqual(strange.audited, [["mail-send", "denied", "a1", []]]);
  }
  const strange = world();
  strange.message = STRANGER;
  assert.deepEqual(strange.ask("withdrawMails", { email: "ada@example.org" }), { tag: "access-denied" });
  assert.deepEqual(strange.audited, [["mail-withdraw", "denied", undefined, []]]);
});

test("each kind goes to the canonical address and has its time", () => {
  for (const [at, [command, request]] of allMails.entries()) {
    const found = world();
    found.ask(command, { ...request, email: " Ada@BÜCHER.example " });
    const [mail] = found.queue;
    assert.deepEqual([mail.to, mail.about], ["ada@xn--bcher-kva.example", "a1"]);
    assert.equal(mail.expiresAt, START + [24n, 1n, 72n, 72n][at] * HOUR);
  }
});

test("the text part is what a person would write", () => {
  const found = world();
  found.ask("sendVerifyEmail", tokenMail);
  assert.equal(
    found.queue[0].text,
    "Hello Ada King,\n\nThis e-mail address was given for an account at Example. Please verify that it is yours.\n\n" +
      "Verify e-mail address:\nhttps://id.example.org/verify-email#c2VjcmV0LXRva2Vu_-\n\nThe link works once, within 24 hours.\n\n" +
      "If you did not sign up, do not follow the link: somebody else chose the password of this account. You can ignore this mail.\n\n" +
      "The Example team\n",
  );
});

test("names are escaped in HTML, plain in text, and no template", () => {
  const found = world();
  found.ask("sendVerifyEmail", {
    ...tokenMail,
    firstName: "<script>alert(1)<!--",
    lastName: '"O\'Neill" & <b> {{ x }} ${x}',
  });
  const [{ text, html }] = found.queue;
  assert.ok(text.startsWith('Hello <script>alert(1)<!-- "O\'Neill" & <b> {{ x }} ${x},\n'));
  assert.ok(html.includes("&#60;script&#62;alert(1)&#60;!-- &#34;O&#39;Neill&#34; &#38; &#60;b&#62; {{ x }} ${x},"));
  assert.ok(!/<script|<b>|<!--/.test(html));
});

test("what looks like a link is no name", () => {
  for (const firstName of [
    "evil.example",
    "evil。example",
    "https:evil",
    "a/b",
    "\\\\evil",
    "eve@evil",
    "Ada, see evil.co now",
    "例.テスト",
  ]) {
    const found = world();
    found.ask("sendVerifyEmail", { ...tokenMail, firstName });
    assert.ok(found.queue[0].text.startsWith("Hello,\n"), firstName);
  }
  for (const firstName of ["J.R.", "J. R.", "Dr. Ada", "…"]) {
    const found = world();
    found.ask("sendVerifyEmail", { ...tokenMail, firstName });
    assert.ok(found.queue[0].text.startsWith(`Hello ${firstName} King,\n`), firstName);
  }
});

test("what breaks a rule is named in order and never repeated", () => {
  const found = world();
  const request = {
    email: "hunter2",
    token: "hunter2 ",
    firstName: "hunter2\n",
    lastName: "hunter2".repeat(100),
    about: "hunter2\n",
  };
  for (const command of ["sendVerifyEmail", "sendForgotPasswordEmail"]) {
    const refused = found.ask(command, request);
    assert.deepEqual(paths(refused), ["email", "about", "token", "first_name", "last_name"]);
    assert.ok(!JSON.stringify(refused).includes("hunter2"));
  }
  assert.deepEqual(paths(found.ask("sendNotice", { email: "ada", kind: "password-changed", about: "" })), [
    "email",
    "about",
  ]);
  assert.deepEqual(paths(found.ask("withdrawMails", { email: "ada@example.org\r\n" })), ["email"]);
  assert.deepEqual([found.queue, found.log, found.audited], [[], [], []]);
});

test("a bound is of what is kept", () => {
  const found = world();
  const longest = {
    ...tokenMail,
    token: "t".repeat(256),
    firstName: ` ${"e\u0308".repeat(128)}`,
    about: "ä".repeat(64),
  };
  assert.equal(found.ask("sendVerifyEmail", longest), undefined);
  const longer = { ...tokenMail, token: "t".repeat(257), firstName: "e\u0308".repeat(129), about: "ä".repeat(65) };
  assert.deepEqual(paths(found.ask("sendVerifyEmail", longer)), ["about", "token", "first_name"]);
});

test("too many are refused and counted as such; that a password was changed is always told", () => {
  const buckets = ["email-verify", "email-reset", undefined, "email-notice"];
  for (const [at, [command, request]] of allMails.entries()) {
    const found = world();
    found.retryAfter = 7n;
    const answer = found.ask(command, request);
    const isCounted = buckets[at] !== undefined;
    assert.deepEqual(answer, isCounted ? { tag: "too-many-requests", val: 7n } : undefined);
    assert.deepEqual(found.takes, isCounted ? [[buckets[at], "ada@example.org"]] : []);
    assert.equal(found.queue.length, isCounted ? 0 : 1);
  }
});

test("a configuration that makes no mail is the operator’s to mend", () => {
  for (const [setting, value] of [
    ["verify-link", "{public-origin}/verify-email"],
    ["public-origin", "hunter2"],
    ["product-name", "hunter2\n"],
    ["product-name", undefined],
    ["brand-colour", "hunter2"],
    ["sender", ""],
    ["footer", "hunter2\r\n"],
  ]) {
    const found = world({ [setting]: value });
    assert.deepEqual(found.ask("sendVerifyEmail", tokenMail), { tag: "unknown" });
    const [[level, line]] = found.log;
    assert.equal(level, "error");
    assert.match(line, new RegExp(`^no verify-email mail can be made: the setting \`${setting}\` (must|is) `));
    assert.ok(!line.includes("hunter2") && !line.includes(tokenMail.token));
    assert.deepEqual([found.queue, found.takes], [[], []]);
  }
});

test("links lead where the operator said, or are refused by their rule", () => {
  for (const [template, expected] of [
    ["{public-origin}/#{token}", "https://id.example.org/#t"],
    ["{public-origin}/a/b?lang=en&x=%20#token={token}", "https://id.example.org/a/b?lang=en&x=%20#token=t"],
    ["https://www.example.com:8443/welcome#{token}", "https://www.example.com:8443/welcome#t"],
  ]) {
    const found = world({ "verify-link": template });
    found.ask("sendVerifyEmail", { ...tokenMail, token: "t" });
    assert.ok(found.queue[0].text.includes(`\n${expected}\n`), template);
  }
  for (const [template, rule] of [
    ["https://#{token}", "must begin"],
    ["https://id.example.org@evil.example/#{token}", "must begin"],
    ["{public-origin}.evil.example/#{token}", "must begin"],
    ["{public-origin}/verify-email", "must have a {token}"],
    ["{public-origin}/?{token}", "after a #"],
    ["{public-origin}/#{token}{token}", "one {token}"],
    ["{public-origin}/#a#{token}", "must be a URL"],
    ['{public-origin}/"><script>#{token}', "must be a URL"],
    ["{public-origin}/ä#{token}", "must be a URL"],
    [`{public-origin}/${"x".repeat(256)}#{token}`, "256 bytes"],
  ]) {
    const found = world({ "verify-link": template });
    assert.deepEqual(found.ask("sendVerifyEmail", tokenMail), { tag: "unknown" });
    assert.ok(found.log[0][1].includes(rule), found.log[0][1]);
  }
});

test("to take mails back is the work of a mail and leaves notices", () => {
  const sent = world();
  for (const [command, request] of allMails) sent.ask(command, request);
  const before = sent.reads;
  assert.equal(sent.ask("withdrawMails", { email: " ADA@example.org" }), undefined);
  assert.deepEqual(
    sent.queue.map((mail) => mail.supersedes),
    ["password-changed", "sign-up-attempt"],
  );
  assert.deepEqual(sent.takes.at(-1), ["email-nobody", "nobody@decoy.invalid"]);
  const one = world();
  one.ask("sendVerifyEmail", tokenMail);
  assert.equal(sent.reads - before, one.reads);
  const broken = world({ "brand-colour": "blue" });
  assert.equal(broken.ask("withdrawMails", { email: "ada@example.org" }), undefined);
  assert.deepEqual(broken.log, []);
});

test("words can be read on every colour", () => {
  for (const [colour, words] of [
    ["#1D4ED8", "#ffffff"],
    ["#FFD500", "#000000"],
    ["#00a000", "#000000"],
    ["#ffffff", "#000000"],
  ]) {
    const found = world({ "brand-colour": colour });
    found.ask("sendVerifyEmail", tokenMail);
    assert.ok(found.queue[0].html.includes(`background-color: ${colour.toLowerCase()}; border-radius`));
    assert.ok(found.queue[0].html.includes(`font-weight: 600; color: ${words};`));
  }
});
