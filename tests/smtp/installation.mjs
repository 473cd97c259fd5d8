// The built program on data of its own: started, killed, started again; and what people and services ask of it.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { until } from "./until.mjs";

const run = promisify(execFile);

const program = process.env.VESTIBULE_PROGRAM;

/** With these, what may wait waits briefly: a lease is over after 14 seconds. */
const BRISK = { MAIL__TIMEOUT_MS: 4_000, MAIL__RETRY_MIN_MS: 200, MAIL__RETRY_MAX_MS: 1_000 };

/** A password that no list has. */
export const PASSWORD = "nine wet otters sing";

let made;

/** A data folder in which components are compiled already. */
const template = () => (made ??= makeTemplate());

async function makeTemplate() {
  const folder = await mkdtemp(join(tmpdir(), "vestibule-smtp-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const first = new Installation(folder, {});
  await first.start();
  await first.stop();
  return first.data;
}

export class Installation {
  #folder;
  #child;
  #log = "";
  #settings;
  #addresses;
  #key;

  constructor(folder, settings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** One that runs, and is gone after the test with all it has. */
  static async start(t, settings) {
    const folder = await mkdtemp(join(tmpdir(), "vestibule-smtp-"));
    const installation = new Installation(folder, { ...BRISK, ...settings });
    t.after(async () => {
      if (!t.passed) process.stderr.write(`${t.name}:\n${installation.#log}\n`);
      await installation.kill();
      await rm(folder, { recursive: true });
    });
    await run("cp", ["-a", await template(), installation.data]);
    await installation.start();
    return installation;
  }

  get data() {
    return join(this.#folder, "data");
  }

  /** Starts it, with these settings from now on beside those that it had, and waits until it listens. */
  async start(settings = {}) {
    this.#settings = { ...this.#settings, ...settings };
    const arguments_ = ["serve", "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    this.#child = spawn(program, arguments_, { env: this.#environment(), stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr.on("data", (text) => (this.#log += text));
    const [line] = await Promise.race([
      once(createInterface(this.#child.stdout), "line"),
      once(this.#child, "exit").then(() => assert.fail(`it does not start:\n${this.#log}`)),
    ]);
    this.#addresses = JSON.parse(line);
    this.#key = (await readFile(join(this.data, "operator.key"), "utf8")).trim();
  }

  /** SIGKILL, at once; it has ended when this is done. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** SIGTERM, and an orderly end. */
  async stop() {
    await this.#end("SIGTERM");
    assert.equal(this.#child.exitCode, 0, this.#log);
  }

  async #end(signal) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** A stranger's message to accounts: its status, and 0 if nobody answered. */
  async stranger(command, body) {
    try {
      const { status } = await this.#post(`accounts/${command}`, body);
      return status;
    } catch {
      return 0;
    }
  }

  /** Asks for a mail to `email`, and is told that it was accepted. */
  async mail(email) {
    const body = { email, token: randomBytes(12).toString("base64url") };
    const { status } = await this.#post("email/send-verify-email", body, { authorization: `Bearer ${this.#key}` });
    assert.equal(status, 204);
    return body.token;
  }

  /** What the operator's list says of the mails. */
  async mails() {
    const found = [];
    let next = "";
    do {
      const headers = { authorization: `Bearer ${this.#key}` };
      const response = await fetch(`${this.#addresses.admin}/admin/mails?${next && `after=${next}`}`, { headers });
      assert.equal(response.status, 200);
      const page = await response.json();
      found.push(...page.mails);
      next = page.next;
    } while (next);
    return found;
  }

  /** Waits until what the list says of the mail to `email` is so. */
  async mailIs(email, what, check) {
    return until(`the mail to ${email} is ${what}`, async () => {
      const mail = (await this.mails()).find(({ to }) => to === email);
      return mail && check(mail) && mail;
    });
  }

  /** Waits until no mail waits. */
  async delivered() {
    await until("all mails are delivered", async () => {
      const mails = await this.mails();
      return !mails.some(({ state }) => state === "queued" || state === "sending");
    });
  }

  /** What `vestibule doctor` says, and its exit code. */
  async doctor() {
    const env = { ...this.#environment(), VESTIBULE_ADMIN_URL: this.#addresses.admin };
    const said = await run(program, ["doctor"], { env }).catch((ended) => ended);
    return { code: said.code ?? 0, text: said.stdout };
  }

  #post(path, body, headers) {
    return fetch(`${this.#addresses.url}/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  #environment() {
    const settings = Object.entries(this.#settings).map(([name, value]) => [`VESTIBULE_${name}`, String(value)]);
    return { ...Object.fromEntries(settings), VESTIBULE_DATA: this.data };
  }
}
