// What a program in the sandbox finds beside the language: a console, timers, a queue for
// microtasks.
//
// It runs inside the sandbox, before anything else. Timers do not wait: when nothing else is left to
// do, the clock they go by is put forward.

import { LEVELS, text } from "../written.js";

const print = globalThis.easelPrint;
delete globalThis.easelPrint;

globalThis.console = Object.fromEntries(
  Object.keys(LEVELS).map((method) => [method, (...args) => print(text(args))]),
);
console.assert = (condition, ...args) => {
  if (!condition) print(`Assertion failed: ${text(args)}`);
};

const timers = new Map();
let now = 0;
let lastId = 0;

function add(call, ms, again, args) {
  const wait = Math.max(0, Number(ms) || 0);
  timers.set(++lastId, { call, args, at: now + wait, again: again ? Math.max(1, wait) : 0 });
  return lastId;
}

const drop = (id) => void timers.delete(id);
Object.assign(globalThis, {
  setTimeout: (call, ms, ...args) => add(call, ms, false, args),
  setInterval: (call, ms, ...args) => add(call, ms, true, args),
  clearTimeout: drop,
  clearInterval: drop,
  queueMicrotask: (call) => void Promise.resolve().then(call),
});

// Calls the timer that is due first. Tells whether there was one.
globalThis.easelTick = () => {
  let next;
  for (const [id, timer] of timers) if (!next || timer.at < next.timer.at) next = { id, timer };
  if (!next) return false;
  const { id, timer } = next;
  now = timer.at;
  if (timer.again) timer.at += timer.again;
  else timers.delete(id);
  timer.call(...timer.args);
  return true;
};
