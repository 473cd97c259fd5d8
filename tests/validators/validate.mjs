// Checks an OpenAPI 3.1 and an AsyncAPI 3.0 document:
//
//     npm install --ignore-scripts --no-package-lock --no-audit --no-fund
//     node validate.mjs openapi.json asyncapi.json
//
// The first is checked against the specification's own JSON Schema, references included; the second by the AsyncAPI
// Initiative's parser. Exit code 0: both are valid; 1: they are not; 2: it could not be found out.

import { readFile } from "node:fs/promises";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import { Validator } from "@seriousme/openapi-schema-validator";

const [openapi, asyncapi] = process.argv.slice(2);
if (!openapi || !asyncapi) {
  console.error("usage: node validate.mjs openapi.json asyncapi.json");
  process.exit(2);
}

async function checkOpenApi(text) {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(text));
  if (!valid) return [typeof errors === "string" ? errors : JSON.stringify(errors, null, 2)];
  if (validator.version !== "3.1") return [`is version ${validator.version}, not 3.1`];
  // Fails on a reference that leads nowhere.
  validator.resolveRefs();
  return [];
}

async function checkAsyncApi(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const errors = diagnostics
    .filter(({ severity }) => severity === DiagnosticSeverity.Error)
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
  if (errors.length === 0 && !document?.version().startsWith("3.0.")) {
    errors.push(`is version ${document?.version()}, not 3.0`);
  }
  return errors;
}

let failed = false;
for (const [path, check] of [[openapi, checkOpenApi], [asyncapi, checkAsyncApi]]) {
  try {
    const errors = await check(await readFile(path, "utf8"));
    console.log(`${path}: ${errors.length === 0 ? "valid" : "NOT valid"}`);
    for (const error of errors) console.log(`  ${error}`);
    failed ||= errors.length > 0;
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    process.exit(2);
  }
}
process.exit(failed ? 1 : 0);
