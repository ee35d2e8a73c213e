// What a person typed survives: saves, late answers, and changes from elsewhere.

import { test } from "node:test";
import assert from "node:assert/strict";
import { ChangeSet, Text } from "@codemirror/state";
import { Typed } from "./typed.mjs";

test("what was typed is sent as differences to the stored text", () => {
  const typed = new Typed("v1", "hello");
  type(typed, 5, 5, " world");
  type(typed, 0, 1, "J");
  assert.deepEqual(typed.takeSave(), {
    base: "v1",
    changes: [
      { from: 0, to: 1, insert: "J" },
      { from: 5, to: 5, insert: " world" },
    ],
  });
  assert.equal(typed.takeSave(), null, "one save at a time");
});

test("an acknowledged save leaves nothing typed", () => {
  const typed = new Typed("v1", "hello");
  type(typed, 5, 5, "!");
  typed.takeSave();
  const { show, carried } = typed.stored("v2", { from: 5, to: 5, insert: "!" });
  assert.equal(show, null);
  assert.equal(carried, false);
  assert.equal(typed.dirty, false);
  assert.equal(typed.version, "v2");
});

test("typing goes on while a save is under way and is based on it afterwards", () => {
  const typed = new Typed("v1", "a");
  type(typed, 1, 1, "b");
  typed.takeSave();
  type(typed, 2, 2, "c");
  assert.equal(typed.text.toString(), "abc");
  typed.stored("v2", { from: 1, to: 1, insert: "b" });
  assert.equal(typed.text.toString(), "abc");
  assert.deepEqual(typed.takeSave(), { base: "v2", changes: [{ from: 2, to: 2, insert: "c" }] });
});

test("a change from elsewhere moves under what is typed", () => {
  const typed = new Typed("v1", "one\ntwo\nthree\n");
  type(typed, 7, 7, "!");
  const { show, carried } = typed.stored("v2", { from: 0, to: 0, insert: "zero\n" });
  assert.equal(carried, true);
  assert.equal(listed(show), "0-0 zero\\n");
  assert.equal(typed.text.toString(), "zero\none\ntwo!\nthree\n");
  assert.deepEqual(typed.takeSave(), { base: "v2", changes: [{ from: 12, to: 12, insert: "!" }] });
});

test("a long edit from elsewhere around what is typed changes only what differs in each line", () => {
  const line = (n, word) => `export const value${n} = ${word}("a long line", ${n});`;
  const lines = Array.from({ length: 10_000 }, (_, n) => line(n, "compute"));
  const typed = new Typed("v1", lines.join("\n"));
  const at = lines.slice(0, 100).join("\n").length;
  type(typed, at, at, " // typed");
  const next = lines.map((it, n) => (n >= 20 && n < 220 ? line(n, "improve") : it)).join("\n");
  const { show } = typed.storedWhole("v2", next);
  let n_letters = 0;
  show.iterChanges((fromA, toA) => (n_letters += toA - fromA));
  assert.ok(n_letters <= 200 * "compute".length, `${n_letters} letters are replaced`);
  assert.equal(typed.text.line(100).text, `${line(99, "improve")} // typed`);
});

test("a long edit from elsewhere is one piece where nothing is typed", () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `export const value${n} = compute("a long line", ${n});`);
  const typed = new Typed("v1", lines.join("\n"));
  const next = lines.map((it, n) => (n >= 20 && n < 220 ? it.replace("compute", "improve") : it)).join("\n");
  const { show } = typed.storedWhole("v2", next);
  let n_parts = 0;
  show.iterChanges(() => (n_parts += 1));
  assert.equal(n_parts, 1);
  assert.equal(typed.text.toString(), next);
});

test("typed text between two changes from elsewhere stays between them", () => {
  const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`);
  const typed = new Typed("v1", lines.join("\n"));
  const at = lines.slice(0, 50).join("\n").length;
  type(typed, at, at, " typed");
  const next = [...lines];
  next[2] = "changed two";
  next[97] = "changed ninety-seven";
  typed.storedWhole("v2", next.join("\n"));
  next[49] += " typed";
  assert.equal(typed.text.toString(), next.join("\n"));
});

test("a save that meets a change stays under way, as one of the new text", () => {
  const typed = new Typed("v1", "body\n");
  type(typed, 4, 4, " text");
  typed.takeSave();
  type(typed, 9, 9, "!");
  typed.stored("v2", { from: 0, to: 0, insert: "head\n" });
  assert.equal(typed.takeSave(), null);
  assert.deepEqual(typed.sentAgain(), { base: "v2", changes: [{ from: 9, to: 9, insert: " text" }] });
  typed.stored("v3", { from: 9, to: 9, insert: " text" });
  assert.deepEqual(typed.takeSave(), { base: "v3", changes: [{ from: 14, to: 14, insert: "!" }] });
});

test("a save and a change from elsewhere that arrive as one are both known", () => {
  const typed = new Typed("v1", "body\n");
  type(typed, 4, 4, " text");
  typed.takeSave();
  typed.storedWhole("v3", "head\nbody text\n");
  assert.equal(typed.text.toString(), "head\nbody text\n");
  assert.equal(typed.dirty, false);
});

test("text that someone else removed takes nothing typed with it", () => {
  const typed = new Typed("v1", "keep\nremove me\nkeep\n");
  type(typed, 11, 11, "TYPED");
  typed.storedWhole("v2", "keep\nkeep\n");
  assert.match(typed.text.toString(), /TYPED/);
});

test("typing that comes to nothing is not sent", () => {
  const typed = new Typed("v1", "abc");
  type(typed, 1, 2, "x");
  type(typed, 1, 2, "b");
  assert.equal(typed.takeSave(), null);
  assert.equal(typed.dirty, false);
});

test("positions count UTF-16 units", () => {
  const typed = new Typed("v1", "🦀é");
  type(typed, 2, 3, "è");
  assert.deepEqual(typed.takeSave().changes, [{ from: 2, to: 3, insert: "è" }]);
});

test("line ends of CR LF come back as they were", () => {
  const typed = new Typed("v1", "a\r\nb\r\n");
  assert.equal(typed.text.lines, 3);
  type(typed, 3, 3, "!\nc");
  assert.deepEqual(typed.takeSave(), { base: "v1", changes: [{ from: 4, to: 4, insert: "!\r\nc" }] });
  typed.stored("v2", { from: 4, to: 4, insert: "!\r\nc" });
  assert.equal(typed.dirty, false);
  typed.stored("v3", { from: 0, to: 1, insert: "A\r\nA" });
  assert.equal(typed.text.toString(), "A\nA\nb!\nc\n");
});

test("a file that loses its uniform line ends loses nothing else", () => {
  const typed = new Typed("v1", "a\r\nb\r\n");
  type(typed, 0, 0, "!");
  typed.storedWhole("v2", "a\r\nb\n");
  assert.equal(typed.text.toString(), "!a\r\nb\n");
  assert.deepEqual(typed.takeSave(), { base: "v2", changes: [{ from: 0, to: 0, insert: "!" }] });
});

test("mixed line ends are left alone", () => {
  const typed = new Typed("v1", "a\r\nb\nc");
  type(typed, 4, 4, "!");
  assert.deepEqual(typed.takeSave().changes, [{ from: 4, to: 4, insert: "!" }]);
});

test("page and store end up with one text, whatever the order", () => {
  for (let seed = 1; seed <= 300; seed++) check(seed, { removes: true, merges: seed % 2 === 0 });
});

test("every letter typed is there once, whatever the order", () => {
  for (let seed = 1; seed <= 300; seed++) check(seed, { removes: false, merges: seed % 2 === 0 });
});

/// A page that types, a core that stores and changes things itself, and messages that take time.
/// A core that does not merge ignores a save with an old base, and gets it again.
function check(seed, { removes, merges }) {
  const random = randomFrom(seed);
  let n_keys = 0;
  const key = () => String.fromCharCode(0xe000 + n_keys++);
  const letters = () => Array.from({ length: 1 + random(4) }, () => "abc\n"[random(4)]).join("");
  let stored = { version: "v0", text: "first line\nsecond line\nthird line\n" };
  let n = 0;
  const typed = new Typed(stored.version, stored.text);
  let shown = typed.text;
  const up = [];
  const down = [];
  const steps = new Map();
  const store = (changes) => {
    steps.set(stored.version, { changes, version: `v${++n}` });
    stored = { version: `v${n}`, text: changes.apply(Text.of(stored.text.split("\n"))).toString() };
    down.push(stored);
  };
  const lengths = new Map();
  const receive = (save) => {
    if (save.base !== stored.version && !merges) return;
    let changes = ChangeSet.of(save.changes, lengths.get(save.base) ?? stored.text.length);
    for (let at = save.base; at !== stored.version; at = steps.get(at).version) changes = changes.map(steps.get(at).changes);
    store(changes);
  };
  const again = () => (merges ? null : typed.sentAgain());
  const hear = ({ version, text }) => {
    const { show } = typed.storedWhole(version, text);
    if (show) shown = show.apply(shown);
    assert.ok(shown.eq(typed.text), `seed ${seed}: what is shown is what is held`);
  };
  lengths.set(stored.version, stored.text.length);
  for (let step = 0; step < 60; step++) {
    lengths.set(stored.version, stored.text.length);
    const what = random(5);
    if (what === 0) {
      const from = random(shown.length + 1);
      const to = removes ? Math.min(shown.length, from + random(3)) : from;
      const changes = ChangeSet.of({ from, to, insert: key() }, shown.length);
      shown = changes.apply(shown);
      typed.type(changes);
    } else if (what === 1) {
      const save = typed.takeSave();
      if (save) up.push(save);
    } else if (what === 2 && up.length) {
      receive(up.shift());
    } else if (what === 3 && down.length) {
      hear(down.shift());
    } else if (what === 4 && random(3) === 0) {
      const at = random(stored.text.length + 1);
      store(ChangeSet.of({ from: at, insert: letters() }, stored.text.length));
    }
  }
  for (let round = 0; round < 10; round++) {
    while (up.length) receive(up.shift());
    while (down.length) hear(down.shift());
    const save = typed.takeSave() ?? again();
    if (save) up.push(save);
  }
  assert.equal(typed.dirty, false, `seed ${seed}: everything is saved`);
  assert.equal(stored.text, shown.toString(), `seed ${seed}: one text`);
  if (removes) return;
  const keys = [...stored.text].filter((letter) => letter >= "\ue000").sort();
  assert.deepEqual(keys, Array.from({ length: n_keys }, (_, n) => String.fromCharCode(0xe000 + n)), `seed ${seed}`);
}

function type(typed, from, to, insert) {
  typed.type(ChangeSet.of({ from, to, insert }, typed.text.length));
}

function listed(changes) {
  const parts = [];
  changes.iterChanges((from, to, _a, _b, insert) => parts.push(`${from}-${to} ${insert.toString().replaceAll("\n", "\\n")}`));
  return parts.join(" ");
}

function randomFrom(seed) {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}
