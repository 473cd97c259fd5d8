// Asks the server that served the page, and says in words what it refused.

/** How long an answer may take, in milliseconds: longer than any message may. */
const PATIENCE_MS = 30_000;

/**
 * Asks `path`. It never throws: that there was no answer is an answer too.
 *
 * @param {string} path
 * @param {{method?: string, headers?: Record<string, string>, body?: object}} request
 * @returns {Promise<{ok: true, reply: any} | Refusal>}
 *
 * @typedef {object} Refusal
 * @property {false} ok
 * @property {string} code an error code of the API, or `unreachable`
 * @property {{path: string, message: string}[]} violations
 * @property {number | null} retryAfterMs
 * @property {string} reference what the server's log calls the request; empty if it is not known
 */
export async function ask(path, { method = "POST", headers = {}, body } = {}) {
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { ...headers, "content-type": "application/json" } : headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await response.text();
  } catch {
    return { ok: false, code: "unreachable", violations: [], retryAfterMs: null, reference: "" };
  }
  const json = parse(text);
  return response.ok ? { ok: true, reply: json } : refusal(response, json);
}

/** A message id: a try that is repeated because its answer was lost has one effect and the same answer. */
export function messageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A sentence for the reader about a refusal that is none of their input's. */
export function sentence(refusal) {
  switch (refusal.code) {
    case "too-many-requests":
      return `That was tried too often. ${later(refusal.retryAfterMs)}`;
    case "unavailable":
    case "deadline-exceeded":
      return `The service is busy. ${later(refusal.retryAfterMs)}`;
    case "unreachable":
      return "The service could not be reached. Check your connection and try again.";
    case "unauthenticated":
    case "access-denied":
      return "The service does not allow that here. Ask whoever runs it.";
    default: {
      const reference = refusal.reference && ` If you ask for help, give this reference: ${refusal.reference}`;
      return `Something went wrong. Try again later.${reference}`;
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Nothing, or the page of a proxy in between.
    return null;
  }
}

function refusal(response, json) {
  const error = json?.error ?? {};
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return {
    ok: false,
    code: error.code ?? (response.status === 429 ? "too-many-requests" : "unknown"),
    violations: error.violations ?? [],
    retryAfterMs: error.retry_after_ms ?? (Number.isNaN(seconds) ? null : seconds * 1_000),
    reference: response.headers.get("x-request-id") ?? "",
  };
}

/** When to try again. Rounded up: nobody is sent away twice. */
function later(ms) {
  if (ms === null) return "Try again in a moment.";
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  const words = new Intl.RelativeTimeFormat("en");
  if (seconds <= 90) return `Try again ${words.format(seconds, "second")}.`;
  if (seconds <= 90 * 60) return `Try again ${words.format(Math.ceil(seconds / 60), "minute")}.`;
  const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });
  return `Try again after ${moment.format(Date.now() + ms)}.`;
}
