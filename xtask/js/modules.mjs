// What the two scripts on wasm modules share: reading one, and going through its functions.

import { readFile } from "node:fs/promises";

import binaryen from "binaryen";

// As in WASM_OPT of xtask/src/site/modules.rs: what every browser of the last years knows.
const { Features } = binaryen;
const FEATURES =
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.MutableGlobals |
  Features.NontrappingFPToInt |
  Features.SignExt |
  Features.ReferenceTypes |
  Features.Multivalue;

export async function reader(path) {
  const bytes = await readFile(path);
  return () => {
    const module = binaryen.readBinary(bytes);
    module.setFeatures(FEATURES);
    return module;
  };
}

export function functions(module) {
  const all = Array.from({ length: module.getNumFunctions() }, (_, at) => module.getFunctionByIndex(at));
  return all.map((it) => ({ ...binaryen.getFunctionInfo(it), handle: binaryen.Function(it) }));
}

// Splits a name into what is the same in every build of the same source, and what tells apart the
// functions that are made of one generic: the compiler's hash, which most changes leave alone.
export function parts(name) {
  let hash = "";
  const plain = name.replace(/::h([0-9a-f]{16})(?= |$)|\[[0-9a-f]{16}\]/g, (_, found) => {
    hash ||= found?.slice(0, 8) ?? "";
    return "";
  });
  return { plain, hash };
}
