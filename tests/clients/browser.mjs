// gRPC-Web in a headless Chromium, from a page of the server's own origin.

import { build } from "esbuild";
import { chromium } from "playwright-core";

export async function inBrowser(executablePath, url, descriptors) {
  const entry = 'import { asker } from "./web.mjs"; globalThis.start = (url, bytes) => { globalThis.ask = asker(url, Uint8Array.from(bytes)); };';
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: new URL(".", import.meta.url).pathname },
    bundle: true, format: "iife", write: false,
  });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  await page.goto(`${url}/healthz`);
  await page.evaluate(outputFiles[0].text);
  await page.evaluate(([url, bytes]) => globalThis.start(url, bytes), [url, [...descriptors]]);
  return {
    ask: (step) => page.evaluate((step) => globalThis.ask(step), step),
    close: () => browser.close(),
  };
}
