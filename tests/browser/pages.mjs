// The pages against a running server with captured mail: `tests/browser/run.sh` starts one, or
//
//     node pages.mjs --url http://127.0.0.1:8080 --admin http://127.0.0.1:8081 --data DIR [--browser /usr/bin/chromium]

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertAccessible, close, inWindow } from "./browser.mjs";
import * as server from "./server.mjs";

const { admin, url } = server;

/** Well-formed, and never given to anybody. */
const UNKNOWN = "#" + "A".repeat(27);

after(close);

const heading = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();
const press = (page, name) => page.getByRole("button", { name }).click();
const said = (page, text) => page.getByRole("status").getByText(text).waitFor();
const focused = (page) => page.evaluate(() => document.activeElement.id);

/** Presses the button and says whether it asked a command. */
async function asks(page, name) {
  let asked = false;
  const note = (request) => (asked ||= request.method() === "POST");
  page.on("request", note);
  await press(page, name);
  page.off("request", note);
  return asked;
}

async function setPassword(page, password, repeated = password) {
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password once more").fill(repeated);
  await press(page, "Set the password");
}

// B06
test("an address is verified by the button, not by the visit", () =>
  inWindow({}, async (page) => {
    const { email, password } = await server.signUp();
    const link = await server.linkTo(email, "/verify-email");
    await page.goto(url + link);
    await heading(page, "Verify your e-mail address");
    assert.equal(page.url(), `${url}/verify-email`, "the token is not in the address bar");
    assert.equal(await server.isVerified(email, password), false);
    await press(page, "Verify my address");
    await heading(page, "Your e-mail address is verified");
    assert.equal(await server.isVerified(email, password), true);
    assert.match(await page.title(), /^Your e-mail address is verified – .+/);
    await page.goBack();
    assert.ok(!page.url().includes("#"), "nor in the history");
    // A second click soon after is well.
    await page.goto(url + link);
    await press(page, "Verify my address");
    await heading(page, "Your e-mail address is verified");
  }));

test("an unknown or expired link says so and offers a new one", () =>
  inWindow({}, async (page) => {
    for (const [path, button] of [
      ["/verify-email", "Verify my address"],
      ["/new-password", "Set the password"],
    ]) {
      await page.goto(url + path + UNKNOWN);
      if (path === "/new-password") await setPassword(page, server.password());
      else await press(page, button);
      await heading(page, "This link cannot be used");
      await page.getByText("It was used already, or it has expired").waitFor();
      const field = page.getByLabel("Your e-mail address");
      assert.equal(await asks(page, "Send a new link"), false);
      await page.getByText("Enter your e-mail address.").waitFor();
      assert.equal(await focused(page), "email");
      await field.fill("nobody");
      await press(page, "Send a new link");
      await page.getByText("The address must").waitFor();
      assert.equal(await field.getAttribute("aria-invalid"), "true");
      await field.fill("nobody@example.org");
      await press(page, "Send a new link");
      await heading(page, "Look at your mails");
    }
  }));

test("a link that lost its token asks the server nothing", () =>
  inWindow({}, async (page) => {
    let commands = 0;
    page.on("request", (request) => (commands += request.method() === "POST" ? 1 : 0));
    for (const path of ["/verify-email", "/new-password"]) {
      for (const fragment of ["", "#", "#a b", `#${"A".repeat(257)}`, "#%3Cb%3E"]) {
        await page.goto("about:blank");
        await page.goto(url + path + fragment);
        await page.getByText("It is not complete.").waitFor();
      }
    }
    assert.equal(commands, 0);
  }));

test("another link in the same tab starts over", () =>
  inWindow({}, async (page) => {
    const { email } = await server.signUp();
    const link = await server.linkTo(email, "/verify-email");
    await page.goto(url + "/verify-email" + UNKNOWN);
    await press(page, "Verify my address");
    await heading(page, "This link cannot be used");
    await page.goto(url + link);
    await heading(page, "Verify your e-mail address");
    await press(page, "Verify my address");
    await heading(page, "Your e-mail address is verified");
  }));

test("a new password is set, after two that cannot be", () =>
  inWindow({}, async (page) => {
    const account = await server.signUp();
    const link = await server.resetLink(account.email);
    await page.goto(url + link);
    assert.equal(page.url(), `${url}/new-password`);
    const field = page.getByLabel("New password", { exact: true });
    const wanted = server.password();

    assert.equal(await asks(page, "Set the password"), false);
    await page.getByText("Enter a password.").waitFor();
    await field.fill(wanted);
    await page.getByLabel("New password once more").fill("another");
    assert.equal(await asks(page, "Set the password"), false);
    await page.getByText("The two passwords are not the same.").waitFor();
    assert.equal(await focused(page), "repeat");

    await setPassword(page, "short");
    await page.locator("#password-error").getByText("The password ").waitFor();
    assert.equal(await focused(page), "password");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.equal(await page.locator("#repeat-error").textContent(), "");

    await setPassword(page, wanted);
    await heading(page, "Your password was changed");
    assert.equal(await page.locator("#password").inputValue(), "");
    assert.equal(await server.canSignIn(account.email, wanted), true);
    assert.equal(await server.canSignIn(account.email, account.password), false);

    await page.goto("about:blank");
    await page.goto(url + link);
    await setPassword(page, server.password());
    await heading(page, "This link cannot be used");
  }));

test("passwords are shown only while somebody wants to see them", () =>
  inWindow({}, async (page) => {
    await page.goto(`${url}/new-password${UNKNOWN}`);
    const types = () => page.$$eval("#password, #repeat", (fields) => fields.map((field) => field.type));
    assert.deepEqual(await types(), ["password", "password"]);
    await page.getByLabel("Show the passwords").check();
    assert.deepEqual(await types(), ["text", "text"]);
    await page.getByLabel("Show the passwords").uncheck();
    assert.deepEqual(await types(), ["password", "password"]);
    for (const field of await page.$$("#password, #repeat")) {
      assert.equal(await field.getAttribute("autocomplete"), "new-password");
      assert.equal(await field.getAttribute("name"), null);
    }
  }));

const refusal = (status, code, ms = null) => ({
  status,
  headers: { "x-request-id": "r-1" },
  json: { error: { code, message: "no", violations: [], retry_after_ms: ms } },
});

test("whatever else goes wrong is said, and can be tried again", () =>
  inWindow({}, async (page) => {
    const ids = new Set();
    let answer;
    await page.route("**/v1/accounts/*", (route) => {
      ids.add(route.request().headers()["idempotency-key"]);
      return answer ? route.fulfill(answer) : route.abort();
    });
    for (const path of ["/verify-email", "/new-password"]) {
      ids.clear();
      await page.goto("about:blank");
      await page.goto(url + path + UNKNOWN);
      for (const [refused, text] of [
        [refusal(429, "too-many-requests", 41_200), "That was tried too often. Try again in 42 seconds."],
        [refusal(429, "too-many-requests", 1_000_000), "That was tried too often. Try again in 17 minutes."],
        [refusal(429, "too-many-requests", 86_400_000), "That was tried too often. Try again after "],
        [{ status: 429, headers: { "retry-after": "7" }, body: "a proxy's" }, "Try again in 7 seconds."],
        [refusal(503, "unavailable", 500), "The service is busy. Try again in 1 second."],
        [refusal(504, "deadline-exceeded"), "The service is busy. Try again in a moment."],
        [refusal(401, "unauthenticated"), "The service does not allow that here."],
        [refusal(500, "unknown"), "If you ask for help, give this reference: r-1"],
        [{ status: 502, body: "<h1>Bad gateway</h1>" }, "Something went wrong. Try again later."],
        [null, "The service could not be reached. Check your connection and try again."],
      ]) {
        answer = refused;
        if (path === "/new-password") await setPassword(page, "correct horse battery");
        else await press(page, "Verify my address");
        await said(page, text);
      }
      assert.equal(ids.size, 1, "a try that is repeated has the id of the first");
      answer = { status: 204 };
      await press(page, path === "/new-password" ? "Set the password" : "Verify my address");
      await heading(page, path === "/new-password" ? "Your password was changed" : "Your e-mail address is verified");
    }
  }));

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

test("a hostile mail is words and colours", () =>
  inWindow({}, async (page, noted) => {
    const text = `javascript:alert(1) https://elsewhere.example/"><script>parent.taken = 1</script>`;
    const mail = { to: "ada@example.org", subject: "<b>bold</b>", state: "captured", text, html: HOSTILE };
    await page.route("**/admin/mails/*", (route) => route.fulfill({ json: mail }));
    await server.signUp();
    await page.goto(`${admin}/mails`);
    await page.getByLabel("Operator key").fill(server.operatorKey);
    await press(page, "Show the mails");
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
  test(`every state can be read by everybody, ${colorScheme}, on a screen of 320 pixels`, async () => {
    const { email } = await server.signUp();
    // axe is a script from outside, which the policy would refuse.
    const options = { colorScheme, viewport: { width: 320, height: 640 }, bypassCSP: true };
    await inWindow(options, async (page) => {
      await page.goto(`${url}/verify-email${UNKNOWN}`);
      await assertAccessible(page);
      await press(page, "Verify my address");
      await heading(page, "This link cannot be used");
      await press(page, "Send a new link");
      await page.getByText("Enter your e-mail address.").waitFor();
      await assertAccessible(page);
      await page.goto(url + (await server.resetLink(email)));
      await setPassword(page, "short");
      await page.locator("#password-error").getByText("The password ").waitFor();
      await assertAccessible(page);
      await page.route("**/v1/accounts/*", (route) => route.fulfill(refusal(429, "too-many-requests", 5_000)));
      await press(page, "Set the password");
      await said(page, "Try again in 5 seconds.");
      await assertAccessible(page);
      await page.goto(`${admin}/mails`);
      await assertAccessible(page);
      await page.getByLabel("Operator key").fill(server.operatorKey);
      await press(page, "Show the mails");
      await page.getByRole("listitem").first().waitFor();
      await assertAccessible(page);
      await page.getByRole("listitem").first().getByRole("button").click();
      await page.getByRole("heading", { name: "Text", exact: true }).waitFor();
      await assertAccessible(page);
    });
  });
}

test("without scripts a page says what is missing and takes nothing", () =>
  inWindow({ javaScriptEnabled: false }, async (page) => {
    for (const path of ["/verify-email", "/new-password"]) {
      await page.goto(url + path + UNKNOWN);
      assert.match(await page.locator(".notice").innerText(), /^This page needs JavaScript\./);
      assert.equal(await page.locator("form").first().isVisible(), false);
    }
  }));
