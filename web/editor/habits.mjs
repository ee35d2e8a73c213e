// What a person who knows an editor expects of this one: history, folding, several cursors, search,
// completion, and the shortcuts of VS Code where it has one.
//
// Shortcuts that the whole page answers (palette, quick open, side bar) are not here.

import { EditorState } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  ViewPlugin,
  crosshairCursor,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
  scrollPastEnd,
} from "@codemirror/view";
import {
  addCursorAbove,
  addCursorBelow,
  copyLineDown,
  copyLineUp,
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  selectLine,
  toggleBlockComment,
} from "@codemirror/commands";
import {
  bidiIsolates,
  bracketMatching,
  foldAll,
  foldCode,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  unfoldAll,
  unfoldCode,
} from "@codemirror/language";
import {
  gotoLine,
  highlightSelectionMatches,
  openSearchPanel,
  search,
  searchKeymap,
  selectMatches,
  selectSelectionMatches,
} from "@codemirror/search";
import { autocompletion, closeBrackets, closeBracketsKeymap, completeAnyWord, completionKeymap } from "@codemirror/autocomplete";
import { lintKeymap } from "@codemirror/lint";
import { isProse } from "./languages.mjs";
import { theme } from "./theme.mjs";

/// `save` and `turnWrap` are what the page does on Ctrl+S and Alt+Z.
export function habits({ path, save, turnWrap }) {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    foldGutter(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    EditorState.languageData.of(() => [{ autocomplete: completeAnyWord }]),
    rectangularSelection(),
    crosshairCursor(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    search({ top: true }),
    scrollPastEnd(),
    EditorView.perLineTextDirection.of(true),
    isProse(path) ? linesInTheirDirection : bidiIsolates(),
    theme,
    keymap.of([
      { key: "Mod-s", run: save, preventDefault: true },
      { key: "Alt-z", run: () => (turnWrap(), true) },
      ...shortcuts,
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
  ];
}

/// Those of VS Code that CodeMirror's own key maps lack. Escape and then Tab leaves the editor, and
/// so does Tab after Ctrl+M.
const shortcuts = [
  { key: "Mod-h", run: openSearchPanel, preventDefault: true },
  { key: "Ctrl-g", run: gotoLine, preventDefault: true },
  { key: "Mod-l", run: selectLine, preventDefault: true },
  { key: "Shift-Alt-a", run: toggleBlockComment },
  { key: "Ctrl-Alt-ArrowUp", run: addCursorAbove, preventDefault: true },
  { key: "Ctrl-Alt-ArrowDown", run: addCursorBelow, preventDefault: true },
  { key: "Shift-Alt-ArrowUp", run: copyLineUp },
  { key: "Shift-Alt-ArrowDown", run: copyLineDown },
  { key: "Mod-Shift-l", run: selectSelectionMatches, preventDefault: true },
  { key: "Mod-F2", run: selectSelectionMatches, preventDefault: true },
  { key: "Alt-Enter", run: selectMatches, scope: "search-panel" },
  { key: "Mod-k Mod-[", run: foldCode },
  { key: "Mod-k Mod-]", run: unfoldCode },
  { key: "Mod-k Mod-0", run: foldAll },
  { key: "Mod-k Mod-j", run: unfoldAll },
];

/// Returns the indentation that the file itself uses, or two spaces.
export function indentationOf(text) {
  const [start] = text.slice(0, 20_000).match(/^(\t| {2,8})(?=\S)/m) ?? ["  "];
  return indentUnit.of(start);
}

const inItsDirection = Decoration.line({ attributes: { dir: "auto" } });

/// Gives every line in sight the direction of its first strong letter.
const linesInTheirDirection = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = inSight(view);
    }
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = inSight(update.view);
    }
  },
  { decorations: (it) => it.decorations },
);

function inSight(view) {
  const lines = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      lines.push(inItsDirection.range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(lines, true);
}
