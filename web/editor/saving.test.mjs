// When saves go out, with a clock that is moved by hand.

import { test } from "node:test";
import assert from "node:assert/strict";
import { ChangeSet } from "@codemirror/state";
import { Typed } from "./typed.mjs";
import { AGAIN_MS, REST_MS, Saving } from "./saving.mjs";

test("a save goes out a moment after the last key", () => {
  const page = start("");
  page.type("a");
  page.wait(REST_MS - 1);
  page.type("b");
  page.wait(REST_MS - 1);
  assert.deepEqual(page.log, ["typed"]);
  page.wait(1);
  assert.deepEqual(page.log, ["typed", "send v1 ab", "saving"]);
  page.saving.stored("v2", { from: 0, to: 0, insert: "ab" });
  assert.deepEqual(page.log.at(-1), "saved");
});

test("leaving the editor saves at once and only once", () => {
  const page = start("");
  page.type("a");
  page.saving.save();
  page.wait(REST_MS);
  assert.deepEqual(page.log, ["typed", "send v1 a", "saving"]);
});

test("what was due while a save was under way goes out with its answer", () => {
  const page = start("");
  page.type("a");
  page.saving.save();
  page.type("b");
  page.wait(REST_MS);
  page.saving.stored("v2", { from: 0, to: 0, insert: "a" });
  assert.deepEqual(page.log, ["typed", "send v1 a", "saving", "send v2 b"]);
});

test("a key after an answer waits for its own moment", () => {
  const page = start("");
  page.type("a");
  page.saving.save();
  page.type("b");
  page.saving.stored("v2", { from: 0, to: 0, insert: "a" });
  assert.deepEqual(page.log, ["typed", "send v1 a", "saving", "typed"]);
  page.wait(REST_MS);
  assert.deepEqual(page.log.slice(-2), ["send v2 b", "saving"]);
});

test("a save that nobody answers is sent again", () => {
  const page = start("");
  page.type("a");
  page.saving.save();
  page.wait(AGAIN_MS);
  page.wait(AGAIN_MS);
  assert.deepEqual(page.log, ["typed", "send v1 a", "saving", "send v1 a", "send v1 a"]);
  page.saving.stored("v2", { from: 0, to: 0, insert: "a" });
  page.wait(10 * AGAIN_MS);
  assert.equal(page.log.at(-1), "saved");
});

test("a save that met another change is waited for, and then sent again on the new text", () => {
  const page = start("body");
  page.type("a");
  page.saving.save();
  page.saving.stored("v2", { from: 4, to: 4, insert: " more" });
  assert.deepEqual(page.log, ["typed", "send v1 a", "saving", "show", "carried"]);
  page.wait(AGAIN_MS);
  assert.equal(page.log.at(-1), "send v2 a");
  page.saving.stored("v3", { from: 0, to: 0, insert: "a" });
  assert.equal(page.log.at(-1), "saved");
});

test("a change from elsewhere with nothing typed is shown and not mentioned", () => {
  const page = start("body");
  page.saving.stored("v2", { from: 4, to: 4, insert: " more" });
  assert.deepEqual(page.log, ["show"]);
});

function start(text) {
  const log = [];
  const clock = new Clock();
  const typed = new Typed("v1", text);
  const saving = new Saving(typed, {
    send: ({ base, changes }) => log.push(`send ${base} ${changes.map((change) => change.insert).join()}`),
    show: () => log.push("show"),
    said: (state) => log.push(state),
    carried: () => log.push("carried"),
    timers: clock,
  });
  let at = 0;
  const type = (insert) => {
    saving.type(ChangeSet.of({ from: at, insert }, typed.text.length));
    at += insert.length;
  };
  return { log, saving, type, wait: (ms) => clock.wait(ms) };
}

class Clock {
  now = 0;
  timers = new Map();
  n = 0;
  setTimeout(run, ms) {
    this.timers.set(++this.n, { at: this.now + ms, run });
    return this.n;
  }
  clearTimeout(id) {
    this.timers.delete(id);
  }
  wait(ms) {
    this.now += ms;
    for (const [id, timer] of [...this.timers]) {
      if (timer.at > this.now) continue;
      this.timers.delete(id);
      timer.run();
    }
  }
}
