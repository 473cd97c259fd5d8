// Makes the pictures of `docs/images` from a running server with captured mail:
//
//     node pictures.mjs --url … --admin … --data DIR --pictures ../../docs/images

import { close, inWindow } from "./browser.mjs";
import * as server from "./server.mjs";

const { admin, pictures, url } = server;
const take = (page, name) => page.screenshot({ path: `${pictures}/${name}.png` });

const { email } = await server.signUp();
const verifyLink = await server.linkTo(email, "/verify-email");
const resetLink = await server.resetLink(email);

await inWindow({ viewport: { width: 560, height: 600 } }, async (page) => {
  await page.goto(url + resetLink);
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByLabel("New password once more").fill("short");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.locator("#password-error").getByText("The password ").waitFor();
  await take(page, "new-password");
});

await inWindow({ viewport: { width: 320, height: 300 }, colorScheme: "dark" }, async (page) => {
  await page.goto(url + verifyLink);
  await page.locator("#product:not(:empty)").waitFor();
  await take(page, "verify-email-dark");
});

await inWindow({ viewport: { width: 640, height: 750 } }, async (page) => {
  await page.goto(`${admin}/mails`);
  await page.getByLabel("Operator key").fill(server.operatorKey);
  await page.getByRole("button", { name: "Show the mails" }).click();
  await page.getByRole("button", { name: email }).first().click();
  await page.frameLocator("#html iframe").locator("body").waitFor();
  await take(page, "mails");
});

await close();
