// Builds the component that `vestibule` in package.json describes: componentize-js makes it, and the sections that say
// what it is are added (linking keeps no comments, and JavaScript has no link sections).
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { componentize } from "@bytecodealliance/componentize-js";

import { withSection } from "./section.mjs";
import { narrow } from "./wit.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { vestibule: project } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

process.chdir(root);
const folder = dirname(project.output);
await mkdir(folder, { recursive: true });
const narrowed = join(folder, "wit");
await narrow(project.wit, narrowed, dirname(project.entry));
const { component } = await componentize({
  sourcePath: project.entry,
  witPath: narrowed,
  worldName: project.world,
  // The clock is all that is asked of WASI. The host offers no HTTP, and nobody reads what a component prints.
  disableFeatures: ["stdio", "random", "http", "fetch-event"],
});

const manifest = await readFile(project.manifest);
JSON.parse(manifest);
const wit = await Promise.all(project.describe.map((file) => readFile(join(project.wit, file))));
let wasm = withSection(component, "vestibule:manifest", manifest);
for (const text of wit) wasm = withSection(wasm, "vestibule:wit", text);

await writeFile(project.output, wasm);
console.log(`${project.output}: ${wasm.length} bytes`);
