// The operator's page for mails, on the administration address.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { REBOUND, assertAccessible, close, inWindow } from "./browser.mjs";
import * as server from "./server.mjs";
import { focused, heading, press, tabTo } from "./steps.mjs";

const { admin } = server;

after(close);

/** Shows the list to whoever has the operator key. */
async function openList(page) {
  await page.goto(`${admin}/mails`);
  await page.getByLabel("Operator key").fill(server.operatorKey);
  await press(page, "Show the mails");
  await page.getByRole("listitem").first().waitFor();
}

test("the operator sees mails, and what is in them does nothing", () =>
  inWindow({}, async (page) => {
    const { email } = await server.signUp();
    await page.goto(`${admin}/mails`);
    const field = page.getByLabel("Operator key");
    await press(page, "Show the mails");
    await page.getByText("Enter the operator key").waitFor();
    await field.fill("vsk_wrong");
    await press(page, "Show the mails");
    await page.getByText("This key is not valid.").waitFor();
    await field.fill(server.operatorKey);
    await press(page, "Show the mails");
    await page.getByRole("listitem").first().waitFor();
    const mine = page.getByRole("button", { name: email });
    while ((await mine.count()) === 0) {
      const before = await page.getByRole("listitem").count();
      await press(page, "Show newer mails");
      await page.getByRole("listitem").nth(before).waitFor();
    }
    await mine.click();
    const link = page.getByRole("link", { name: "/verify-email#" });
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
    const frame = page.frameLocator("#html iframe");
    await frame.locator("body").waitFor();
    assert.ok((await frame.locator("body").innerText()).trim().length > 0);
    await press(page, "Back to the list");
    assert.equal(await mine.evaluate((button) => button === document.activeElement), true);

    const kept = () => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie];
    assert.deepEqual(await page.evaluate(kept), [[], [], ""]);
    assert.ok(!(await page.content()).includes(server.operatorKey));
    await press(page, "Forget the key");
    assert.equal(await page.locator("#mails").textContent(), "");
    await page.reload();
    await heading(page, "Mails");
    assert.equal(await field.inputValue(), "");
  }));

test("another key than one that administers shows nothing", () =>
  inWindow({}, async (page) => {
    await server.signUp();
    const limited = await server.serviceKey(["accounts/*"]);
    await page.goto(`${admin}/mails`);
    for (const [key, rule] of [
      [limited, "This key may not administer."],
      ["vsk_" + "0".repeat(36), "This key is not valid."],
      ["not a key", "Enter the operator key: one line that begins with vsk_."],
    ]) {
      await page.getByLabel("Operator key").fill(key);
      await press(page, "Show the mails");
      await page.locator("#key-error").getByText(rule).waitFor();
      assert.equal(await focused(page), "key");
      assert.equal(await page.getByRole("listitem").count(), 0);
    }
    // Without the page it is no different.
    for (const [headers, status] of [[{}, 401], [{ authorization: `Bearer ${limited}` }, 403]]) {
      const response = await fetch(`${admin}/admin/mails`, { headers });
      assert.equal(response.status, status);
    }
  }));

// A stranger's page may have its name lead to this machine (DNS rebinding): then the browser takes the listener for the stranger's.
test("under a name that a stranger let lead here there is no page and no answer", () =>
  inWindow({}, async (page, noted) => {
    const strangers = admin.replace("127.0.0.1", REBOUND);
    const response = await page.goto(`${strangers}/mails`);
    assert.equal(response.status(), 421);
    const asked = await page.evaluate(async (key) => {
      const answer = await fetch("/admin/mails", { headers: { authorization: `Bearer ${key}` } });
      return [answer.status, await answer.text()];
    }, server.operatorKey);
    assert.equal(asked[0], 421);
    assert.ok(!asked[1].includes("example.org"), asked[1]);
    // What was noticed is that the stranger's name was asked, which is what this is about.
    assert.deepEqual(noted.filter((note) => !note.includes(`: ${strangers}/`)), []);
    noted.length = 0;
  }));

test("it can be used with a keyboard alone", () =>
  inWindow({}, async (page) => {
    await server.signUp();
    await page.goto(`${admin}/mails`);
    await heading(page, "Mails");
    await page.locator("#open fieldset:enabled").waitFor();
    await tabTo(page, page.getByLabel("Operator key", { exact: true }));
    await page.keyboard.type(server.operatorKey);
    await page.keyboard.press("Enter");
    const first = page.getByRole("listitem").first().getByRole("button");
    await first.waitFor();
    await page.locator("#list h1:focus").waitFor();
    while (!(await first.evaluate((button) => button === document.activeElement))) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#one h1:focus").waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.getByRole("button", { name: "Back to the list" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await first.evaluate((button) => button === document.activeElement), true);
  }));

test("a mail whose words are gone says so", () =>
  inWindow({}, async (page) => {
    const mail = { id: "m-1", to: null, subject: null, state: "failed", at: 0, reason: "the server refused it", text: null, html: null };
    await page.route("**/admin/mails", (route) => route.fulfill({ json: { mails: [mail], next: null } }));
    await page.route("**/admin/mails/*", (route) => route.fulfill({ json: mail }));
    await page.goto(`${admin}/mails`);
    await page.getByLabel("Operator key").fill(server.operatorKey);
    await press(page, "Show the mails");
    await press(page, "(cannot be read)");
    await heading(page, "(cannot be read)");
    assert.equal(await page.locator("#state").textContent(), "failed: the server refused it");
    assert.equal(await page.locator("#text").textContent(), "Not kept any more.");
    assert.equal(await page.locator("#html").textContent(), "Not kept any more.");
  }));

/** What a mail could try. */
const HOSTILE = `<!doctype html><html><head><base href="https://elsewhere.example/">
  <meta http-equiv="refresh" content="0; url=https://elsewhere.example/refresh">
  <link rel="stylesheet" href="https://elsewhere.example/style"><style>p { background: url(https://elsewhere.example/url) }</style>
  </head><body onload="parent.document.title = 'taken'"><p style="color: rgb(1, 2, 3)">words</p>
  <script>parent.document.title = "taken"; document.body.textContent = "taken"</script>
  <img src="https://elsewhere.example/picture" alt="" onerror="document.body.textContent = 'taken'">
  <iframe src="https://elsewhere.example/frame"></iframe><object data="https://elsewhere.example/object"></object>
  <form action="https://elsewhere.example/form"><button id="send">send</button></form>
  <a id="top" target="_top" href="https://elsewhere.example/top">top</a>
  <a id="new" target="_blank" href="https://elsewhere.example/new">new</a>
  <a id="self" href="https://elsewhere.example/self">self</a></body></html>`;

test("a hostile mail is words and colours", () =>
  inWindow({}, async (page, noted) => {
    const text = `javascript:alert(1) https://elsewhere.example/"><script>parent.taken = 1</script>`;
    const mail = { to: "ada@example.org", subject: "<b>bold</b>", state: "captured", text, html: HOSTILE };
    await page.route("**/admin/mails/*", (route) => route.fulfill({ json: mail }));
    await server.signUp();
    await openList(page);
    await page.getByRole("listitem").first().getByRole("button").click();
    await heading(page, "<b>bold</b>");
    assert.deepEqual(await page.locator("#text a").allTextContents(), ["https://elsewhere.example/"]);
    const frame = page.frameLocator("#html iframe");
    for (const trap of ["#send", "#top", "#new"]) {
      await frame.locator(trap).click();
      assert.equal(await frame.locator("p").innerText(), "words");
    }
    assert.equal(await frame.locator("p").evaluate((p) => getComputedStyle(p).color), "rgb(1, 2, 3)");
    // Leaves the browser's word that this is blocked in the frame.
    await frame.locator("#self").click();
    assert.equal(page.context().pages().length, 1);
    assert.equal(page.url(), `${admin}/mails`);
    assert.equal(await page.evaluate(() => globalThis.taken), undefined);
    // The policy had something to do, and let nothing out.
    assert.ok(noted.length > 0);
    assert.deepEqual(noted.filter((note) => !/^policy: |content security policy/i.test(note)), []);
    noted.length = 0;
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`list and mail can be read by everybody, ${colorScheme}, on a screen of 320 pixels`, async () => {
    await server.signUp();
    // axe is a script from outside, which the policy would refuse.
    const options = { colorScheme, viewport: { width: 320, height: 640 }, bypassCSP: true };
    await inWindow(options, async (page) => {
      await page.goto(`${admin}/mails`);
      await assertAccessible(page);
      await openList(page);
      await assertAccessible(page);
      await page.getByRole("listitem").first().getByRole("button").click();
      await page.getByRole("heading", { name: "Text", exact: true }).waitFor();
      await assertAccessible(page);
    });
  });
}
