// Shows the last error over the page, with its place, in a shadow tree that the page cannot style.
//
// It can be closed, and "Fix this" hands the error to the app. It keeps no list: the app's console
// has all of them.

const STYLE = `
  :host { all: initial }
  section { position: fixed; inset-inline: 0; inset-block-end: 0; z-index: 2147483647; max-block-size: 60vh;
    overflow: auto; padding: 12px 16px 16px; font: 14px/1.5 system-ui, sans-serif;
    color: #fff; background: #3b0d14; border-block-start: 3px solid #ff5c6c }
  header { display: flex; gap: 8px; align-items: center; flex-wrap: wrap }
  strong { flex: 1 1 auto; font-weight: 600; overflow-wrap: anywhere }
  code, pre { font: 13px/1.5 ui-monospace, monospace }
  pre { margin: 8px 0 0; white-space: pre-wrap; overflow-wrap: anywhere }
  code { color: #ffc9cf }
  button { font: inherit; color: inherit; background: #6d1a26; border: 1px solid #ff8d99; border-radius: 6px;
    padding: 4px 12px; cursor: pointer }
  button:focus-visible { outline: 2px solid #fff; outline-offset: 2px }
  @media (prefers-color-scheme: light) {
    section { color: #3b0d14; background: #fff1f2; border-color: #d11a2f }
    code { color: #8d1220 } button { background: #fff; border-color: #d11a2f }
  }`;

const NOTE_MS = 8_000;

let host = null;
let current = null;

/// `fix` is called when the person presses "Fix this".
export function show(problem, fix) {
  // The first error is the cause more often than what follows from it.
  if (current) return;
  current = { problem, fix };
  if (document.documentElement) draw();
  else addEventListener("DOMContentLoaded", draw, { once: true });
}

/// The core has found where a reported error really is.
export function locate({ id, path, line, column, text }) {
  if (current?.problem.id !== id) return;
  Object.assign(current.problem, { path, line, column, text });
  draw();
}

export function hide() {
  host?.remove();
  host = current = null;
}

/// Shows a sentence for a while.
export function note(text) {
  const host = document.createElement("easel-note");
  const section = part("section", { role: "status" }, [text]);
  host.attachShadow({ mode: "closed" }).append(part("style", {}, [STYLE]), section);
  document.documentElement.append(host);
  setTimeout(() => host.remove(), NOTE_MS);
}

function draw() {
  if (!current) return;
  const { problem, fix } = current;
  host?.remove();
  host = document.createElement("easel-error");
  const tree = host.attachShadow({ mode: "closed" });
  const [first, ...rest] = problem.text.split("\n");
  const section = part("section", { role: "alert", "aria-label": "Error in the preview" }, [
    part("header", {}, [
      part("strong", {}, [first]),
      button("Fix this", fix),
      button("Close", hide),
    ]),
    ...(problem.path ? [part("code", {}, [place(problem)])] : []),
    ...(rest.length ? [part("pre", {}, [rest.join("\n")])] : []),
  ]);
  tree.append(part("style", {}, [STYLE]), section);
  document.documentElement.append(host);
}

function place({ path, line, column }) {
  return [path, line, column].filter((part) => part != null).join(":");
}

function part(name, attributes, children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function button(label, press) {
  const element = part("button", { type: "button" }, [label]);
  element.addEventListener("click", press);
  return element;
}
