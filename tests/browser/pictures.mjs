// Makes the pictures of `docs/images` from a running server with captured mail:
//
//     VESTIBULE_SHARED__PUBLIC_ORIGIN=https://id.example.com tests/browser/run.sh pictures.mjs --pictures ../../docs/images

import { close, inWindow } from "./browser.mjs";
import { client } from "./client.mjs";
import * as server from "./server.mjs";
import { press, setPassword } from "./steps.mjs";

const { admin, pictures, url } = server;
const take = (page, name) => page.screenshot({ path: `${pictures}/${name}.png` });

const email = "ada@example.org";
const mails = await server.oneOfEach(email);
const mail = (beginning) => mails.find(({ subject }) => subject.startsWith(beginning));
const verifyLink = await server.linkTo(email, "/verify-email");
const resetLink = await server.resetLink(email);

/** Opens `html` and takes its picture once `words` can be seen in it. */
const picture = (name, options, html, words) =>
  inWindow(options, async (page) => {
    await page.setContent(html);
    await words(page).waitFor();
    await take(page, name);
  });

const inFrame = (page) => page.frameLocator("iframe").getByText(/^Hello/);
const wide = { width: 640, height: 660 };
await picture("mail-verify", { viewport: wide }, client(mail("Verify"), "html"), inFrame);
await picture("mail-reset-dark", { viewport: wide, colorScheme: "dark" }, client(mail("Set"), "html"), inFrame);
await picture("mail-notice-narrow", { viewport: { width: 340, height: 660 } }, client(mail("Your password"), "html"), inFrame);
await picture("mail-text", { viewport: { width: 640, height: 420 } }, client(mail("Verify"), "text"), (page) => page.locator("pre"));

await inWindow({ viewport: { width: 560, height: 600 } }, async (page) => {
  await page.goto(url + resetLink);
  await setPassword(page, "short");
  await page.locator("#password-error").getByText("The password ").waitFor();
  await take(page, "new-password");
});

await inWindow({ viewport: { width: 320, height: 300 }, colorScheme: "dark" }, async (page) => {
  await page.goto(url + verifyLink);
  await page.locator("#product:not(:empty)").waitFor();
  await take(page, "verify-email-dark");
});

await inWindow({ viewport: { width: 640, height: 1080 } }, async (page) => {
  await page.goto(`${admin}/mails`);
  await page.getByLabel("Operator key").fill(server.operatorKey);
  await press(page, "Show the mails");
  await page.getByRole("button", { name: "Verify your e-mail address" }).first().click();
  await page.frameLocator("#html iframe").locator("body").waitFor();
  await take(page, "mails");
});

await close();
