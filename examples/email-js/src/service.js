// The commands of the email channel, over their ports: `mails`, `limits`, `config`, `audit`, `log`, `caller`, `clock`.
// None of the ports fails: what cannot be mended ends the message outside.
import { readBrand } from "./brand.js";
import * as fields from "./fields.js";
import { PASSWORD_CHANGED, PASSWORD_RESET, SIGN_UP_ATTEMPT, VERIFY_EMAIL, WITH_TOKEN } from "./kind.js";
import { html } from "./letter/html.js";
import { text } from "./letter/text.js";
import * as words from "./letter/words.js";
import { linkTo, PASSWORD_PAGE, VERIFY_PAGE } from "./link.js";
import { accessDenied, Misconfigured, tooManyRequests, unknown } from "./refusal.js";

/** What is taken from where nothing is to be counted, and an address that nobody has (RFC 2606 §2). */
const NOBODY_BUCKET = "email-nobody";
const NOBODYS_ADDRESS = "nobody@decoy.invalid";

/** A token that is nobody's, as long as those that are made. */
const NOBODYS_TOKEN = "0".repeat(27);

export class Service {
  #ports;

  /** The service of one message. */
  constructor(ports) {
    this.#ports = ports;
  }

  /** Mails a link that verifies an address. */
  sendVerifyEmail(request) {
    const { recipient, token, name } = fields.tokenMail(request);
    this.#post(VERIFY_EMAIL, recipient, (brand) => {
      const link = linkTo(VERIFY_PAGE, this.#ports.config, token);
      return words.verifyEmail(brand, name, link);
    });
  }

  /** Mails a link to set a new password. */
  sendForgotPasswordEmail(request) {
    const { recipient, token, name } = fields.tokenMail(request);
    this.#post(PASSWORD_RESET, recipient, (brand) => {
      const link = linkTo(PASSWORD_PAGE, this.#ports.config, token);
      return words.passwordReset(brand, name, link);
    });
  }

  /** Mails a notice. */
  sendNotice(request) {
    const recipient = fields.notice(request);
    switch (request.kind) {
      case "password-changed":
        return this.#post(PASSWORD_CHANGED, recipient, words.passwordChanged);
      case "sign-up-attempt":
        return this.#post(SIGN_UP_ATTEMPT, recipient, words.signUpAttempt);
      default:
        // The host lets no other kind through.
        throw new TypeError("an unknown kind of notice");
    }
  }

  /**
   * Takes back the queued mails with a token to an address.
   *
   * It does the work of a mail: it is also what is asked where there is nobody to write to, by whoever must not be told
   * so by the time.
   */
  withdrawMails({ email }) {
    const address = fields.address(email);
    this.#checkCaller("mail-withdraw", undefined);
    this.#rehearse();
    for (const kind of WITH_TOKEN) this.#ports.mails.withdraw(address, kind.name);
    this.#ports.audit.record("mail-withdraw", "success", undefined, []);
  }

  /** Makes a mail and counts one, for nobody. A configuration that makes none is complained of when one is sent. */
  #rehearse() {
    try {
      this.#make((brand) => {
        const link = linkTo(VERIFY_PAGE, this.#ports.config, NOBODYS_TOKEN);
        return words.verifyEmail(brand, undefined, link);
      });
    } catch (thrown) {
      if (!(thrown instanceof Misconfigured)) throw thrown;
    }
    this.#ports.limits.take(NOBODY_BUCKET, NOBODYS_ADDRESS);
  }

  /**
   * Enqueues a mail of this kind, with what `write` writes. What is counted comes last: a mail that cannot be made uses
   * up nothing.
   */
  #post(kind, recipient, write) {
    const { address, about } = recipient;
    this.#checkCaller("mail-send", about);
    const made = this.#makeOrComplain(kind, about, write);
    this.#take(kind, recipient);
    this.#audit(kind, "success", about, "enqueued");
    this.#ports.mails.send({
      to: address,
      ...made,
      expiresAt: this.#ports.clock.now() + kind.lifetime,
      supersedes: kind.name,
      about,
    });
  }

  /** What `write` writes, laid out as the operator configured it. */
  #make(write) {
    const brand = readBrand(this.#ports.config);
    const letter = write(brand);
    return { subject: letter.subject, text: text(letter, brand), html: html(letter, brand) };
  }

  /** The operator is told what is wrong, the caller that something is. */
  #makeOrComplain(kind, about, write) {
    try {
      return this.#make(write);
    } catch (thrown) {
      if (!(thrown instanceof Misconfigured)) throw thrown;
      this.#ports.log.write("error", `no ${kind.name} mail can be made: ${thrown.line}`);
      this.#audit(kind, "failure", about, "misconfigured");
      throw unknown();
    }
  }

  #checkCaller(action, about) {
    const { plane, via } = this.#ports.caller.get();
    if (plane === "service" || via !== undefined) return;
    this.#ports.audit.record(action, "denied", about, []);
    throw accessDenied();
  }

  #take(kind, { address, about }) {
    if (kind.bucket === undefined) return;
    const retryAfter = this.#ports.limits.take(kind.bucket, address);
    if (retryAfter === undefined) return;
    this.#audit(kind, "denied", about, "too-many");
    throw tooManyRequests(retryAfter);
  }

  #audit(kind, outcome, about, what) {
    const detail = [
      ["kind", kind.name],
      ["what", what],
    ];
    this.#ports.audit.record("mail-send", outcome, about, detail);
  }
}
