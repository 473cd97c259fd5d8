// The built program and a real registry, each a process of its own: `tests/registry/run.sh` builds and finds what is needed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ACCOUNT, Registry } from "./registry.mjs";

const run = promisify(execFile);
const BUILD = process.env.BUILD;

/** A folder, a key and a signed copy of a build in it. */
async function release(t) {
  const folder = await mkdtemp(join(tmpdir(), "vestibule-release-"));
  t.after(() => rm(folder, { recursive: true }));
  const made = { folder, build: join(folder, "token.wasm"), key: join(folder, "release.pem") };
  await writeFile(made.build, await readFile(BUILD));
  made.public = (await vestibule(["keygen", "--out", made.key])).public_key;
  await vestibule(["sign", made.build, "--channel", "token", "--key", made.key]);
  return made;
}

/** What `vestibule component …` says, as JSON. */
async function vestibule(words, environment = {}) {
  const { PATH } = process.env;
  const { stdout } = await run(process.env.VESTIBULE_PROGRAM, ["component", ...words, "--json"], {
    env: { PATH, ...environment },
  });
  return JSON.parse(stdout);
}

/** The sentence with which it refuses. */
async function refused(words, environment) {
  const error = await vestibule(words, environment).then(
    (answer) => assert.fail(`it did: ${JSON.stringify(answer)}`),
    (error) => error,
  );
  assert.equal(error.code, 1, error.stderr);
  assert.doesNotMatch(error.stderr + error.stdout, new RegExp(ACCOUNT.password));
  return JSON.parse(error.stderr).error.message;
}

const same = async (one, other) => assert.ok((await readFile(one)).equals(await readFile(other)));

test("a key is private and never replaced, and openssl reads it", async (t) => {
  const { key, public: line } = await release(t);
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  assert.match(await refused(["keygen", "--out", key]), /exists: a key is never replaced/);
  const { stdout } = await run("openssl", ["pkey", "-in", key, "-pubout", "-outform", "DER"], { encoding: "buffer" });
  assert.equal(line, `ed25519:${stdout.subarray(-32).toString("base64url")}`);
});

test("openssl verifies what was signed", async (t) => {
  const { folder, build, key } = await release(t);
  const signed = JSON.parse(await readFile(`${build}.sig`, "utf8"));
  const text = `vestibule build 1\ndigest ${signed.digest}\nchannel token\nversion ${signed.version}\ncounter ${signed.counter}\n`;
  const [statement, signature] = [join(folder, "statement"), join(folder, "signature")];
  await writeFile(statement, text);
  await writeFile(signature, Buffer.from(signed.signature, "base64url"));
  await run("openssl", ["pkeyutl", "-verify", "-rawin", "-in", statement, "-sigfile", signature, "-inkey", key]);
});

test("a signed build is good, and nothing else is", async (t) => {
  const { folder, build, key, public: line } = await release(t);
  assert.equal((await vestibule(["verify", build, "--key", line])).channel, "token");
  const other = (await vestibule(["keygen", "--out", join(folder, "other.pem")])).public_key;
  assert.match(await refused(["verify", build, "--key", other]), /is not trusted/);
  assert.match(await refused(["verify", build, "--key", line, "--channel", "users"]), /does not serve that channel/);
  assert.match(await refused(["sign", build, "--channel", "users", "--key", key]), /it serves token/);
  assert.match(await refused(["sign", build, "--channel", "token", "--key", build]), /too long/);
  const bytes = await readFile(build);
  await writeFile(build, Buffer.concat([bytes, Buffer.from([0, 2, 1, 120])]));
  assert.match(await refused(["verify", build, "--key", line]), /is for other bytes/);
});

test("an installation that asks for signatures serves signed files only", async (t) => {
  const { folder, build, public: line } = await release(t);
  const config = join(folder, "vestibule.toml");
  const deploy = `[deploy]\nrequire_signature = true\ntrust = ["${line}"]\n`;
  await writeFile(config, `data = "${folder}/data"\n${deploy}[components.token]\nfile = "${build}"\n`);
  // It loads what a server would, and says what is wrong with it.
  const findings = async () => {
    const { PATH } = process.env;
    const looked = run(process.env.VESTIBULE_PROGRAM, ["doctor", "--json", "--config", config], { env: { PATH } });
    const { stdout } = await looked.catch((error) => error);
    return JSON.parse(stdout).filter(({ state }) => state === "problem").map(({ detail }) => detail);
  };
  assert.deepEqual(await findings(), []);
  await rm(`${build}.sig`);
  const [problem, ...others] = await findings();
  assert.match(problem, /^components\.token\.file: the build is not signed/);
  assert.deepEqual(others, []);
});

test("a build is stored and fetched with its signature", async (t) => {
  const registry = await Registry.start(t);
  const { folder, build, public: line } = await release(t);
  const name = `oci://${registry.host}/example/token`;
  const { reference } = await vestibule(["push", build, `${name}:1.0.0`]);
  assert.match(reference, /:1\.0\.0@sha256:[0-9a-f]{64}$/);
  for (const [at, from] of [`${name}:1.0.0`, reference, `${name}@${reference.split("@")[1]}`].entries()) {
    const fetched = join(folder, `fetched-${at}.wasm`);
    assert.equal((await vestibule(["fetch", from, "--out", fetched])).signed, true);
    await same(fetched, build);
    await same(`${fetched}.sig`, `${build}.sig`);
    await vestibule(["verify", fetched, "--key", line]);
    await vestibule(["verify", from, "--key", line]);
    assert.match(await refused(["fetch", from, "--out", fetched]), /exists: choose another name/);
  }
  // Once more under another tag, unsigned: nothing of the first one clings to it.
  await rm(`${build}.sig`);
  await vestibule(["push", build, `${name}:unsigned`]);
  assert.match(await refused(["verify", `${name}:unsigned`, "--key", line]), /is not signed/);
  assert.match(await refused(["fetch", `${name}:2`, "--out", join(folder, "x")]), /no such repository, tag or digest/);
});

test("what was altered in the registry's store is refused", async (t) => {
  const registry = await Registry.start(t);
  const { folder, build, public: line } = await release(t);
  const name = `oci://${registry.host}/example/token`;
  const { reference } = await vestibule(["push", build, `${name}:1`]);
  const bytes = await readFile(build);
  for (const file of await registry.blobs()) {
    const blob = await readFile(file);
    if (!blob.equals(bytes)) continue;
    blob[blob.length - 1] ^= 1;
    await writeFile(file, blob);
  }
  for (const from of [`${name}:1`, reference]) {
    assert.match(await refused(["fetch", from, "--out", join(folder, "x")]), /the build is not what its digest says/);
    assert.match(await refused(["verify", from, "--key", line]), /the build is not what its digest says/);
  }
});

test("a registry with accounts lets in who has one", async (t) => {
  const registry = await Registry.start(t, { account: true });
  const { folder, build, public: line } = await release(t);
  const reference = `oci://${registry.host}/example/token:1`;
  const secret = join(folder, "password");
  await writeFile(secret, `${ACCOUNT.password}\n`);
  const at = "VESTIBULE_DEPLOY__REGISTRIES__TEST__";
  const account = { [`${at}HOST`]: registry.host, [`${at}USERNAME`]: ACCOUNT.username, [`${at}PASSWORD_FILE`]: secret };
  await vestibule(["push", build, reference], account);
  await vestibule(["verify", reference, "--key", line], account);
  assert.match(await refused(["push", build, reference]), /lets nobody in without an account/);
  assert.match(await refused(["verify", reference, "--key", line]), /lets nobody in without an account/);
  await writeFile(secret, "another");
  assert.match(await refused(["verify", reference, "--key", line], account), /nobody in with the configured account/);
});

test("beyond this machine it is TLS, with a certificate that is trusted", async (t) => {
  const { folder, build, public: line } = await release(t);
  const tls = { cert: join(folder, "cert.pem"), key: join(folder, "tls.pem") };
  const name = hostname();
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", tls.key, "-out", tls.cert],
  ]);
  const registry = await Registry.start(t, { tls });
  const reference = `oci://${name}:${registry.port}/example/token:1`;
  const trusting = { SSL_CERT_FILE: tls.cert };
  await vestibule(["push", build, reference], trusting);
  await vestibule(["verify", reference, "--key", line], trusting);
  assert.match(await refused(["verify", reference, "--key", line]), /its certificate is not trusted/);
  const plain = await Registry.start(t);
  const elsewhere = `oci://${name}:${plain.port}/example/token:1`;
  assert.match(await refused(["verify", elsewhere, "--key", line], trusting), /cannot be reached/);
});

test("a stranger's client fetches what was stored, and stores what can be fetched", async (t) => {
  const registry = await Registry.start(t);
  const { folder, build } = await release(t);
  const [ours, theirs] = [`${registry.host}/example/token:ours`, `${registry.host}/example/token:theirs`];
  await vestibule(["push", build, `oci://${ours}`]);
  const pulled = join(folder, "pulled.wasm");
  await run(process.env.INTEROP_PROGRAM, ["pull", ours, pulled]);
  await same(pulled, build);
  await run(process.env.INTEROP_PROGRAM, ["push", build, theirs]);
  const fetched = join(folder, "fetched.wasm");
  assert.equal((await vestibule(["fetch", `oci://${theirs}`, "--out", fetched])).signed, false);
  await same(fetched, build);
});
