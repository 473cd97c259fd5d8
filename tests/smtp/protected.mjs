// TLS, with a certificate of an authority that the configuration names, and an account.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import selfsigned from "selfsigned";
import { Installation } from "./installation.mjs";
import { ACCOUNT, MailServer } from "./mail-server.mjs";
import { until } from "./until.mjs";

const EC = { keyType: "ec", algorithm: "sha256" };

const named = (value) => [{ name: "commonName", value }];

/** An authority of nobody but this test. */
const authority = () =>
  selfsigned.generate(named("Authority of a test"), {
    ...EC,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });

/** Its certificate for the address of the test's server. */
const certificate = (by) =>
  selfsigned.generate(named("127.0.0.1"), {
    ...EC,
    ca: { key: by.private, cert: by.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });

/** A server with TLS, and what the program must be told to use it. */
async function stage(t, implicit) {
  const folder = await mkdtemp(join(tmpdir(), "vestibule-tls-"));
  const [ours, strangers] = await Promise.all([authority(), authority()]);
  const [trusted, untrusted] = [join(folder, "ours.pem"), join(folder, "strangers.pem")];
  await writeFile(trusted, ours.cert);
  await writeFile(untrusted, strangers.cert);
  const { private: key, cert } = await certificate(ours);
  const server = await MailServer.start({ implicit, key, cert });
  t.after(async () => {
    await server.down();
    await rm(folder, { recursive: true });
  });
  const settings = {
    ...server.settings,
    MAIL__TLS: implicit ? "implicit" : "starttls",
    MAIL__CA_FILE: trusted,
    MAIL__USERNAME: ACCOUNT.username,
    MAIL__PASSWORD: ACCOUNT.password,
  };
  return { server, settings, untrusted };
}

async function arrives(server) {
  await until("the mail arrives", () => server.taken.length > 0);
  assert.deepEqual([server.taken[0].secure, server.taken[0].user], [true, ACCOUNT.username]);
}

describe("a mail server over", { concurrency: 2 }, () => {
  for (const implicit of [false, true]) {
    const kind = implicit ? "implicit TLS" : "STARTTLS";

    test(`${kind} whose authority is named is given the account and the mail`, async (t) => {
      const { server, settings } = await stage(t, implicit);
      const installation = await Installation.start(t, settings);
      await installation.mail("ann@example.org");
      await arrives(server);
    });

    test(`${kind} whose authority is not trusted is told nothing`, async (t) => {
      const { server, settings, untrusted } = await stage(t, implicit);
      const installation = await Installation.start(t, { ...settings, MAIL__CA_FILE: untrusted });
      await installation.mail("ann@example.org");
      const waits = ({ state, reason }) => state === "queued" && /certificate/.test(reason);
      await installation.mailIs("ann@example.org", "waiting", waits);
      assert.deepEqual([server.counts.accounts, server.counts.senders], [0, 0]);
      await installation.stop();
      await installation.start({ MAIL__CA_FILE: settings.MAIL__CA_FILE });
      await arrives(server);
    });
  }

  test("TLS that refuses the account keeps all mails waiting until it is mended", async (t) => {
    const { server, settings } = await stage(t, false);
    const installation = await Installation.start(t, { ...settings, MAIL__PASSWORD: "another" });
    await installation.mail("ann@example.org");
    const waits = ({ state, tries, reason }) => state === "queued" && tries === 0 && /account \(535\)/.test(reason);
    await installation.mailIs("ann@example.org", "waiting", waits);
    const { code, text } = await installation.doctor();
    assert.notEqual(code, 0);
    assert.match(text, /does not accept the account/);
    assert.equal(server.counts.senders, 0);
    await installation.stop();
    await installation.start({ MAIL__PASSWORD: ACCOUNT.password });
    await arrives(server);
  });

  test("TLS without the account it asks for keeps all mails waiting", async (t) => {
    const { server, settings } = await stage(t, true);
    const { MAIL__USERNAME, MAIL__PASSWORD, ...without } = settings;
    const installation = await Installation.start(t, without);
    await installation.mail("ann@example.org");
    await installation.mailIs("ann@example.org", "waiting", ({ reason }) => /account \(530\)/.test(reason));
    await installation.stop();
    await installation.start({ MAIL__USERNAME, MAIL__PASSWORD });
    await arrives(server);
  });
});
