// Prints where the bundled component of a channel lies, from what `cargo build -p bundle --message-format json` says.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const channel = process.argv[2];
const messages = readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const isBundle = ({ reason, package_id: id }) => reason === "build-script-executed" && id.includes("components/bundle");
const { out_dir: folder } = messages.find(isBundle);
const table = readFileSync(join(folder, "components.rs"), "utf8");
const [, path] = table.match(new RegExp(`channel: "${channel}", wasm: include_bytes!\\("([^"]+)"\\)`));
console.log(path);
