// Divides a module in two, so that a page can start with the first: functions that are not in the
// profile go to the later part. In the first part a short one stands for each of these that it
// calls. It goes through the table "later", which the later part fills when it is instantiated; if
// it has not been, `later.load()` must do that before it returns.
//
// A wrong profile costs time, never correctness. Both parts are one program: they share memory,
// tables and globals. Usage: split.mjs NAMED.wasm PROFILE.txt FIRST.wasm LATER.wasm

import { readFile, writeFile } from "node:fs/promises";

import binaryen from "binaryen";

import { functions, parts, reader } from "./modules.mjs";

const READY = "later.ready";
const TABLE = "later";

const [from, profile, toFirst, toLater] = process.argv.slice(2);
const early = await readProfile();
const read = await reader(from);

const whole = read();
const own = functions(whole).filter((it) => !it.module);
const present = new Set(own.map(({ name }) => key(parts(name))));
const late = own.filter(isLate);
const kept = own.filter((it) => !isLate(it));
const tables = each(whole.getNumTables(), (at) => binaryen.getTableInfo(whole.getTableByIndex(at)));
const globals = each(whole.getNumGlobals(), (at) => binaryen.getGlobalInfo(whole.getGlobalByIndex(at)));
if (globals.some((it) => it.module) || tables.some((it) => it.module)) {
  throw new Error(`${from} imports globals or tables; only its own can be shared`);
}

const sharedTables = [...tables, { name: TABLE }];
const sharedGlobals = [...globals, { name: READY, type: binaryen.i32, mutable: true }];

// Which late functions the first part calls is known when the others have been removed from it. The
// later part may call any function of the first, so each of these counts.
const tried = firstPart(new Map(late.map(({ name }, at) => [name, at])));
for (const [at, { name }] of kept.entries()) tried.addFunctionExport(name, `kept ${at}`);
tried.runPasses(["remove-unused-module-elements"]);
const called = new Set(functions(tried).map(({ name }) => name));
tried.dispose();
const slots = new Map();
for (const { name } of late) if (called.has(name)) slots.set(name, slots.size);

const later = laterPart();
const first = firstPart(slots);
share(first, later);
first.runPasses(["remove-unused-module-elements"]);
for (const [part, path] of [[first, toFirst], [later, toLater]]) {
  if (!part.validate()) throw new Error(`${path} is not a valid module`);
  await writeFile(path, part.emitBinary());
}
const names = new Set(own.map(({ name }) => parts(name).plain));
const gone = [...early.keys()].filter((it) => !names.has(it)).length;
if (gone) {
  console.log(`${gone} of the ${early.size} names in ${profile} are not in the module; \`cargo xtask profile\` renews it`);
}

// A line is a name and the hashes of those that were called of the functions with that name.
async function readProfile() {
  const lines = (await readFile(profile, "utf8")).split("\n").filter((it) => it && !it.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [plain, hashes = ""] = line.split("\t");
      return [plain, hashes ? hashes.split(" ") : []];
    }),
  );
}

function key({ plain, hash }) {
  return `${plain}\t${hash}`;
}

// Where none of a name's hashes is known, the compiler has changed them: all of that name stay.
function isLate({ name }) {
  if (name === "__wbindgen_start") return false;
  const { plain, hash } = parts(name);
  const called = early.get(plain);
  if (!called) return true;
  return called.some((it) => present.has(key({ plain, hash: it }))) && !called.includes(hash);
}

function firstPart(slots) {
  const module = read();
  const { i32, none } = binaryen;
  module.addFunctionImport("later.load", "later", "load", none, none);
  module.addGlobal(READY, i32, true, module.i32.const(0));
  module.addTable(TABLE, slots.size, slots.size);
  const needed = module.i32.eqz(module.global.get(READY, i32));
  const load = module.if(needed, module.call("later.load", [], none));
  const same = module.local.get(0, i32);
  module.addFunction("later.slot", i32, i32, [], module.block(null, [load, same], i32));
  for (const { name, params, results } of late) {
    const slot = slots.get(name);
    const given = binaryen.expandType(params).map((type, at) => module.local.get(at, type));
    const body =
      slot === undefined
        ? module.unreachable()
        : module.call_indirect(TABLE, module.call("later.slot", [module.i32.const(slot)], i32), given, params, results);
    module.removeFunction(name);
    module.addFunction(name, params, results, [], body);
  }
  return module;
}

function laterPart() {
  const module = read();
  const exports = each(module.getNumExports(), (at) => binaryen.getExportInfo(module.getExportByIndex(at)));
  for (const { name } of exports) module.removeExport(name);
  const elements = each(module.getNumElementSegments(), (at) =>
    binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(at)),
  );
  for (const { name } of elements) module.removeElementSegment(name);
  // The memory's contents are the first part's.
  module.runPasses(["remove-memory-init"]);
  for (const { name, params, results } of kept) {
    module.removeFunction(name);
    module.addFunctionImport(name, "first", name, params, results);
  }
  module.addMemoryImport("0", "first", "memory");
  module.addTable(TABLE, slots.size, slots.size);
  module.addActiveElementSegment(TABLE, TABLE, [...slots.keys()], module.i32.const(0));
  for (const { name } of sharedTables) module.addTableImport(name, "first", `table ${name}`);
  for (const { name, type, mutable } of sharedGlobals) {
    module.addGlobalImport(name, "first", `global ${name}`, type, mutable);
  }
  const ready = module.global.set(READY, module.i32.const(1));
  module.setStart(module.addFunction("later.start", binaryen.none, binaryen.none, [], ready));
  module.runPasses(["remove-unused-module-elements"]);
  return module;
}

// Exports what the later part takes, by names that no export for the page has.
function share(first, later) {
  for (const { name } of sharedTables) first.addTableExport(name, `table ${name}`);
  for (const { name } of sharedGlobals) first.addGlobalExport(name, `global ${name}`);
  const taken = functions(later).filter((it) => it.module === "first");
  for (const [at, { name, params, results }] of taken.entries()) {
    const short = at.toString(36);
    later.addFunctionImport(name, "first", short, params, results);
    first.addFunctionExport(name, short);
  }
}

function each(n, take) {
  return Array.from({ length: n }, (_, at) => take(at));
}
