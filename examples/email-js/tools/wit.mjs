// The WIT that a component is built with, narrowed to what its sources import.
//
// WIT imports an interface whole, and componentize-js keeps all of it. What a component imports it must be granted: a
// component that only asks who calls would need the grant to say who the message acts for.
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import oxc from "oxc-parser";

/** Copies the WIT in `folder` to `copy`, without the functions of imported interfaces that no file in `sources` imports. */
export async function narrow(folder, copy, sources) {
  await rm(copy, { recursive: true, force: true });
  await cp(folder, copy, { recursive: true });
  const used = await importsOf(sources);
  for (const file of await files(copy, ".wit")) {
    const text = await readFile(file, "utf8");
    const narrowed = withoutUnused(text, used);
    if (narrowed !== text) await writeFile(file, narrowed);
  }
}

/** The interfaces that modules in `folder` import, by specifier, each with the names that are used of it. */
async function importsOf(folder) {
  const used = new Map();
  for (const file of await files(folder, ".js")) {
    const { module } = oxc.parseSync(file, await readFile(file, "utf8"));
    for (const { moduleRequest, entries } of module.staticImports) {
      const names = used.get(moduleRequest.value) ?? new Set();
      for (const { importName } of entries) names.add(importName.kind === "Name" ? importName.name : "*");
      used.set(moduleRequest.value, names);
    }
  }
  return used;
}

/** A file of WIT without the functions that are not `used` of interfaces that are. */
export function withoutUnused(text, used) {
  const [, name, version = ""] = text.match(/^package ([^@;]+)(@[^;]+)?;/m) ?? [];
  return text.replace(/^interface (\S+) \{\n[^]*?^\}/gm, (block, id) => {
    const names = used.get(`${name}/${id}${version}`);
    if (names === undefined || names.has("*")) return block;
    const isUsed = (kebab) => names.has(kebab.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase()));
    const functions = /^(?: *\/\/\/.*\n)* *%?([a-z0-9-]+): func\([^;]*;\n/gm;
    return block.replace(functions, (whole, kebab) => (isUsed(kebab) ? whole : ""));
  });
}

async function files(folder, ending) {
  const found = await readdir(folder, { recursive: true });
  return found.filter((file) => file.endsWith(ending)).map((file) => join(folder, file));
}
