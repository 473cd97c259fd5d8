// A mail server (smtp-server of npm) that keeps what it takes, and does what a test tells it on the way.

import assert from "node:assert/strict";
import { once } from "node:events";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { until } from "./until.mjs";

/** The account that a server with TLS asks for. */
export const ACCOUNT = { username: "robot", password: "s3cret robot" };

/** An error that is answered with `code`. */
const refusal = (code) => Object.assign(new Error("as the test says"), { responseCode: code });

/** Answers by `callback` what `step` decided: a code refuses, nothing accepts. */
async function answer(step, callback) {
  const code = await step;
  callback(code ? refusal(code) : null);
}

export class MailServer {
  /** What it took, in order: whom it is to, its Message-ID, its text, how it came. */
  taken = [];

  /** How often each step was reached. */
  counts = { connections: 0, accounts: 0, senders: 0 };

  /** What a test puts in the way: each may take its time, and give a code to refuse with. */
  greeting = async () => {};
  recipient = async (_address) => {};
  message = async (_mail) => {};
  /** The answer to a message has been given. */
  answered = async (_mail) => {};

  #tls;
  #server;
  #port = 0;

  /** @param tls none, or `{ implicit, key, cert }` */
  constructor(tls) {
    this.#tls = tls;
  }

  static async start(tls) {
    const server = new MailServer(tls);
    await server.up();
    return server;
  }

  /** What the program must be told to send its mails here. */
  get settings() {
    return { MAIL__FROM: "Example <no-reply@example.com>", MAIL__SERVER: "127.0.0.1", MAIL__PORT: this.#port, MAIL__TLS: "none" };
  }

  /** Listens, on the same port as before. */
  async up() {
    this.#server = new SMTPServer(this.#options());
    // A client that ends, or does not trust the certificate, is no error of the test's.
    this.#server.on("error", () => {});
    // While it was down another program may have had its port for a moment.
    await until("a port to listen on", () => this.#listens());
    this.#port = this.#server.server.address().port;
  }

  async #listens() {
    this.#server.listen(this.#port, "127.0.0.1");
    try {
      await once(this.#server.server, "listening");
      return true;
    } catch (error) {
      if (error.code === "EADDRINUSE") return false;
      throw error;
    }
  }

  /** Ends every connection and listens no more. */
  async down() {
    await new Promise((done) => this.#server.close(done));
  }

  /** What it took for `to`: one mail, perhaps several times, always under the same Message-ID. */
  copiesFor(to) {
    const copies = this.taken.filter((mail) => mail.to === to);
    assert.equal(new Set(copies.map(({ id }) => id)).size, Math.min(copies.length, 1), `one Message-ID for ${to}`);
    return copies;
  }

  #options() {
    return {
      ...this.#security(),
      closeTimeout: 10,
      disableReverseLookup: true,
      onConnect: (_, callback) => {
        this.counts.connections += 1;
        answer(this.greeting(), callback);
      },
      onAuth: ({ username, password }, _, callback) => {
        this.counts.accounts += 1;
        const known = username === ACCOUNT.username && password === ACCOUNT.password;
        callback(known ? null : refusal(535), known ? { user: username } : undefined);
      },
      onMailFrom: (_address, _, callback) => {
        this.counts.senders += 1;
        callback();
      },
      onRcptTo: ({ address }, _, callback) => answer(this.recipient(address), callback),
      onData: (stream, session, callback) => this.#take(stream, session, callback),
    };
  }

  #security() {
    if (!this.#tls) return { disabledCommands: ["STARTTLS", "AUTH"], authOptional: true };
    const { implicit, key, cert } = this.#tls;
    return { secure: implicit, key, cert };
  }

  async #take(stream, session, callback) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    const { messageId, subject, text, html } = await PostalMime.parse(Buffer.concat(parts));
    const [{ address: to }] = session.envelope.rcptTo;
    const mail = { to, id: messageId, subject, text, html, secure: session.secure, user: session.user };
    const code = await this.message(mail);
    // What is refused was not taken; what is taken may be answered too late.
    if (!code) this.taken.push(mail);
    callback(code ? refusal(code) : null);
    if (!code) await this.answered(mail);
  }
}
