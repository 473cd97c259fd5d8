// Goes through the scenario over every transport, and prints a table of what came of each step.
// Usage: client.mjs --url URL --admin URL --data FOLDER --descriptors FILE --results FOLDER [--browser PROGRAM]

import { readFileSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { inBrowser } from "./browser.mjs";
import { native } from "./grpc.mjs";
import { http } from "./http.mjs";
import { Refusal, run, titles } from "./scenario.mjs";
import { asker } from "./web.mjs";

const text = { type: "string" };
const { values: options } = parseArgs({
  options: { url: text, admin: text, data: text, descriptors: text, results: text, browser: text },
});
const operatorKey = readFileSync(`${options.data}/operator.key`, "utf8").trim();
const descriptors = readFileSync(options.descriptors);

async function askOperator(path) {
  const response = await fetch(options.admin + path, { headers: { authorization: `Bearer ${operatorKey}` } });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
}

/** The token in the newest mail to `email` with a link to `page`. */
async function mailed(email, page) {
  const found = [];
  let next = null;
  do {
    const list = await askOperator(`/admin/mails${next === null ? "" : `?${new URLSearchParams({ after: next })}`}`);
    found.push(...list.mails.filter((mail) => mail.to === email));
    next = list.next ?? null;
  } while (next !== null);
  found.sort((a, b) => b.at - a.at);
  for (const { id } of found) {
    const { text } = await askOperator(`/admin/mails/${encodeURIComponent(id)}`);
    const [, rest] = text.split(`/${page}#`);
    if (rest) return rest.split(/\s/)[0];
  }
  throw new Error(`no mail with a link to ${page}`);
}

/** A transport of an asker that answers plain data. */
const web = (name, ask) => ({
  name,
  async ask(step) {
    const { refusal, ...answered } = await ask(step);
    if (refusal) throw new Refusal(refusal.reason, refusal.status, refusal.fields);
    return answered;
  },
});

// What other programs have found, in their own languages.
const columns = readdirSync(options.results).sort().map((file) => JSON.parse(readFileSync(`${options.results}/${file}`)));
columns.unshift({ transport: "HTTP", steps: await run(http(options.url), mailed) });
columns.push({ transport: "gRPC, Node", steps: await run(native(options.url), mailed) });
columns.push({ transport: "gRPC-Web, Node", steps: await run(web("web", asker(options.url, descriptors)), mailed) });
if (options.browser) {
  const browser = await inBrowser(options.browser, options.url, descriptors);
  columns.push({ transport: "gRPC-Web, Chromium", steps: await run(web("chromium", browser.ask), mailed) });
  await browser.close();
}

const cells = [["", ...columns.map(({ transport }) => transport)]];
titles.forEach((title, index) => cells.push([title, ...columns.map(({ steps }) => steps[index] ?? "–")]));
const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
for (const row of cells) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());

const differ = titles.filter((_, index) => new Set(columns.map(({ steps }) => steps[index] ?? "–").filter((it) => it !== "–")).size !== 1);
if (differ.length > 0) {
  console.error(`not the same everywhere: ${differ.join("; ")}`);
  process.exit(1);
}
