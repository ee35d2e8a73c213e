// What a person typed since the text that is stored: kept, saved, and carried over changes that
// come from elsewhere.
//
// It holds no timer, no view and no language; `saving.mjs` decides when to save. Positions count
// UTF-16 units, as CodeMirror and the core's `Save` do. CodeMirror counts a line break as one unit:
// a file whose every line ends with CR LF is held without the CRs, and they come back on the way out.

import { ChangeSet, Text } from "@codemirror/state";
import { diff, presentableDiff } from "@codemirror/merge";

/// Beyond these, a difference is taken in larger pieces: finding smaller ones would take longer than
/// a frame. So many lines are letters without surrogates.
const LINES_LIMIT = { scanLimit: 500, timeout: 10 };
const N_LINES_LIMIT = 0xd800;
const LETTERS_LIMIT = { scanLimit: 100, timeout: 5 };
const N_LETTERS_LIMIT = 2_000;
/// How much may differ for letters to be looked for: each piece costs CodeMirror, too. Where
/// something is typed it is worth more, so that it stays between the pieces.
const N_FINE_LIMIT = 2_000;
const N_FINE_LIMIT_TYPED = 50_000;

export class Typed {
  /// `text` is the stored text and `version` its name.
  constructor(version, text) {
    this.version = version;
    this.eol = isCrLf(text) ? "\r\n" : "\n";
    this.base = toText(text, this.eol);
    /// What was sent to be saved and is not acknowledged: from `base`.
    this.sent = null;
    /// What was typed after that: from `base`, or from what `sent` makes of it.
    this.later = ChangeSet.empty(this.base.length);
  }

  /// The text with everything typed.
  get text() {
    return this.later.apply(this.sent ? this.sent.apply(this.base) : this.base);
  }

  /// Something is typed that is not known to be stored.
  get dirty() {
    return this.sent !== null || !this.later.empty;
  }

  type(changes) {
    this.later = this.later.compose(changes);
  }

  /// Returns what to send to be saved, or null when there is nothing or a save is under way.
  takeSave() {
    if (this.sent || this.later.empty) return null;
    if (this.later.apply(this.base).eq(this.base)) {
      this.later = ChangeSet.empty(this.base.length);
      return null;
    }
    this.sent = this.later;
    this.later = ChangeSet.empty(this.sent.newLength);
    return this.sentAgain();
  }

  /// Returns the save under way, for a core that may not have received it, or null.
  sentAgain() {
    return this.sent && { base: this.version, changes: this.listOf(this.sent) };
  }

  /// The stored text changed: `change` leads from the old one to the new one, and is null when only
  /// the name changed. Returns the changes that the shown text needs, or null when it needs none,
  /// and whether something typed was carried over them.
  stored(version, change) {
    if (!change) return this.replaced(version, this.base);
    const known = this.eol === "\n" && !this.sent ? change : undefined;
    return this.replaced(version, this.changed(change), known);
  }

  /// The same, with the whole stored text at hand: what a file that was away comes back with.
  storedWhole(version, text) {
    return this.replaced(version, this.parse(text));
  }

  /// `range` is where the two differ, when that is known and nothing is under way.
  replaced(version, next, range) {
    this.version = version;
    const saved = this.sent && this.sent.apply(this.base);
    if (saved && contains(this.base, saved, next)) {
      this.base = saved;
      this.sent = null;
    }
    const limit = this.dirty ? N_FINE_LIMIT_TYPED : N_FINE_LIMIT;
    const outside = finely(this.base, next, { range, limit });
    this.base = next;
    if (outside.empty) return { show: null, carried: false };
    // A save that meets a change stays under way: the core merges it, or gets it again.
    const [sent, beyond] = this.sent ? crossed(this.sent, outside) : [null, outside];
    const [later, show] = crossed(this.later, beyond);
    // What someone else did just the same is not under way any more.
    this.sent = sent && !sent.apply(next).eq(next) ? sent : null;
    this.later = sent && !this.sent ? sent.compose(later) : later;
    return { show: show.empty ? null : show, carried: this.dirty };
  }

  changed({ from, to, insert }) {
    if (this.eol === "\n") return this.base.replace(from, to, toText(insert, "\n"));
    const old = this.base.sliceString(0, this.base.length, this.eol);
    return this.parse(old.slice(0, from) + insert + old.slice(to));
  }

  /// A file that loses its uniform line ends keeps its CRs as characters from then on.
  parse(text) {
    if (this.eol === "\r\n" && !isCrLf(text)) this.eol = "\n";
    return toText(text, this.eol);
  }

  listOf(changes) {
    const list = [];
    const outer = (at) => (this.eol === "\n" ? at : at + this.base.lineAt(at).number - 1);
    changes.iterChanges((from, to, _fromB, _toB, insert) => {
      list.push({ from: outer(from), to: outer(to), insert: insert.sliceString(0, insert.length, this.eol) });
    });
    return list;
  }

  rebase(next) {
    const outside = finely(this.base, next);
    const typed = this.later;
    this.base = next;
    if (outside.empty) return { show: null, carried: false };
    this.later = typed.map(outside);
    const show = outside.map(typed, true);
    return { show: show.empty ? null : show, carried: !typed.empty };
  }
}

/// Two changes of one text: returns the first as a change of what the second makes of it, and the
/// second as one of what the first makes.
function crossed(typed, outside) {
  return [typed.map(outside), outside.map(typed, true)];
}

/// Whether `next` holds a save: it is nearer to the saved text than to the one before. The core
/// may have stored the save and a change from elsewhere before it told either.
function contains(base, saved, next) {
  if (saved.eq(next)) return true;
  return size(difference(saved, next)) < size(difference(base, next));
}

function size(change) {
  return change ? change.to - change.from + change.insert.length : 0;
}

export function toText(text, eol) {
  return Text.of(text.split(eol));
}

function isCrLf(text) {
  return text.includes("\r\n") && !/[^\r]\n|^\n|\r(?!\n)/.test(text);
}

/// Returns the one range in which two texts differ, as a change, or null.
export function difference(a, b) {
  if (a.eq(b)) return null;
  const [x, y] = [a.toString(), b.toString()];
  const shorter = Math.min(x.length, y.length);
  let start = 0;
  while (start < shorter && x.charCodeAt(start) === y.charCodeAt(start)) start++;
  let same = 0;
  while (same < shorter - start && x.charCodeAt(x.length - 1 - same) === y.charCodeAt(y.length - 1 - same)) same++;
  return { from: start, to: x.length - same, insert: y.slice(start, y.length - same) };
}

/// Returns the difference in parts, so that what is typed between two of them stays between them.
/// `range` is where the two differ; letters are looked for while no more than `limit` of them differ.
export function finely(a, b, { range = difference(a, b), limit = N_FINE_LIMIT_TYPED } = {}) {
  if (!range) return ChangeSet.empty(a.length);
  const removed = a.sliceString(range.from, range.to);
  const parts = partsOf(removed, range.insert, limit).map((part) => ({
    from: range.from + part.fromA,
    to: range.from + part.toA,
    insert: toText(range.insert.slice(part.fromB, part.toB), "\n"),
  }));
  return ChangeSet.of(parts, a.length);
}

/// Finds the lines that differ, and in them the letters.
function partsOf(a, b, limit) {
  const [linesA, linesB] = [linesOf(a), linesOf(b)];
  const [startsA, startsB] = [startsOf(linesA), startsOf(linesB)];
  // Lines of both texts, as positions in them.
  const piece = (fromA, toA, fromB, toB) => ({
    fromA: startsA[fromA],
    toA: startsA[toA],
    fromB: startsB[fromB],
    toB: startsB[toB],
  });
  const found = differentLines(linesA, linesB);
  const whole = found.map((it) => piece(it.fromA, it.toA, it.fromB, it.toB));
  if (whole.reduce((sum, it) => sum + lengthOf(it), 0) > limit) return whole;
  return found.flatMap(({ fromA, toA, fromB, toB }) => {
    if (toA - fromA !== toB - fromB) return inLetters(a, b, piece(fromA, toA, fromB, toB));
    // As many lines as before are most likely the same lines.
    const each = Array.from({ length: toA - fromA }, (_, at) => at);
    return each.flatMap((at) => inLetters(a, b, piece(fromA + at, fromA + at + 1, fromB + at, fromB + at + 1)));
  });
}

function lengthOf({ fromA, toA, fromB, toB }) {
  return toA - fromA + toB - fromB;
}

function inLetters(a, b, whole) {
  if (lengthOf(whole) > N_LETTERS_LIMIT) return [whole];
  const { fromA, toA, fromB, toB } = whole;
  return presentableDiff(a.slice(fromA, toA), b.slice(fromB, toB), LETTERS_LIMIT).map((it) => ({
    fromA: fromA + it.fromA,
    toA: fromA + it.toA,
    fromB: fromB + it.fromB,
    toB: fromB + it.toB,
  }));
}

/// Every line is one letter of the texts that are compared.
function differentLines(linesA, linesB) {
  const letters = new Map();
  const asLetters = (lines) => {
    for (const it of lines) if (!letters.has(it)) letters.set(it, letters.size);
    return lines.map((it) => String.fromCharCode(letters.get(it))).join("");
  };
  const [a, b] = [asLetters(linesA), asLetters(linesB)];
  if (letters.size > N_LINES_LIMIT) return [{ fromA: 0, toA: linesA.length, fromB: 0, toB: linesB.length }];
  return diff(a, b, LINES_LIMIT);
}

function linesOf(text) {
  return text.split(/(?<=\n)/);
}

/// Where each line starts, and where the last one ends.
function startsOf(lines) {
  const starts = [0];
  for (const it of lines) starts.push(starts.at(-1) + it.length);
  return starts;
}
