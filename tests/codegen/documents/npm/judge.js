// `node judge.js FILE…` tells what AsyncAPI's parser says of each `*.asyncapi.json`, and what Ajv says of any other
// document: a JSON Schema, of which each type takes its own examples. One object of JSON, by file.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

async function asyncapi(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.map((one) => `${one.code}: ${one.message} (${one.path.join(".")})`);
  return document === undefined ? ["it is not read", ...found] : found;
}

function jsonSchema(text) {
  const schema = JSON.parse(text);
  const logged = [];
  const log = (...words) => logged.push(words.join(" "));
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, logger: { log, warn: log, error: log } });
  addFormats(ajv);
  ajv.addSchema(schema, "document");
  for (const [name, type] of Object.entries(schema.$defs)) {
    const check = ajv.getSchema(`document#/$defs/${name}`);
    for (const example of type.examples ?? []) {
      if (!check(example)) logged.push(`${name}: ${ajv.errorsText(check.errors)}: ${JSON.stringify(example)}`);
    }
  }
  return logged;
}

const found = {};
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  try {
    found[file] = file.endsWith(".asyncapi.json") ? await asyncapi(text) : jsonSchema(text);
  } catch (error) {
    found[file] = [String(error)];
  }
}
console.log(JSON.stringify(found));
