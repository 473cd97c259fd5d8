// Asks the bundled build of the email channel and another one the same, and fails at the first answer or mail that differs.
//
// compare.mjs PROGRAM OTHER.wasm

import assert from "node:assert/strict";

import { requests } from "./requests.mjs";
import { Server } from "./server.mjs";

const [program, file] = process.argv.slice(2);

/** What mails look like is configured, so it is asked about twice. */
const LOOKS = {
  "as it comes": {},
  "as it can be": {
    "product-name": 'Söhne & <Co> "d\'Or"',
    sender: "Your <b>Söhne</b> & 'friends'",
    footer: 'Söhne Ltd <1 High St> & "more"',
    "brand-colour": "#FFD500",
    "verify-link": "https://www.example.com:8443/welcome?a=1&b=2#t={token}&x",
    "public-origin": "https://[::1]:8443/",
  },
};

for (const [look, config] of Object.entries(LOOKS)) {
  const servers = await Promise.all([Server.start(program, config), Server.start(program, config, file)]);
  try {
    await compare(look, servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function compare(look, servers) {
  let mails = 0;
  let refusals = 0;
  const took = servers.map(() => []);
  for (const [command, request] of requests()) {
    const answers = [];
    for (const [at, server] of servers.entries()) {
      const begun = performance.now();
      answers.push(await server.ask(command, request));
      took[at].push(performance.now() - begun);
    }
    const what = `${command} ${JSON.stringify(request)}`;
    assert.deepEqual(answers[1], answers[0], what);
    if (answers[0].status >= 400) refusals += 1;
    if (answers[0].status >= 400 || command === "withdraw-mails") continue;
    const [expected, found] = await Promise.all(servers.map((server) => server.nextMail()));
    assert.deepEqual(found, expected, what);
    mails += 1;
  }
  const logs = await Promise.all(servers.map((server) => server.faults()));
  assert.deepEqual(logs, [[], []]);
  const [bundled, other] = took.map((each) => `${median(each).toFixed(1)} ms`);
  assert.ok(mails > 500 && refusals > 200, `${mails} mails and ${refusals} refusals show little`);
  console.log(`${look}: ${mails} mails and ${refusals} refusals are alike; a request takes ${other}, of the bundled build ${bundled}`);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
