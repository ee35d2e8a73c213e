// How what a page logs is written for reading.

import { test } from "node:test";
import assert from "node:assert/strict";

globalThis.Node ??= class Node {};
const { watchConsole } = await import("./console.js");

test("values are written as a person would read them", () => {
  assert.equal(logged("a", 1, null, undefined, 2n), "a 1 null undefined 2n");
  assert.equal(logged({ a: [1, { b: "c" }] }, new Map([[1, new Set([2])]])), '{a: [1, {b: "c"}]} Map {1 => Set {2}}');
  assert.equal(logged(class Point {}, () => 1, Symbol("s")), "ƒ Point ƒ anonymous Symbol(s)");
  assert.equal(logged("%s is %d%% of %o%c", "x", 4.7, { y: 1 }, "color: red", "z"), "x is 4% of {y: 1} z");
});

test("what is circular, deep, long or hostile has an end", () => {
  const loop = { name: "loop" };
  loop.self = loop;
  assert.equal(logged(loop), '{name: "loop", self: [circular]}');
  assert.equal(logged({ a: { b: { c: { d: 1 } } } }), "{a: {b: {c: {…}}}}");
  assert.ok(logged("x".repeat(100_000)).length < 5_000);
  assert.ok(logged(Array.from({ length: 100_000 }, () => 1)).length < 1_000);
  const trap = new Proxy({}, { getPrototypeOf: () => { throw new Error("no"); } });
  assert.equal(logged(trap), "[something that cannot be shown]");
  assert.equal(logged("%d", Symbol("s")), "[something that cannot be shown]");
});

test("the browser's own console still hears it, and its levels are told", () => {
  const heard = [];
  const { warn, assert: check } = console;
  console.warn = (...args) => heard.push(args);
  console.assert = () => {}; // Node's own one warns.
  const said = [];
  watchConsole((report) => said.push(report));
  console.warn("careful", 1);
  console.assert(false, "wrong");
  Object.assign(console, { warn, assert: check });
  assert.deepEqual(heard, [["careful", 1]]);
  assert.deepEqual(said.map((it) => [it.level, it.text]), [
    ["warning", "careful 1"],
    ["error", "Assertion failed: wrong"],
  ]);
});

function logged(...args) {
  const { log, info, debug, warn, error, assert: check } = console;
  Object.assign(console, { log() {}, info() {}, debug() {}, warn() {}, error() {}, assert() {} });
  const said = [];
  watchConsole((report) => said.push(report.text));
  console.log(...args);
  Object.assign(console, { log, info, debug, warn, error, assert: check });
  return said[0];
}
