// A server that is up, down for a while, refusing, slow.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { Installation } from "./installation.mjs";
import { MailServer } from "./mail-server.mjs";
import { until } from "./until.mjs";

const people = (count) => Array.from({ length: count }, (_, number) => `person-${number}@example.org`);

/** A server and an installation that sends its mails there. */
async function stage(t, settings) {
  const server = await MailServer.start();
  t.after(() => server.down());
  return { server, installation: await Installation.start(t, { ...server.settings, ...settings }) };
}

/** Asks for a mail to each, and waits until each was taken. */
async function sendAndWait(installation, server, addresses) {
  for (const address of addresses) await installation.mail(address);
  await arrived(server, addresses);
}

const arrived = (server, addresses) =>
  until("every mail arrives", () => addresses.every((address) => server.copiesFor(address).length > 0));

describe("a mail server that", { concurrency: 3 }, () => {
  test("is up is given each mail once, whole", async (t) => {
    const { server, installation } = await stage(t);
    const token = await installation.mail("ann@example.org");
    await sendAndWait(installation, server, people(5));
    await installation.delivered();
    assert.equal(server.taken.length, 6);
    const [mail] = server.copiesFor("ann@example.org");
    assert.match(mail.id, /^<[0-9a-f-]+@example\.com>$/);
    assert.match(mail.text, new RegExp(`/verify-email#${token}\\b`));
    assert.match(mail.html, new RegExp(`/verify-email#${token}\\b`));
    const known = await installation.mailIs("ann@example.org", "sent", ({ state }) => state === "sent");
    assert.equal(mail.id, `<${known.id}@example.com>`, "the list's id is the one in the mail");
  });

  // J02
  test("is down for a while costs no mail a try and loses none", async (t) => {
    const { server, installation } = await stage(t);
    await server.down();
    for (const address of people(6)) await installation.mail(address);
    const asked = ({ state, tries, reason }) => state === "queued" && tries === 0 && reason !== null;
    await until("a mail was tried", async () => (await installation.mails()).some(asked));
    const outage = await installation.doctor();
    assert.notEqual(outage.code, 0);
    assert.match(outage.text, /cannot be reached or does not answer/);
    await server.up();
    await arrived(server, people(6));
    await installation.delivered();
    assert.equal(server.taken.length, 6, "and each came once");
    assert.equal((await installation.doctor()).code, 0);
  });

  // J02
  test("refuses one address for good takes the others", async (t) => {
    const { server, installation } = await stage(t);
    server.recipient = async (address) => (address === "bad@example.org" ? 550 : 0);
    await installation.mail("bad@example.org");
    await sendAndWait(installation, server, people(4));
    const dead = await installation.mailIs("bad@example.org", "given up", ({ state }) => state === "failed");
    assert.deepEqual([dead.tries, dead.reason], [1, "refused by the server (550)"]);
    assert.equal((await installation.doctor()).code, 0);
  });

  // J02
  test("wants an account for one address takes the others, and that one later", async (t) => {
    const { server, installation } = await stage(t);
    let relents = false;
    server.recipient = async (address) => (address === "far@example.org" && !relents ? 530 : 0);
    await installation.mail("far@example.org");
    const off = await installation.mailIs("far@example.org", "put off", ({ reason }) => reason?.includes("530"));
    assert.equal(off.reason, "the server wants an account for it (530)");
    assert.equal((await installation.doctor()).code, 0, "the server can be used");
    await sendAndWait(installation, server, people(4));
    assert.equal(server.copiesFor("far@example.org").length, 0);
    relents = true;
    await arrived(server, ["far@example.org"]);
  });

  test("puts a mail off is asked again until it takes it", async (t) => {
    const { server, installation } = await stage(t);
    const refusals = [450, 451, 452];
    server.recipient = async () => refusals.shift();
    const ids = new Set();
    server.message = async ({ id }) => {
      ids.add(id);
      return ids.size === 1 && server.counts.senders < 6 ? 451 : 0;
    };
    await sendAndWait(installation, server, ["ann@example.org"]);
    await installation.delivered();
    assert.equal(server.taken.length, 1);
    assert.equal(server.counts.senders, 6, "three times its address, twice its words, then it");
    assert.equal(ids.size, 1, "always under the same Message-ID");
  });

  test("greets and answers late is waited for", async (t) => {
    const { server, installation } = await stage(t, { MAIL__TIMEOUT_MS: 20_000 });
    server.greeting = () => after(1_000);
    server.message = () => after(1_000);
    await sendAndWait(installation, server, people(3));
    await installation.delivered();
    assert.equal(server.taken.length, 3);
  });

  // J01
  test("answers too late has the mail, and gets it again under its Message-ID", async (t) => {
    const { server, installation } = await stage(t, { MAIL__TIMEOUT_MS: 1_000 });
    let late = true;
    server.message = async () => {
      if (!late) return;
      late = false;
      await after(3_000);
    };
    await installation.mail("ann@example.org");
    await until("it came twice", () => server.copiesFor("ann@example.org").length === 2);
    await installation.mailIs("ann@example.org", "sent", ({ state }) => state === "sent");
  });

  // J02
  test("never answers to one mail takes the others", async (t) => {
    const { server, installation } = await stage(t);
    server.recipient = (address) => (address === "still@example.org" ? new Promise(() => {}) : Promise.resolve());
    await installation.mail("still@example.org");
    await sendAndWait(installation, server, people(8));
    await installation.mailIs("still@example.org", "put off", ({ reason }) => reason === "not in time");
  });
});
