// The app's service worker, with a browser of a few maps around it.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createContext, runInContext } from "node:vm";

const template = await readFile(new URL("sw.js", import.meta.url), "utf8");
const ORIGIN = "http://easel.localhost:9595";
const HASHED = "/core-0123456789abcdef.js";

test("a build that is kept answers without a network", async () => {
  const browser = new Browser({ "/": "page 1", [HASHED]: "core", "/editor.js": "editor" });
  await browser.begin(worker(browser, "1", ["/", HASHED, "/editor.js"]));
  browser.network = {};
  assert.equal(await browser.open("/"), "page 1");
  assert.equal(await browser.open("/?project=p1"), "page 1");
  assert.equal(await browser.load("/editor.js"), "editor");
});

test("what the proxy answers is never kept and never answered here", async () => {
  const browser = new Browser({ "/": "page 1" });
  await browser.begin(worker(browser, "1", ["/"]));
  for (const path of ["/app/health", "/v1/models", "/sw.js", "/app"]) assert.equal(await browser.load(path), undefined, path);
  assert.equal(await browser.load("/", { method: "POST" }), undefined);
  assert.equal(await browser.load("/", { origin: "http://elsewhere.test" }), undefined);
});

test("a build of which one file is missing is not kept", async () => {
  const browser = new Browser({ "/": "page 1" });
  await browser.begin(worker(browser, "1", ["/"]));
  browser.network = { "/": "page 2" };
  await assert.rejects(browser.install(worker(browser, "2", ["/", "/missing.js"])), /missing\.js: 404/);
  assert.deepEqual([...browser.kept.keys()], ["easel-build-1"]);
  assert.equal(await browser.open("/"), "page 1");
});

test("a new build waits, takes what has not changed from the old one, and keeps that one", async () => {
  const browser = new Browser({ "/": "page 1", [HASHED]: "core", "/editor.js": "old" });
  await browser.begin(worker(browser, "1", ["/", HASHED, "/editor.js"]));
  browser.network = { "/": "page 2", "/editor.js": "new" };
  browser.asked = [];
  const second = worker(browser, "2", ["/", HASHED, "/editor.js"]);
  await browser.install(second);
  assert.deepEqual(browser.asked.sort(), ["/", "/editor.js"], "a name with a hash is not fetched again");
  assert.equal(second.skipped, false);
  assert.equal(await browser.open("/"), "page 1");
  second.hear("message", { data: { type: "skip-waiting" } });
  assert.equal(second.skipped, true);
  await browser.activate(second);
  assert.equal(await browser.open("/"), "page 2");
  assert.equal(await browser.load("/editor.js"), "new");
  assert.deepEqual([...browser.kept.keys()], ["easel-build-1", "easel-build-2"]);
});

test("what the browser has dropped is kept again, from the same build only", async () => {
  const files = ["/", HASHED, "/editor.js"];
  const network = { "/": "page 1", [HASHED]: "core", "/editor.js": "editor" };
  const browser = new Browser({ ...network, "/precache.json": { build: "2" } });
  await browser.begin(worker(browser, "1", files));
  const kept = browser.kept.get("easel-build-1");
  await browser.tell("mend");
  assert.ok(!browser.asked.includes("/precache.json"), "all is there");
  kept.delete(HASHED);
  await browser.tell("mend");
  assert.ok(!kept.has(HASHED), "the network has another build");
  browser.network["/precache.json"] = { build: "1" };
  await browser.tell("mend");
  browser.network = {};
  assert.equal(await browser.load(HASHED), "core");
  kept.delete(HASHED);
  await browser.tell("mend");
  assert.equal(await browser.open("/"), "page 1", "without a network all else stays");
});

test("only one older build stays", async () => {
  const browser = new Browser({ "/": "page" });
  for (const build of ["1", "2", "3"]) await browser.begin(worker(browser, build, ["/"]));
  assert.deepEqual([...browser.kept.keys()], ["easel-build-2", "easel-build-3"]);
});

test("without a build it serves nothing, and takes itself and what was kept away", async () => {
  const browser = new Browser({ "/": "page 1" });
  await browser.begin(worker(browser, "1", ["/"]));
  const unbuilt = worker(browser, null, null);
  await browser.begin(unbuilt);
  assert.equal(await browser.open("/"), undefined);
  assert.equal(unbuilt.unregistered, true);
  assert.equal(browser.kept.size, 0);
});

test("a browser that can takes names with a hash from the caches by itself", async () => {
  const script = "/core-0123456789abcdef.js";
  const browser = new Browser({ "/": "page", [script]: "script" });
  const routed = [];
  browser.addRoutes = async (route) => routed.push(route);
  await browser.begin(worker(browser, "1", ["/", script]));
  assert.deepEqual(routed.map(({ source }) => source), ["cache"]);
  const patterns = routed[0].condition.or.map((it) => it.urlPattern);
  assert.ok(patterns.includes("/core-*"), String(patterns));
  // A route would take it at its word, and find nothing.
  const kept = browser.kept.get("easel-build-1").get(script);
  assert.deepEqual([kept.headers.get("vary"), kept.headers.get("etag")], [null, "1"]);
});

test("a browser that refuses the routes keeps the build all the same", async () => {
  const browser = new Browser({ "/": "page" });
  browser.addRoutes = async () => {
    throw new TypeError("no such source");
  };
  await browser.begin(worker(browser, "1", ["/"]));
  assert.equal(await browser.open("/"), "page");
});

/// Runs the script as the build leaves it; without a build, as it is.
function worker(browser, build, files) {
  const script = build === null ? template : template
    .replace('/*BUILD*/ ""', JSON.stringify(build))
    .replace("/*PRECACHE*/ []", JSON.stringify(files));
  const listeners = {};
  const own = { skipped: false, unregistered: false, hear: (name, event) => listeners[name](event) };
  runInContext(script, createContext({
    URL,
    Error,
    Promise,
    Headers,
    Response: class {
      constructor(body, { headers }) {
        Object.assign(this, { ok: true, body, headers });
      }
    },
    Request: class {
      constructor(path) {
        this.path = path;
      }
    },
    location: { origin: ORIGIN },
    addEventListener: (name, listener) => (listeners[name] = listener),
    skipWaiting: () => (own.skipped = true),
    clients: { claim: async () => {} },
    registration: { unregister: async () => (own.unregistered = true) },
    caches: browser.caches,
    fetch: (request) => browser.fetch(request.path),
  }));
  return own;
}

class Browser {
  kept = new Map();
  asked = [];

  constructor(network) {
    this.network = network;
    this.caches = {
      open: async (name) => {
        if (!this.kept.has(name)) this.kept.set(name, new Map());
        const files = this.kept.get(name);
        return { match: async (path) => files.get(path), put: async (path, response) => files.set(path, response), keys: async () => [...files.keys()].map((path) => ({ url: ORIGIN + path })) };
      },
      keys: async () => [...this.kept.keys()],
      delete: async (name) => this.kept.delete(name),
    };
  }

  async fetch(path) {
    this.asked.push(path);
    const body = this.network[path];
    if (body === undefined) return { ok: false, status: 404, json: async () => JSON.parse("") };
    return { ok: true, body, headers: new Headers({ vary: "origin", etag: "1" }), json: async () => body };
  }

  async install(worker) {
    const waited = [];
    const waitUntil = (promise) => waited.push(promise);
    worker.hear("install", { waitUntil, addRoutes: this.addRoutes });
    await Promise.all(waited);
  }

  async activate(worker) {
    this.active = worker;
    let waited;
    worker.hear("activate", { waitUntil: (promise) => (waited = promise) });
    await waited;
  }

  /// Says something to the active worker, and waits for what it does.
  async tell(type) {
    let waited;
    this.active.hear("message", { data: { type }, waitUntil: (promise) => (waited = promise) });
    await waited;
  }

  async begin(worker) {
    await this.install(worker);
    await this.activate(worker);
  }

  open(path) {
    return this.load(path, { mode: "navigate" });
  }

  /// The body that the worker answers with, or undefined when it leaves the request to the network.
  async load(path, { mode = "no-cors", method = "GET", origin = ORIGIN } = {}) {
    let answer;
    this.active.hear("fetch", {
      request: { url: origin + path, mode, method, path },
      respondWith: (promise) => (answer = promise),
    });
    return answer && (await answer).body;
  }
}
