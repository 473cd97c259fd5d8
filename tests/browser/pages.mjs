// The pages that links in mails lead to, against a running server with captured mail: `tests/browser/run.sh` starts one, or
//
//     node pages.mjs --url http://127.0.0.1:8080 --admin http://127.0.0.1:8081 --data DIR [--browser /usr/bin/chromium]

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertAccessible, close, inWindow } from "./browser.mjs";
import * as server from "./server.mjs";
import { UNKNOWN, asks, focused, heading, press, refusal, said, setPassword, tabTo } from "./steps.mjs";

const { url } = server;

after(close);

/** What a page may load and do: nothing that is not named. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

// M01
test("the token goes to the command, by a POST at the press of the button, and nowhere else", () =>
  inWindow({}, async (page) => {
    const account = await server.signUp();
    for (const [path, link, submit, command, field] of [
      ["/verify-email", await server.linkTo(account.email, "/verify-email"), () => press(page, "Verify my address"), "verify-email", "token"],
      ["/new-password", await server.resetLink(account.email), () => setPassword(page, server.password()), "new-password", "code"],
    ]) {
      const sent = [];
      const note = (request) => sent.push(request);
      page.on("request", note);
      await page.goto("about:blank");
      const response = await page.goto(url + link);
      assert.equal(response.headers()["content-security-policy"], POLICY);
      assert.equal(response.headers()["referrer-policy"], "no-referrer");
      await page.locator("#product:not(:empty)").waitFor();
      assert.deepEqual(sent.filter((request) => request.method() !== "GET"), [], "nothing before the press");
      const [posted] = await Promise.all([page.waitForRequest((request) => request.method() === "POST"), submit()]);
      page.off("request", note);
      const token = link.split("#")[1];
      assert.equal(posted.url(), `${url}/v1/accounts/${command}`);
      assert.equal(posted.postDataJSON()[field], token);
      assert.match(posted.headers()["idempotency-key"], /^[0-9a-f]{32}$/);
      assert.equal(posted.headers().authorization, undefined);
      assert.equal(posted.headers().cookie, undefined);
      // Of all that was sent, the token is in the body of that one, and in no address but the one that was opened.
      const others = sent.filter((request) => request !== posted && !request.isNavigationRequest());
      assert.ok(others.length > 0);
      assert.deepEqual(others.filter((request) => request.url().includes(token) || request.postData()), []);
      assert.equal(page.url(), url + path);
    }
  }));

test("both pages can be used with a keyboard alone", () =>
  inWindow({}, async (page) => {
    const account = await server.signUp();
    await page.goto(url + (await server.linkTo(account.email, "/verify-email")));
    await heading(page, "Verify your e-mail address");
    await page.locator("#product:not(:empty)").waitFor();
    await tabTo(page, page.getByRole("button", { name: "Verify my address" }));
    await page.keyboard.press("Enter");
    await heading(page, "Your e-mail address is verified");
    // Whoever does not see the page is told where they are.
    await page.locator("#done h1:focus").waitFor();

    const wanted = server.password();
    await page.goto(url + (await server.resetLink(account.email)));
    await heading(page, "Set a new password");
    await page.locator("#product:not(:empty)").waitFor();
    await tabTo(page, page.getByLabel("New password", { exact: true }));
    await page.keyboard.type(wanted);
    await tabTo(page, page.getByLabel("New password once more", { exact: true }));
    await page.keyboard.type(wanted);
    await tabTo(page, page.getByRole("checkbox", { name: "Show the passwords" }));
    await page.keyboard.press("Space");
    assert.equal(await page.locator("#password").getAttribute("type"), "text");
    await tabTo(page, page.getByRole("button", { name: "Set the password" }));
    await page.keyboard.press("Space");
    await heading(page, "Your password was changed");
    await page.locator("#done h1:focus").waitFor();
    assert.equal(await server.canSignIn(account.email, wanted), true);

    await page.goto(url + "/verify-email" + UNKNOWN);
    await page.locator("#product:not(:empty)").waitFor();
    await tabTo(page, page.getByRole("button", { name: "Verify my address" }));
    await page.keyboard.press("Enter");
    await heading(page, "This link cannot be used");
    await tabTo(page, page.getByLabel("Your e-mail address", { exact: true }));
    await page.keyboard.type(account.email);
    await page.keyboard.press("Enter");
    await heading(page, "Look at your mails");
  }));

// B04, I03
test("a link that a newer one replaced is worth nothing, and the newer one is", () =>
  inWindow({}, async (page) => {
    const account = await server.signUp();
    const older = await server.resetLink(account.email);
    // So soon no second one is mailed to whoever asks; a service is given one.
    const newer = await server.newerResetLink(account.email);
    await page.goto(url + older);
    await setPassword(page, server.password());
    await heading(page, "This link cannot be used");
    assert.equal(await server.canSignIn(account.email, account.password), true);
    const wanted = server.password();
    await page.goto(url + newer);
    await setPassword(page, wanted);
    await heading(page, "Your password was changed");
    assert.equal(await server.canSignIn(account.email, wanted), true);
  }));

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
