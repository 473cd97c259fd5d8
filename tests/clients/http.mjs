// HTTP with JSON, the way that has no stubs.

import { Refusal } from "./scenario.mjs";

export const http = (url) => ({
  name: "http",
  isHttp: true,
  async ask(step) {
    const body = { ...(step.request ?? step.message), ...(step.refresh && { refresh_token: step.refresh }) };
    const headers = { "content-type": "application/json", ...(step.bearer && { authorization: `Bearer ${step.bearer}` }) };
    const response = await fetch(`${url}/v1/${step.command}`, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await response.text();
    const reply = text === "" ? {} : JSON.parse(text);
    if (!response.ok) throw new Refusal(reply.error.code, response.status, reply.error.violations.map(({ path }) => path));
    return { answers: step.many ? reply.tokens : [reply], session: reply };
  },
});
