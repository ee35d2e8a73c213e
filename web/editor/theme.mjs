// How the editor looks: every colour and size is a variable of the page's style sheet, so that one
// theme serves light, dark and forced colours.
//
// The variables are in `style/tokens.css`; nothing here knows a colour.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const surface = EditorView.theme({
  "&": {
    blockSize: "100%",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    fontSize: "var(--font-size-code)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", paddingBlock: "var(--space-2)" },
  ".cm-cursor, .cm-dropCursor": { borderInlineStartColor: "var(--text)", borderInlineStartWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-line)" },
  ".cm-gutters": {
    color: "var(--text-muted)",
    backgroundColor: "var(--surface)",
    border: "none",
  },
  ".cm-foldPlaceholder": {
    color: "var(--text-muted)",
    backgroundColor: "var(--code-line)",
    borderColor: "var(--border)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--code-selection)",
    outline: "1px solid var(--border-strong)",
  },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { color: "var(--danger)" },
  ".cm-searchMatch": { backgroundColor: "var(--code-match)", outline: "1px solid var(--border-strong)" },
  ".cm-searchMatch-selected, .cm-selectionMatch": { backgroundColor: "var(--code-selection)" },
  ".cm-panels": {
    color: "var(--text)",
    backgroundColor: "var(--surface-raised)",
    borderColor: "var(--border)",
    fontFamily: "var(--font-sans)",
    zIndex: "1",
  },
  ".cm-panels-top": { borderBlockEnd: "1px solid var(--border)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "var(--space-1)",
    padding: "var(--space-2)",
    paddingInlineEnd: "var(--space-8)",
    fontSize: "var(--font-size-small)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "var(--space-1)" },
  ".cm-textfield": {
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--border-strong)",
    borderRadius: "var(--radius-small)",
    padding: "var(--space-1)",
    margin: "0",
    font: "inherit",
  },
  ".cm-button, .cm-panel button": {
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    border: "1px solid var(--border)",
    borderRadius: "var(--radius-small)",
    padding: "var(--space-1) var(--space-2)",
    margin: "0",
    font: "inherit",
  },
  ".cm-textfield:focus-visible, .cm-panel button:focus-visible": { outline: "2px solid var(--focus)" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--surface-raised)",
    border: "1px solid var(--border)",
    borderRadius: "var(--radius-small)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--text)",
    backgroundColor: "var(--code-selection)",
  },
  ".cm-specialChar": { color: "var(--danger)" },
});

const words = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.unit, tags.color], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta, tags.documentMeta], color: "var(--code-comment)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName], color: "var(--code-function)" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--code-type)" },
  { tag: [tags.tagName, tags.heading], color: "var(--code-tag)" },
  { tag: [tags.attributeName, tags.propertyName, tags.labelName], color: "var(--code-property)" },
  { tag: [tags.link, tags.url], color: "var(--code-link)", textDecoration: "underline" },
  { tag: tags.heading, fontWeight: "bold" },
  { tag: tags.strong, fontWeight: "bold" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.invalid, color: "var(--danger)" },
]);

export const theme = [surface, syntaxHighlighting(words)];
