// `kill -9` of the program at chosen moments: what was accepted is delivered, at least once, under the same Message-ID.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Installation, PASSWORD } from "./installation.mjs";
import { MailServer } from "./mail-server.mjs";
import { until } from "./until.mjs";

const people = Array.from({ length: 6 }, (_, number) => `person-${number}@example.org`);

async function stage(t) {
  const server = await MailServer.start();
  t.after(() => server.down());
  return { server, installation: await Installation.start(t, server.settings) };
}

/** That everybody's mail arrives. */
const arrived = (server) =>
  until("every mail arrives", () => people.every((address) => server.copiesFor(address).length > 0));

/** Kills the program when the server comes to `step` for the first time. It has ended when this is done. */
function killAt(server, step, installation) {
  const usual = server[step];
  return new Promise((killed) => {
    server[step] = async (...of) => {
      server[step] = usual;
      await installation.kill();
      killed();
    };
  });
}

describe("a program that is killed", { concurrency: 4 }, () => {
  // J01
  test("while the server is down has lost no mail", async (t) => {
    const { server, installation } = await stage(t);
    await server.down();
    for (const address of people) await installation.mail(address);
    await installation.kill();
    await installation.start();
    await installation.kill();
    await server.up();
    await installation.start();
    await arrived(server);
    await installation.delivered();
    assert.equal(server.taken.length, people.length, "none was on its way: each came once");
  });

  for (const [step, what] of [
    ["greeting", "when the server is to greet it"],
    ["recipient", "when the server knows for whom a mail is"],
    ["message", "when the server has a mail and has not answered"],
    ["answered", "when the server has just answered"],
  ]) {
    // J01
    test(`${what} delivers every mail when its lease is over`, async (t) => {
      const { server, installation } = await stage(t);
      await server.down();
      for (const address of people) await installation.mail(address);
      const killed = killAt(server, step, installation);
      await server.up();
      await killed;
      await installation.start();
      await arrived(server);
      await installation.delivered();
      if (step === "message") {
        const copies = people.map((address) => server.copiesFor(address).length);
        assert.ok(copies.includes(2), "it came again, under its Message-ID");
      }
    });
  }

  for (const answers of [1, 3, 5]) {
    // A12, J01
    test(`after ${answers} of six sign-ups has each account with its mail, or neither`, async (t) => {
      const { server, installation } = await stage(t);
      const signUp = (email) => installation.stranger("sign-up", { email, password: PASSWORD, last_name: "King" });
      const signIn = (email) => installation.stranger("sign-in", { email, password: PASSWORD });
      const answered = new Set();
      await Promise.all(
        people.map(async (email) => {
          if ((await signUp(email)) !== 204) return;
          answered.add(email);
          if (answered.size === answers) await installation.kill();
        }),
      );
      await installation.kill();
      assert.ok(answered.size >= answers);

      await installation.start();
      await installation.delivered();
      for (const email of people) {
        const there = (await signIn(email)) === 200;
        assert.ok(there || !answered.has(email), "what was answered is there");
        assert.equal(server.copiesFor(email).length > 0, there, "an account and its mail, or neither");
        if (!there) {
          assert.equal(await signUp(email), 204);
          assert.equal(await signIn(email), 200);
        }
      }
      await installation.delivered();
      assert.ok(people.every((email) => server.copiesFor(email).length > 0));
    });
  }
});
