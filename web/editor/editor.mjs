// The editor that the page loads when a file is first opened: CodeMirror, with saving and outside
// changes already dealt with.
//
// It knows no project and no core: text comes in as `open` and `stored`, what is typed goes out
// through `onSave`. How the two meet is in `typed.mjs`, when is in `saving.mjs`.

import { Compartment, EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { habits, indentationOf } from "./habits.mjs";
import { languageOf } from "./languages.mjs";
import { Saving } from "./saving.mjs";
import { Typed, finely, toText } from "./typed.mjs";

/// Editors that were left, the last used last: their undo history, cursor and scroll position stay.
const left = new Map();
const N_LEFT = 16;

/// Shows a document in `parent`. `options`:
/// - `key` names the document for coming back to it; `path` decides the language
/// - `text`, `version` are what is stored; `typed` is what was typed before the editor was loaded
/// - `label`, `phrases` are words for people; `readOnly`, `wrap`; `top` is where to scroll to
/// - `onSave({ base, changes })`, `onState("saved" | "typed" | "saving")`, `onCarried()`,
///   `onScroll(top)`, `onWrap(on)`
export function open(parent, options) {
  const editor = left.get(options.key) ?? new Editor(options);
  left.delete(options.key);
  editor.enter(parent, options);
  return editor;
}

class Editor {
  constructor(options) {
    this.options = options;
    this.locked = options.readOnly;
    this.wrapped = options.wrap;
    this.readOnly = new Compartment();
    this.wrap = new Compartment();
    this.language = new Compartment();
    this.lint = new Compartment();
    this.saving = new Saving(new Typed(options.version, options.text), {
      send: (save) => this.options.onSave(save),
      show: (changes) => this.show(changes),
      said: (state) => this.options.onState(state),
      carried: () => this.options.onCarried(),
    });
    this.view = new EditorView({
      state: EditorState.create({ doc: this.saving.typed.text, extensions: this.extensions(options) }),
    });
    this.view.scrollDOM.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.loadLanguage(options.path);
  }

  extensions({ path, text, label, phrases, readOnly, wrap }) {
    return [
      this.readOnly.of(readOnlyness(readOnly)),
      this.wrap.of(wrap ? EditorView.lineWrapping : []),
      this.language.of([]),
      this.lint.of([]),
      habits({ path, save: () => this.save(), turnWrap: () => this.options.onWrap(!this.wrapped) }),
      indentationOf(text),
      EditorState.phrases.of(phrases ?? {}),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.updateListener.of((update) => {
        const own = update.docChanged && !update.transactions.some((it) => it.annotation(Transaction.remote));
        if (own) this.saving.type(update.changes);
        if (update.focusChanged && !update.view.hasFocus) this.save();
      }),
    ];
  }

  async loadLanguage(path) {
    const language = languageOf(path);
    if (!language) return;
    // Without its language a file is plain text, which is shown already.
    const support = await language.load().catch(() => []);
    this.view.dispatch({ effects: this.language.reconfigure(support) });
  }

  enter(parent, options) {
    const returns = this.options !== options;
    this.options = options;
    parent.append(this.view.dom);
    this.setReadOnly(options.readOnly);
    this.setWrap(options.wrap);
    if (returns) {
      this.saving.resume();
      this.saving.storedWhole(options.version, options.text);
    }
    if (typeof options.typed === "string") this.adopt(options.typed);
    const top = returns ? this.top : options.top;
    if (top) this.view.requestMeasure({ read: () => null, write: () => (this.view.scrollDOM.scrollTop = top) });
  }

  /// Text from elsewhere: it is not typed, and not undone with what was.
  show(changes) {
    this.view.dispatch({
      changes,
      annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
    });
  }

  /// What was typed into the plain field while this was loading.
  adopt(text) {
    const changes = finely(this.view.state.doc, toText(text, "\n"));
    if (!changes.empty) this.view.dispatch({ changes });
  }

  scrolled() {
    if (!this.view.dom.isConnected) return;
    this.top = this.view.scrollDOM.scrollTop;
    this.options.onScroll(this.top);
  }

  /// The stored text changed between two positions of the old one.
  stored(version, from, to, insert) {
    this.saving.stored(version, from === to && insert === "" ? null : { from, to, insert });
  }

  save() {
    this.saving.save();
    return true;
  }

  /// Returns the text with everything typed.
  text() {
    return this.view.state.sliceDoc();
  }

  // What is set anew costs a whole update.
  setReadOnly(on) {
    if (this.locked === on) return;
    this.locked = on;
    this.view.dispatch({ effects: this.readOnly.reconfigure(readOnlyness(on)) });
  }

  setWrap(on) {
    if (this.wrapped === on) return;
    this.wrapped = on;
    this.view.dispatch({ effects: this.wrap.reconfigure(on ? EditorView.lineWrapping : []) });
  }

  /// Puts the cursor at a line counted from 1, in sight.
  reveal(line) {
    const { from } = this.view.state.doc.line(Math.min(Math.max(line, 1), this.view.state.doc.lines));
    this.view.dispatch({
      selection: { anchor: from },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    this.view.focus();
  }

  focus() {
    this.view.focus();
  }

  /// `list`: `{ line, column, severity: "error" | "warning" | "info", message }`, counted from 1.
  setDiagnostics(list) {
    const { doc } = this.view.state;
    const found = list
      .filter(({ line }) => line >= 1 && line <= doc.lines)
      .map(({ line, column, severity, message }) => {
        const at = doc.line(line);
        const from = Math.min(at.from + Math.max((column ?? 1) - 1, 0), at.to);
        return { from, to: at.to, severity, message };
      });
    // The gutter takes room, so it is there when there is something to show.
    this.view.dispatch({ effects: this.lint.reconfigure(found.length ? lintGutter() : []) });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /// Saves and leaves the page, ready to come back.
  leave() {
    this.save();
    this.saving.stop();
    const { key } = this.options;
    // Nobody listens any more, not even to the blur that follows.
    this.options = { ...this.options, ...deaf };
    this.view.dom.remove();
    left.set(key, this);
    for (const [key, editor] of left) {
      if (left.size <= N_LEFT) break;
      left.delete(key);
      editor.view.destroy();
    }
  }
}

const deaf = { onSave() {}, onState() {}, onCarried() {}, onScroll() {}, onWrap() {} };

function readOnlyness(on) {
  return [EditorState.readOnly.of(on), EditorView.editable.of(true)];
}

globalThis.easelEditor = { open };
