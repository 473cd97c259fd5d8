// The component: imports, exports, delegation.
import { record } from "vestibule:capability/audit@1.0.0";
import { get as message } from "vestibule:capability/caller@1.0.0";
import { get as setting } from "vestibule:capability/config@1.0.0";
import { take } from "vestibule:capability/limits@1.0.0";
import { write } from "vestibule:capability/log@1.0.0";
import { send, withdraw } from "vestibule:capability/mail@1.0.0";
import { Refusal } from "./refusal.js";
import { Service } from "./service.js";

const ports = {
  mails: { send, withdraw },
  limits: { take },
  config: { get: setting },
  audit: { record },
  log: { write },
  caller: { get: message },
  // The host fixes the clock for as long as the message runs.
  clock: { now: () => BigInt(Date.now()) },
};

/** The channel's interface `commands`. */
export const commands = {
  sendVerifyEmail: (request) => run("sendVerifyEmail", request),
  sendForgotPasswordEmail: (request) => run("sendForgotPasswordEmail", request),
  sendNotice: (request) => run("sendNotice", request),
  withdrawMails: (request) => run("withdrawMails", request),
};

function run(command, request) {
  try {
    return new Service(ports)[command](request);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) report(thrown);
    throw thrown;
  }
}

/** Where it went wrong: the engine's functions are all that a trap report knows. An error's message may repeat a value. */
function report(thrown) {
  const stack = String(thrown?.stack ?? "")
    .trim()
    .replaceAll("\n", " < ");
  write("error", `${thrown?.name ?? typeof thrown} at ${stack}`);
}
