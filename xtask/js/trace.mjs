// Makes a module tell which of its functions are called: `later.seen(n)` for the nth of the names.
// Usage: trace.mjs NAMED.wasm TRACED.wasm NAMES.json

import { writeFile } from "node:fs/promises";

import binaryen from "binaryen";

import { functions, reader } from "./modules.mjs";

const [from, to, list] = process.argv.slice(2);
const module = (await reader(from))();
const names = [];
const own = functions(module).filter((it) => !it.module);
module.addFunctionImport("later.seen", "later", "seen", binaryen.i32, binaryen.none);
for (const { name, results, body, handle } of own) {
  const at = names.push(name) - 1;
  const tell = module.call("later.seen", [module.i32.const(at)], binaryen.none);
  handle.body = module.block(null, [tell, body], results);
}
if (!module.validate()) throw new Error(`${from} cannot be traced`);
await writeFile(to, module.emitBinary());
await writeFile(list, JSON.stringify(names));
