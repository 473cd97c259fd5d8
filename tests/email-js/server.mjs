// A server of the built program, with data of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export class Server {
  #folder;
  #child;
  #addresses;
  #key;
  #log = "";
  #last = "";

  /** Starts the program with this configuration of the email channel, and this build of it if there is one. */
  static async start(program, config, file) {
    const server = new Server();
    server.#folder = await mkdtemp(join(tmpdir(), "vestibule-email-"));
    await writeFile(join(server.#folder, "vestibule.toml"), configuration(config, file));
    const data = join(server.#folder, "data");
    const serve = ["serve", "--json", "--config", join(server.#folder, "vestibule.toml"), "--data", data];
    server.#child = spawn(program, [...serve, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    server.#child.stderr.on("data", (text) => (server.#log += text));
    const [line] = await Promise.race([
      once(createInterface(server.#child.stdout), "line"),
      once(server.#child, "exit").then(() => assert.fail(`it does not start:\n${server.#log}`)),
    ]);
    server.#addresses = JSON.parse(line);
    assert.ok(server.#addresses.url, line);
    server.#key = (await readFile(join(data, "operator.key"), "utf8")).trim();
    return server;
  }

  /** Status and body of a service's message to the email channel; when to try again depends on the moment. */
  async ask(command, request) {
    const response = await fetch(`${this.#addresses.url}/v1/email/${command}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    return { status: response.status, body: (await response.text()).replace(/"retry_after_ms":\d+/, '"retry_after_ms":"soon"') };
  }

  /** The mail after the one that this gave before, as far as it does not depend on the moment. */
  async nextMail() {
    const after = this.#last && `&after=${this.#last}`;
    const { mails } = await this.#show(`mails?limit=1${after}`);
    assert.equal(mails.length, 1, "the mail is missing");
    this.#last = mails[0].id;
    const { to, subject, text, html, at, expires_at: expiresAt } = await this.#show(`mails/${mails[0].id}`);
    return { to, subject, text, html, lifetime: expiresAt - at };
  }

  /** The lines of its log that tell of a fault. */
  async faults() {
    return this.#log.split("\n").filter((line) => / ERROR | faulted/.test(line));
  }

  async stop() {
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
    await rm(this.#folder, { recursive: true });
  }

  async #show(path) {
    const response = await fetch(`${this.#addresses.admin}/admin/${path}`, {
      headers: { authorization: `Bearer ${this.#key}` },
    });
    assert.equal(response.status, 200, path);
    return response.json();
  }
}

/** Strings of JSON are strings of TOML. */
function configuration(config, file) {
  const lines = ["[components.email]"];
  if (file !== undefined) lines.push(`file = ${JSON.stringify(resolve(file))}`);
  lines.push("[components.email.config]");
  for (const [name, value] of Object.entries(config)) lines.push(`${name} = ${JSON.stringify(value)}`);
  // One bucket is left as it is, so that it runs empty.
  for (const name of ["email-verify", "email-reset"]) {
    lines.push(`[buckets.${name}]`, "burst = 1000000", "period_ms = 1000");
  }
  return `${lines.join("\n")}\n`;
}
