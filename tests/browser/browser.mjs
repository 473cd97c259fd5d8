// A browser that notices what pages must not do.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { admin, browserPath, url } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What accessibility is measured by (WCAG 2.2, levels A and AA). */
export const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The same, and axe's own advice for whole pages. */
const RULES = [...WCAG, "best-practice"];

/** A name that leads to this machine, in this browser. */
export const REBOUND = "rebound.example";

let browser;

/** Ends the browser. */
export const close = () => browser?.close();

/**
 * Opens a window, uses it, and looks afterwards at what went on in it: no breach of the content security policy, no error of a
 * script, no request to anybody but the server, and no secret in an address or a referrer.
 *
 * @param {object} options of playwright's `newContext`
 * @param {(page: import("playwright-core").Page, noted: string[]) => Promise<void>} use is given what was noticed so far
 */
export async function inWindow(options, use) {
  const args = ["--no-sandbox", `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`];
  browser ??= await chromium.launch({ executablePath: browserPath, args });
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1000, height: 800 }, ...options });
  try {
    const noted = await watch(context);
    const page = await context.newPage();
    await use(page, noted);
    assert.deepEqual(noted, []);
  } finally {
    await context.close();
  }
}

async function watch(context) {
  const noted = [];
  await context.exposeBinding("noteBreach", (_, breach) => noted.push(breach));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (breach) => {
      globalThis.noteBreach(`policy: ${breach.violatedDirective} ${breach.blockedURI}`);
    });
  });
  context.on("console", (message) => {
    if (/content security policy|trusted ?types/i.test(message.text())) noted.push(message.text());
  });
  context.on("weberror", (error) => noted.push(`script: ${error.error()}`));
  const left = (request) => {
    const own = [url, admin].some((origin) => request.url().startsWith(`${origin}/`));
    // What the policy refuses is announced, and does not leave the browser.
    if (!own && request.failure()?.errorText !== "csp") noted.push(`request: ${request.url()}`);
  };
  context.on("requestfinished", left);
  context.on("requestfailed", left);
  context.on("request", (request) => {
    const address = request.url();
    // The address of a page's own load has the fragment here; a browser does not send it.
    if (/token|code|password/.test(new URL(address).search)) noted.push(`query: ${address}`);
    if (request.headers().referer) noted.push(`referrer: ${address}`);
  });
  return noted;
}

/** Says what is wrong for whoever cannot see, cannot point or has a small screen. */
export async function assertAccessible(page, rules = RULES) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
    rules,
  );
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(", ")}`);
  assert.deepEqual(found, []);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(tooWide <= 0, `${tooWide} pixels too wide`);
}
