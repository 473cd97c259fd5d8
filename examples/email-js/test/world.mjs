// A world in memory: every port, a queue of mails that works as the host's, and buckets that the test fills.
import { Refusal } from "../src/refusal.js";
import { Service } from "../src/service.js";

/** Where every test's clock stands. */
export const START = 1_800_000_000_000n;

export const SERVICE = { plane: "service", via: undefined };
export const COMPONENT = { plane: "public", via: "authorization" };
export const STRANGER = { plane: "public", via: undefined };

export function world(settings = {}) {
  const found = {
    settings: { "public-origin": "https://id.example.org", "product-name": "Example", ...settings },
    message: SERVICE,
    retryAfter: undefined,
    queue: [],
    audited: [],
    log: [],
    takes: [],
    reads: 0,
  };
  const withdraw = (to, name) => {
    found.queue = found.queue.filter((mail) => mail.to !== to || mail.supersedes !== name);
  };
  const ports = {
    mails: {
      withdraw,
      send: (mail) => {
        withdraw(mail.to, mail.supersedes);
        found.queue.push(mail);
      },
    },
    limits: {
      take: (bucket, key) => {
        found.takes.push([bucket, key]);
        return found.retryAfter;
      },
    },
    config: {
      get: (name) => {
        found.reads += 1;
        return found.settings[name];
      },
    },
    audit: { record: (...record) => found.audited.push(record) },
    log: { write: (...line) => found.log.push(line) },
    caller: { get: () => found.message },
    clock: { now: () => START },
  };
  /** What `command` answers: undefined, or the refusal. */
  found.ask = (command, request) => {
    try {
      return new Service(ports)[command](request);
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.payload;
      throw thrown;
    }
  };
  return found;
}

/** A mail with a token for Ada. */
export const tokenMail = {
  email: "Ada@Example.org",
  token: "c2VjcmV0LXRva2Vu_-",
  firstName: "Ada",
  lastName: "King",
  about: "a1",
};

/** Every command that sends, with a request that is good. */
export const allMails = [
  ["sendVerifyEmail", tokenMail],
  ["sendForgotPasswordEmail", tokenMail],
  ["sendNotice", { email: "Ada@Example.org", kind: "password-changed", about: "a1" }],
  ["sendNotice", { email: "Ada@Example.org", kind: "sign-up-attempt", about: "a1" }],
];
