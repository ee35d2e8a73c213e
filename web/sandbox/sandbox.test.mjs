// What a script can do in the sandbox, and what it cannot.

import assert from "node:assert/strict";
import { test } from "node:test";

import variant from "@jitl/quickjs-ng-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant } from "quickjs-emscripten-core";

import { prelude } from "../sandbox.mjs";
import { LIMITS, run } from "./run.mjs";

const text = await prelude();

// As in the worker: an interpreter of its own for each run.
async function ran(code, modules = {}, limits = {}) {
  const quickjs = await newQuickJSWASMModuleFromVariant(variant);
  const program = { entry: "easel:/script.ts", modules: { ...modules, "easel:/script.ts": code } };
  return run(quickjs, text, program, { ...LIMITS, ...limits });
}

async function prints(code, expected, modules) {
  assert.deepEqual(await ran(code, modules), { output: expected, error: null });
}

test("what is printed comes back, in order, as consoles write it", async () => {
  await prints("console.log('a', 1, [2, { b: 3 }]); console.warn(new Map([[1, 2]]));", "a 1 [2, {b: 3}]\nMap {1 => 2}");
  await prints("console.assert(1 === 2, 'sums'); console.log('%s is %d', 'x', 4.5)", "Assertion failed: sums\nx is 4");
  await prints("const a = 1;", "");
});

test("modules are imported, and one that is missing is named", async () => {
  const modules = { "easel:/sum.js": "export const add = (a, b) => a + b;" };
  await prints('import { add } from "easel:/sum.js"; console.log(add(1, 2))', "3", modules);
  await prints('const { add } = await import("easel:/sum.js"); console.log(add(2, 2))', "4", modules);
  assert.match((await ran('await import("toString")')).error, /toString is not in the project/);
  const { error } = await ran('import "easel:/none.js"');
  assert.match(error, /none\.js is not in the project/);
  const broken = { "easel:/b.js": 'throw Object.assign(new SyntaxError("x"), { easel: { message: "no", path: "b.js", line: 3, column: 4 } })' };
  assert.equal((await ran('import "easel:/b.js"', broken)).error, "no (b.js:3:4)");
});

test("timers and promises run, without waiting", async () => {
  const began = performance.now();
  await prints(
    "setTimeout(() => console.log('late'), 3_600_000);\n" +
      "const id = setInterval(() => { console.log('tick'); clearInterval(id); }, 10);\n" +
      "await new Promise((done) => setTimeout(done, 60_000)); console.log('awaited');",
    "tick\nawaited\nlate",
  );
  assert.ok(performance.now() - began < LIMITS.ms, "the clock is put forward");
});

test("what is thrown comes back with its place, and what was printed before", async () => {
  const { output, error } = await ran("console.log('before');\nfunction f() { null.x }\nf();");
  assert.equal(output, "before");
  assert.match(error, /TypeError.*\n.*f.*easel:\/script\.ts:2/s);
  assert.match((await ran("throw 7")).error, /thrown: 7/);
  assert.match((await ran("await Promise.reject(new Error('no'))")).error, /Error: no/);
  assert.match((await ran("setTimeout(() => { throw new Error('later') })")).error, /Error: later/);
  assert.match((await ran("const =")).error, /SyntaxError/);
  assert.match((await ran("await new Promise(() => {})")).error, /never comes/);
});

test("what does not end, or grows, is stopped", async () => {
  const soon = { ms: 300 };
  for (const code of [
    "for (;;);",
    "const f = () => Promise.resolve().then(f); await f();",
    "setInterval(() => {}, 0);",
    "for (;;) try { for (;;); } catch {}",
    "/(a+)+$/.test('a'.repeat(40) + 'b'); for (;;);",
  ]) {
    const { error } = await ran(`console.log("began"); ${code}`, {}, soon);
    assert.equal(error, "stopped after 0.3 seconds", code);
  }
  const grown = await ran("const all = []; for (;;) all.push({ n: all.length })", {}, { bytes: 8 << 20 });
  assert.match(grown.error, /memory/);
  const deep = await ran("const f = () => f() + 1; f()");
  assert.match(deep.error, /stack/);
  const { output } = await ran("for (let i = 0; i < 100_000; i++) console.log('a line of output')");
  assert.ok(output.length < LIMITS.chars + 100 && output.endsWith("(there was more than is kept)"));
  const { error: long } = await ran('throw new Error("/ ".repeat(5e6))');
  assert.ok(long.length < LIMITS.chars + 100, "errors have an end, too");
});

test("nothing of the app, the browser or the machine is there", async () => {
  const names = [
    "fetch", "XMLHttpRequest", "WebSocket", "indexedDB", "caches", "navigator", "postMessage", "self", "window", "document",
    "Worker", "importScripts", "BroadcastChannel", "process", "require", "easelPrint", "easelTick", "std", "os",
  ];
  await prints(`console.log(${JSON.stringify(names)}.filter((it) => it in globalThis).join())`, "");
  await prints("console.log((() => {}).constructor('return typeof fetch')())", "undefined");
});
