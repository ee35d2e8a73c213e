// Which language a file is in, by its name; a language is loaded when a file needs it.
//
// Highlighting, folding and completion of a language are its package's business.

import { LanguageDescription } from "@codemirror/language";

const scripts = (options) => () => import("@codemirror/lang-javascript").then((it) => it.javascript(options));

export const LANGUAGES = [
  described("HTML", ["html", "htm", "svg", "xhtml"], () => import("@codemirror/lang-html").then((it) => it.html())),
  described("CSS", ["css"], () => import("@codemirror/lang-css").then((it) => it.css())),
  described("JavaScript", ["js", "mjs", "cjs"], scripts({}), ["js", "node"]),
  described("JSX", ["jsx"], scripts({ jsx: true })),
  described("TypeScript", ["ts", "mts", "cts"], scripts({ typescript: true }), ["ts"]),
  described("TSX", ["tsx"], scripts({ jsx: true, typescript: true })),
  described("JSON", ["json", "jsonc", "map", "webmanifest"], () => import("@codemirror/lang-json").then((it) => it.json())),
  described("Markdown", ["md", "markdown"], markdown, ["md"]),
  described("Rust", ["rs"], () => import("@codemirror/lang-rust").then((it) => it.rust()), ["rs"]),
  described("Python", ["py", "pyi"], () => import("@codemirror/lang-python").then((it) => it.python()), ["py"]),
];

export function languageOf(path) {
  return LanguageDescription.matchFilename(LANGUAGES, path.slice(path.lastIndexOf("/") + 1));
}

/// Prose is read in its own direction, line by line; code from left to right.
export function isProse(path) {
  return /\.(md|markdown|txt)$/i.test(path) || !path.slice(path.lastIndexOf("/") + 1).includes(".");
}

function described(name, extensions, load, alias = []) {
  return LanguageDescription.of({ name, extensions, alias, load });
}

/// Markdown with its code blocks in their own languages.
async function markdown() {
  const it = await import("@codemirror/lang-markdown");
  return it.markdown({ base: it.markdownLanguage, codeLanguages: LANGUAGES });
}
