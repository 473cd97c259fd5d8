// The mails that people get, as mail programs show them: in both colours, on narrow and on wide screens, with and without their
// style sheet, from the words of the text part alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WCAG, assertAccessible, close, inWindow } from "./browser.mjs";
import { client, withoutStyleSheet } from "./client.mjs";
import * as server from "./server.mjs";

/** By their subjects. */
let mails = {};

before(async () => {
  for (const mail of await server.oneOfEach()) mails[mail.subject] = mail;
});

after(close);

const WITH_LINK = ["Verify your e-mail address for Vestibule", "Set a new password for Vestibule"];
const NOTICES = ["Your password for Vestibule was changed", "You already have an account at Vestibule"];

/** The link in a text part; undefined in a notice. */
const linkIn = (text) => /https?:\/\/\S+/.exec(text)?.[0];

test("there is one of each kind", () => {
  assert.deepEqual(Object.keys(mails).sort(), [...WITH_LINK, ...NOTICES].sort());
});

// J03
test("HTML and text say the same, and lead to the same place", () =>
  inWindow({}, async (page) => {
    for (const { subject, html, text } of Object.values(mails)) {
      await page.setContent(html);
      assert.equal(await page.title(), subject);
      const shown = (await page.locator("body").innerText()).replace(/\s+/g, " ");
      for (const line of text.split("\n").filter((line) => line !== "")) {
        // The text has a colon where the HTML has a button.
        assert.ok(shown.includes(line.replace(/:$/, "")), `${subject}: ${line}`);
      }
      const link = linkIn(text);
      const links = await page.$$eval("a", (all) => all.map((one) => one.href));
      assert.deepEqual(links, link === undefined ? [] : [link, link]);
      assert.equal(link !== undefined, WITH_LINK.includes(subject));
    }
  }));

test("a mail loads nothing, asks nothing and runs nothing", () =>
  inWindow({}, async (page) => {
    for (const { html } of Object.values(mails)) {
      await page.setContent(html);
      assert.equal(await page.locator("script, img, form, iframe, object, embed, link, base, [src], [background]").count(), 0);
      const handlers = await page.$$eval("*", (all) => all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on")));
      assert.deepEqual(handlers, []);
      assert.doesNotMatch(html, /url\(|@import|@font-face/i);
    }
  }));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 800]) {
    test(`mails can be read by everybody, ${colorScheme}, ${width} pixels wide`, () =>
      inWindow({ colorScheme, viewport: { width, height: 800 } }, async (page) => {
        for (const mail of Object.values(mails)) {
          for (const html of [mail.html, withoutStyleSheet(mail.html)]) {
            await page.setContent(html);
            await assertAccessible(page, WCAG);
          }
          await page.setContent(client(mail, "html"));
          const words = page.frameLocator("iframe").locator("body");
          await words.getByText(/^Hello/).waitFor();
          const tooWide = await words.evaluate((body) => body.ownerDocument.documentElement.scrollWidth - body.ownerDocument.defaultView.innerWidth);
          assert.ok(tooWide <= 0, `${mail.subject}: ${tooWide} pixels too wide in its frame`);
          await page.setContent(client(mail, "text"));
          await assertAccessible(page, WCAG);
        }
      }));
  }
}

test("a button is large enough for a finger", () =>
  inWindow({ viewport: { width: 320, height: 640 } }, async (page) => {
    for (const subject of WITH_LINK) {
      await page.setContent(mails[subject].html);
      const { width, height } = await page.getByRole("link").first().boundingBox();
      assert.ok(width >= 44 && height >= 44, `${subject}: ${width} × ${height}`);
    }
  }));
