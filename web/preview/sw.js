// Answers every request of a preview: the project's files from the core, our own from a cache.
//
// It holds nothing that it cannot lose. The browser may stop it at any moment; when it runs again it
// asks a relay frame for a port to the core. It knows nothing of TypeScript, graphs or projects.

const BUILD = "__BUILD__";
const OURS = ["/__easel/relay.html", "/__easel/relay.js", "/__easel/register.js", "/__easel/client.js"];
const ASK_AGAIN_MS = 3_000;
const GIVE_UP_MS = 10_000;
const LIMIT_DIALOG_MS = 4 * 60_000;

/// The port to the core, and what is waited for on it.
let core = null;
let lastId = 0;
const waiting = new Map();

/// What pages said before there was a port; bounded, the oldest are dropped.
const unsaid = [];
const LIMIT_UNSAID = 200;

/// What the core has sent, by address; `fresh` are those of the page that was loaded last.
let modules = new Map();
let fresh = false;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(BUILD).then((cache) => cache.addAll(OURS.map(uncached))));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([clients.claim(), dropOldCaches()]));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (url.pathname.startsWith("/__easel")) event.respondWith(ours(request, url));
  else if (request.method === "GET" || request.method === "HEAD") event.respondWith(theirs(event, url));
  else event.respondWith(said(501, "The preview has no server: only GET works here."));
});

addEventListener("message", (event) => {
  const { data, source, ports } = event;
  if (data?.type === "port" && fromRelay(source)) connect(ports[0]);
  if (data?.type === "report") event.waitUntil(report(source.id, data.report));
  if (data?.type === "dialog") event.waitUntil(dialog(source, data));
});

// ——— the core ———

function connect(port) {
  core?.close();
  core = port;
  core.onmessage = ({ data }) => heard(data);
  // The core remembers per port what it has sent.
  modules = new Map();
  fresh = false;
  for (const { question } of waiting.values()) core.postMessage(question);
  for (const message of unsaid.splice(0)) core.postMessage(message);
}

function heard(message) {
  switch (message.type) {
    case "answer":
    case "dialog-answer":
      waiting.get(message.id)?.done(message);
      break;
    case "changed":
      fresh = false;
      tellPages({ type: "changed", generation: message.generation, styles: message.styles });
      break;
    case "located":
      clients.get(message.client).then((client) => client?.postMessage(message));
      break;
  }
}

/// Asks the core, as often as it takes until `limit` has passed; a port may be dead without a sign.
function ask(question, { limit = GIVE_UP_MS, again = ASK_AGAIN_MS } = {}) {
  question.id = ++lastId;
  return new Promise((resolve) => {
    const nudge = setInterval(wantPort, again);
    const end = setTimeout(() => done(null), limit);
    const done = (answer) => {
      clearInterval(nudge);
      clearTimeout(end);
      waiting.delete(question.id);
      resolve(answer);
    };
    waiting.set(question.id, { question, done });
    if (core) core.postMessage(question);
    else wantPort().then((asked) => asked || done(null));
  });
}

/// Asks all relay frames for a port; false when there is none.
async function wantPort() {
  const relays = (await clients.matchAll({ includeUncontrolled: true, type: "window" })).filter(fromRelay);
  for (const relay of relays) relay.postMessage({ type: "supply" });
  return relays.length > 0;
}

function fromRelay(client) {
  return client && new URL(client.url).pathname === "/__easel/relay.html";
}

// ——— answers ———

async function theirs(event, url) {
  const { request } = event;
  const navigation = request.mode === "navigate";
  const at = url.pathname + url.search;
  const known = fresh && !navigation && modules.get(at);
  if (known) return response(200, known.media_type, known.body);
  const question = { type: "ask", url: at, navigation, referrer: referrer(request) };
  const answer = await ask(question);
  if (!answer) return navigation ? page(503, ALONE) : said(503, "Easel does not answer.");
  if (answer.modules) remember(answer.modules);
  return response(answer.status, answer.media_type, answer.body);
}

function remember(list) {
  const before = modules;
  modules = new Map();
  for (const module of list) {
    const body = module.body ?? before.get(module.url)?.body;
    if (body) modules.set(module.url, { media_type: module.media_type, body });
  }
  fresh = true;
}

function referrer({ referrer }) {
  if (!referrer.startsWith(`${location.origin}/`)) return null;
  return new URL(referrer).pathname;
}

function response(status, type, body) {
  const headers = { "content-type": type, "cache-control": "no-store", "origin-agent-cluster": "?1" };
  return new Response(body, { status, headers });
}

function said(status, text) {
  return response(status, "text/plain; charset=utf-8", text);
}

function page(status, text) {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{font:1rem/1.5 system-ui;margin:3rem auto;max-width:34rem;padding-inline:1rem}</style>
<p>${text}</p><p><button onclick="location.reload()">Try again</button></p></html>`;
  return response(status, "text/html; charset=utf-8", html);
}

const ALONE = "This preview is fed by Easel, and Easel does not answer: it is closed, or busy. " +
  "Open the project in Easel, then try again. Nothing is lost.";

// ——— what the pages say ———

async function report(client, report) {
  const message = { type: "report", client, report };
  if (core) return core.postMessage(message);
  unsaid.push(message);
  if (unsaid.length > LIMIT_UNSAID) unsaid.shift();
  return wantPort();
}

async function tellPages(message) {
  for (const client of await clients.matchAll({ type: "window" })) {
    if (!fromRelay(client)) client.postMessage(message);
  }
}

/// Brings a question to the app, and the answer back to the page that asked.
async function dialog(client, { kind, text, value }) {
  const limit = LIMIT_DIALOG_MS;
  const answer = await ask({ type: "dialog", kind, text, value }, { limit, again: limit });
  if (answer) client.postMessage({ type: "dialog-answer", kind, text, value: answer.value });
}

// ——— our own files ———

async function ours(request, url) {
  const cache = await caches.open(BUILD);
  const kept = await cache.match(url.pathname);
  return kept ?? fetch(request);
}

async function dropOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== BUILD && name.startsWith("easel-")).map((name) => caches.delete(name)));
}

function uncached(path) {
  return new Request(path, { cache: "reload" });
}
