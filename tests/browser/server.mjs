// What a test asks of the server beside what the pages ask: accounts over the public commands, mails as the operator.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    admin: { type: "string", default: "http://127.0.0.1:8081" },
    data: { type: "string", default: "data" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    pictures: { type: "string", default: "." },
  },
});

export const { url, admin, browser: browserPath, pictures } = options;

export const operatorKey = readFileSync(`${options.data}/operator.key`, "utf8").trim();

/** A password that no list has. */
export const password = () => randomBytes(12).toString("base64url");

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, reply: response.status === 200 ? await response.json() : null };
}

/** Asks a command of accounts that must be carried out. */
export async function accounts(command, body, token) {
  const { status, reply } = await post(`/v1/accounts/${command}`, body, token);
  if (status !== 200 && status !== 204) throw new Error(`accounts/${command}: status ${status}`);
  return reply;
}

/** Whether these are the address and the password of an account. */
export async function canSignIn(email, password) {
  return (await post("/v1/accounts/sign-in", { email, password })).status === 200;
}

/** Whether the address of the account is verified. */
export async function isVerified(email, password) {
  const session = await accounts("sign-in", { email, password });
  return (await accounts("is-email-verified", {}, session.access_token)).verified;
}

/** Somebody whose address nobody else in this run has, if none is given. */
const somebody = (email = `ada.${randomBytes(6).toString("hex")}@example.org`) => ({ email, password: password() });

/** A new account. */
export async function signUp(email) {
  const account = somebody(email);
  await accounts("sign-up", { ...account, first_name: "Ada", last_name: "Lovelace" });
  return account;
}

async function ask(path, body) {
  const headers = { authorization: `Bearer ${operatorKey}`, ...(body && { "content-type": "application/json" }) };
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(admin + path, request);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
}

/** A service key with these scopes. */
export async function serviceKey(scopes) {
  return (await ask("/admin/keys", { name: "browser", scopes, act_as: false, expires_in_ms: null })).token;
}

/** All mails to `email`, the newest first. */
export async function mailsTo(email) {
  const found = [];
  let next = null;
  do {
    const list = await ask(`/admin/mails${next === null ? "" : `?${new URLSearchParams({ after: next })}`}`);
    found.push(...list.mails.filter((mail) => mail.to === email));
    next = list.next ?? null;
  } while (next !== null);
  found.sort((a, b) => b.at - a.at);
  return Promise.all(found.map(({ id }) => ask(`/admin/mails/${encodeURIComponent(id)}`)));
}

/** The newest mail to `email` whose text has a link to `page`. */
async function mailTo(email, page) {
  const mail = (await mailsTo(email)).find(({ text }) => text.includes(`${page}#`));
  if (!mail) throw new Error(`no mail with a link to ${page}`);
  return mail;
}

/** The path and fragment of the link to `page` in the newest such mail to `email`. */
export async function linkTo(email, page) {
  const { text } = await mailTo(email, page);
  const link = new URL(/https?:\/\/\S+#[\w=-]+/.exec(text)[0]);
  return link.pathname + link.hash;
}

/** Asks a command as a service with mails of its own does, which must be carried out. */
async function asService(command, body) {
  const { status, reply } = await post(`/v1/${command}`, body, operatorKey);
  if (status !== 200 && status !== 204) throw new Error(`${command}: status ${status}`);
  return reply;
}

/** The path and fragment of another link to set the password of `email`. */
export async function newerResetLink(email) {
  return `/new-password#${(await asService("authorization/get-forgot-password-token", { email })).token}`;
}

/**
 * One of each mail that people get, the newest first: all to the same new account, whose password is another one then. A service
 * makes it: after a sign-up there would be no notice of another for a minute.
 */
export async function oneOfEach(email) {
  const account = somebody(email);
  const { signup_token: token } = await asService("authorization/registration", account);
  await asService("email/send-verify-email", { email: account.email, token, first_name: "Ada", last_name: "Lovelace" });
  const [, code] = (await resetLink(account.email)).split("#");
  await accounts("new-password", { code, password: password() });
  await accounts("sign-up", { ...account, first_name: "Ada", last_name: "Lovelace" });
  return mailsTo(account.email);
}

/** The path and fragment of a new link to set the password of `email`. */
export async function resetLink(email) {
  await accounts("reset-password", { email });
  return linkTo(email, "/new-password");
}
