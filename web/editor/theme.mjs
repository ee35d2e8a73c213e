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
    backgroundColor: "var(--bg-raised)",
    fontSize: "var(--text-base)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "var(--leading)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", paddingBlock: "var(--space-2)" },
  ".cm-cursor, .cm-dropCursor": { borderInlineStartColor: "var(--text)", borderInlineStartWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--bg-active) 40%, transparent)" },
  ".cm-gutters": {
    color: "var(--text-muted)",
    backgroundColor: "var(--bg-raised)",
    border: "none",
  },
  ".cm-foldPlaceholder": {
    color: "var(--text-muted)",
    backgroundColor: "color-mix(in srgb, var(--bg-active) 40%, transparent)",
    borderColor: "var(--line)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--code-selection)",
    outline: "1px solid var(--line-strong)",
  },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { color: "var(--bad)" },
  ".cm-searchMatch": { backgroundColor: "var(--warning-soft)", outline: "1px solid var(--line-strong)" },
  ".cm-searchMatch-selected, .cm-selectionMatch": { backgroundColor: "var(--code-selection)" },
  ".cm-panels": {
    color: "var(--text)",
    backgroundColor: "var(--bg)",
    borderColor: "var(--line)",
    fontFamily: "var(--font)",
    zIndex: "1",
  },
  ".cm-panels-top": { borderBlockEnd: "1px solid var(--line)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "var(--space-1)",
    padding: "var(--space-2)",
    paddingInlineEnd: "var(--space-8)",
    fontSize: "var(--text-small)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "var(--space-1)" },
  ".cm-textfield": {
    color: "var(--text)",
    backgroundColor: "var(--bg-raised)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-small)",
    padding: "var(--space-1)",
    margin: "0",
    font: "inherit",
  },
  ".cm-button, .cm-panel button": {
    color: "var(--text)",
    backgroundColor: "var(--bg-raised)",
    backgroundImage: "none",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-small)",
    padding: "var(--space-1) var(--space-2)",
    margin: "0",
    font: "inherit",
  },
  ".cm-textfield:focus-visible, .cm-panel button:focus-visible": { outline: "2px solid var(--focus)" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--bg)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-small)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--text)",
    backgroundColor: "var(--code-selection)",
  },
  ".cm-specialChar": { color: "var(--bad)" },
});

const words = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.unit, tags.color], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta, tags.documentMeta], color: "var(--code-comment)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName], color: "var(--code-name)" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--code-type)" },
  { tag: [tags.tagName, tags.heading], color: "var(--code-tag)" },
  { tag: [tags.attributeName, tags.propertyName, tags.labelName], color: "var(--code-type)" },
  { tag: [tags.link, tags.url], color: "var(--code-name)", textDecoration: "underline" },
  { tag: tags.heading, fontWeight: "bold" },
  { tag: tags.strong, fontWeight: "bold" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

export const theme = [surface, syntaxHighlighting(words)];
