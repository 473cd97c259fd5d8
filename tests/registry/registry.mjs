// A registry of its own for each test: a process on a free port, with its store in a folder.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The account of registries that want one; its bcrypt hash is of cost 5. */
export const ACCOUNT = { username: "robot", password: "s3cret" };
const HTPASSWD = "robot:$2b$05$kCEL/U/vk3SnA8jhifM9tOYxO4FiKKIve7PoYk5oyacl64C9m.Key\n";

export class Registry {
  /** Starts one; with an `account`, and over TLS with `tls: { cert, key }` on all addresses. */
  static async start(t, { account = false, tls } = {}) {
    const folder = await mkdtemp(join(tmpdir(), "vestibule-registry-"));
    const settings = [
      "version: 0.1",
      "log: { level: info, accesslog: { disabled: true } }",
      `storage: { filesystem: { rootdirectory: "${folder}/store" } }`,
      "http:",
      `  addr: "${tls ? "0.0.0.0" : "127.0.0.1"}:0"`,
      ...(tls ? [`  tls: { certificate: "${tls.cert}", key: "${tls.key}" }`] : []),
      ...(account ? [`auth: { htpasswd: { realm: "test", path: "${folder}/htpasswd" } }`] : []),
    ];
    await mkdir(join(folder, "store"));
    await writeFile(join(folder, "htpasswd"), HTPASSWD);
    await writeFile(join(folder, "config.yml"), settings.join("\n"));
    const child = spawn(process.env.REGISTRY_PROGRAM, ["serve", join(folder, "config.yml")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    t.after(async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(folder, { recursive: true });
    });
    const said = [];
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      const port = line.match(/listening on .*:(\d+)/)?.[1];
      if (port) {
        // What it says later must not fill the pipe.
        child.stderr.resume();
        return new Registry(folder, port);
      }
    }
    throw new Error(`the registry ended: ${said.join("\n")}`);
  }

  constructor(folder, port) {
    this.folder = folder;
    this.host = `127.0.0.1:${port}`;
    this.port = port;
  }

  /** The files of all blobs in the store. */
  async blobs() {
    const root = join(this.folder, "store/docker/registry/v2/blobs/sha256");
    const files = await readdir(root, { recursive: true, withFileTypes: true });
    return files.filter((file) => file.isFile()).map((file) => join(file.parentPath ?? file.path, file.name));
  }
}
