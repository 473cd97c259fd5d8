// The scenario, step by step, over a transport: `ask(step)` answers { answers, session }, or throws a Refusal.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

const steps = JSON.parse(readFileSync(new URL("scenario.json", import.meta.url), "utf8"));

/** The HTTP status of a refusal, by its reason (RFC 9110 §15). */
const httpStatus = {
  "bad-request": 400,
  unauthenticated: 401,
  "access-denied": 403,
  "not-found": 404,
  "validation-failed": 422,
};

/** What a step was refused with: the reason; the status, HTTP's or gRPC's; the fields it names. */
export class Refusal extends Error {
  constructor(reason, status, fields) {
    super(`${status ?? ""} ${reason}`);
    Object.assign(this, { reason, status, fields });
  }
}

/** The value at `token_metadata.name`. */
const place = (object, path) => path.split(".").reduce((inner, name) => inner?.[name], object);

/** Everything that the scenario knows at its beginning. */
function beginning(name) {
  const later = (Math.floor(Date.now() / 1000) + 30 * 24 * 3600) * 1000;
  const password = () => randomBytes(12).toString("base64url");
  return {
    email: `${name}.${randomBytes(6).toString("hex")}@example.org`,
    password: password(),
    new_password: password(),
    later: new Date(later).toISOString().replace(".000", ""),
    later_ms: later,
  };
}

/** `value` with what is known for `$name`. */
function filled(value, known) {
  if (Array.isArray(value)) return value.map((inner) => filled(inner, known));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, known)]));
  }
  return typeof value === "string" && value.startsWith("$") ? known[value.slice(1)] : value;
}

/** What came of each step: `ok`, the reason of a refusal, or null if the transport has no such step. */
export async function run({ name, isHttp, ask }, mailed) {
  const known = beginning(name);
  const outcomes = [];
  for (const raw of steps) {
    if (isHttp && !raw.command) {
      outcomes.push(null);
      continue;
    }
    if (raw.mail) known.mailed = await mailed(known.email, raw.mail);
    const step = filled(raw, known);
    const check = (isSo, what) => {
      if (!isSo) throw new Error(`${step.it}: ${JSON.stringify(what)}`);
    };
    try {
      const { answers, session } = await ask(step);
      check(!step.refused, "was answered");
      if (step.count !== undefined) check(answers.length === step.count, answers.length);
      if (step.session) {
        check(Number(session.access_expires_at) > Date.now(), "has expired");
        Object.assign(known, { access: session.access_token, refresh: session.refresh_token, session: session.session_id });
      }
      if (step.short) {
        check(Number(session.access_expires_at) > Date.now(), "has expired");
        // JSON says that there is none; metadata does not say it.
        check((session.refresh_token ?? null) === null, "has a refresh token");
        known.short = session.access_token;
      }
      const expected = (isHttp && step.reply) || step.answer || {};
      for (const [path, value] of Object.entries(expected)) check(place(answers[0], path) === value, place(answers[0], path));
      for (const [kept, path] of Object.entries((isHttp ? step.keep_reply : step.keep) ?? {})) known[kept] = place(answers[0], path);
      outcomes.push("ok");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      check(error.reason === step.refused, error.message);
      check(error.status === (isHttp ? httpStatus[step.refused] : step.status), error.status);
      const fields = isHttp ? (step.places ?? step.fields) : step.fields;
      if (fields) check(JSON.stringify(error.fields) === JSON.stringify(fields), error.fields);
      outcomes.push(error.reason);
    }
  }
  return outcomes;
}

/** The titles of the steps. */
export const titles = steps.map((step) => step.it);
