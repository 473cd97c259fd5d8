// What tests do and see on a page, in words.

/** Well-formed, and never given to anybody. */
export const UNKNOWN = "#" + "A".repeat(27);

export const heading = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();
export const press = (page, name) => page.getByRole("button", { name }).click();
export const said = (page, text) => page.getByRole("status").getByText(text).waitFor();
export const focused = (page) => page.evaluate(() => document.activeElement.id);

/** Presses the button and says whether it asked a command. */
export async function asks(page, name) {
  let asked = false;
  const note = (request) => (asked ||= request.method() === "POST");
  page.on("request", note);
  await press(page, name);
  page.off("request", note);
  return asked;
}

/** Goes on to the next thing that a keyboard reaches, which must be `element`, and be seen to be there. */
export async function tabTo(page, element) {
  await page.keyboard.press("Tab");
  await element.and(page.locator(":focus")).waitFor();
  const outline = await element.evaluate((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
  });
  if (!outline) throw new Error("nobody sees where the focus is");
}

/** Types a new password into both fields, and presses the button. */
export async function setPassword(page, password, repeated = password) {
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password once more").fill(repeated);
  await press(page, "Set the password");
}

/** What the server answers when it refuses, as a page sees it. */
export const refusal = (status, code, ms = null) => ({
  status,
  headers: { "x-request-id": "r-1" },
  json: { error: { code, message: "no", violations: [], retry_after_ms: ms } },
});
