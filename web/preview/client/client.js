// Runs first in every previewed page: tells the core what happens there, and shows what went wrong.
//
// It changes nothing that the page's own code could rely on, except that in a frame `alert`,
// `confirm` and `prompt` are shown by the app, because browsers refuse them there. It must never
// throw, and never report without bound.

import { watchConsole } from "./console.js";
import { answered, lendDialogs } from "./dialogs.js";
import { hide, locate, show } from "./overlay.js";
import { swapStyles } from "./styles.js";

const script = document.currentScript;
const generation = Number(script?.dataset.generation ?? 0);
const framed = parent !== window;
const LIMIT_REPORTS_PER_SECOND = 100;

/// What has not come by then is asked for again; the service worker gives up as early.
const LIMIT_LOAD_MS = 10_000;

let leaving = 0;
let n_reports = 0;
let lastError = 0;

/// In a sandboxed frame already looking for service workers throws.
const workers = (() => {
  try {
    return navigator.serviceWorker;
  } catch {
    return undefined;
  }
})();

function worker() {
  return workers?.controller;
}

/// Sends a report to the core: through the service worker, which also works in a tab of its own.
function send(report) {
  if (n_reports++ > LIMIT_REPORTS_PER_SECOND) return;
  if (n_reports === 1) setTimeout(() => (n_reports = 0), 1_000);
  if (worker()) worker().postMessage({ type: "report", report });
  else if (framed) parent.postMessage({ type: "easel-report", report }, "*");
}

watchConsole(send);
if (framed) lendDialogs(send, (question) => worker()?.postMessage({ type: "dialog", ...question }));

// ——— errors ———

function failed({ error, message, url = null, line = null, column = null }) {
  const id = ++lastError;
  // The core's own modules throw what they know: a file that does not compile, an import that
  // leads nowhere. Their places are already those of the project's files.
  const known = error?.easel;
  const problem = known
    ? { id, text: known.message, path: known.path, line: known.line, column: known.column }
    : { id, text: textOf(error, message), path: pathOf(url), line, column };
  const { text, path, line: row, column: at } = problem;
  send({ type: "error", id, text, url, path: known ? path : null, line: row, column: at });
  show(problem, () => {
    const { text, path, line, column } = problem; // It may have been located meanwhile.
    send({ type: "fix-this", text, path, line, column });
  });
}

function textOf(error, message) {
  if (!(error instanceof Error)) return message;
  const stack = String(error.stack ?? "");
  const head = `${error.name}: ${error.message}`;
  return (stack.includes(error.message) ? stack : `${head}\n${stack}`).slice(0, 4_000);
}

function pathOf(url) {
  try {
    return decodeURIComponent(new URL(url, location.href).pathname).slice(1);
  } catch {
    return null;
  }
}

addEventListener("error", (event) => {
  const { target } = event;
  if (target instanceof Element) {
    const url = target.currentSrc || target.src || target.href;
    // A module that could not be loaded says only here that it could not.
    if (url) failed({ message: `${target.localName} could not load ${pathOf(url) ?? url}`, url });
    return;
  }
  const { error, message, filename, lineno, colno } = event;
  failed({ error, message, url: filename || null, line: lineno || null, column: colno || null });
}, true);

addEventListener("unhandledrejection", ({ reason }) => {
  const place = placeOf(reason?.stack);
  failed({ error: reason, message: `Unhandled rejection: ${String(reason)}`, ...place });
});

/// The first place in a stack that is one of the project's files.
function placeOf(stack) {
  for (const [, url, line, column] of String(stack ?? "").matchAll(/(https?:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    if (!url.startsWith(`${location.origin}/__`)) return { url, line: Number(line), column: Number(column) };
  }
  return {};
}

// ——— what the core says ———

workers?.addEventListener("message", ({ data }) => {
  if (data?.type === "located") locate(data);
  if (data?.type === "dialog-answer") answered(data);
  if (data?.type !== "changed") return;
  if (data.styles) swapStyles(data.styles).then(() => painted(data.generation));
  else reload();
});
workers?.startMessages();

/// A load that is under way is not broken off by the next one: if what it brings is of before, the
/// core says so again when it is painted.
function reload() {
  if (leaving > 0 && performance.now() - leaving < LIMIT_LOAD_MS) return;
  leaving = performance.now();
  location.reload();
}

// ——— painted and navigated ———

/// After the frame that shows it: the first task behind an animation frame runs when that is painted.
function painted(generation) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => send({ type: "painted", generation });
  requestAnimationFrame(() => port2.postMessage(null));
}

addEventListener("load", () => painted(generation));

let shown = null;
function navigated() {
  const path = location.pathname + location.search + location.hash;
  if (path === shown) return;
  shown = path;
  send({ type: "navigated", path });
}

for (const name of ["pushState", "replaceState"]) {
  const native = history[name];
  history[name] = function (...args) {
    const result = native.apply(this, args);
    navigated();
    return result;
  };
}
addEventListener("popstate", navigated);
addEventListener("hashchange", navigated);
addEventListener("pagehide", hide);
if (document.baseURI !== "about:srcdoc" && location.protocol.startsWith("http")) navigated();
