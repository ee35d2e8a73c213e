// The preview's service worker, with pages, relays and a core of a few lines around it.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createContext, runInContext } from "node:vm";

const script = await readFile(new URL("sw.js", import.meta.url), "utf8");
const ORIGIN = "http://pv-abcdefgh.preview.easel.localhost:9595";

test("a worker without a port gets one from a relay, and the page does not notice", async () => {
  const host = new Host({ "/": "page" });
  host.addRelay();
  assert.equal(await host.open("/"), "200 page");
  assert.equal(host.n_ports, 1);
  host.restart();
  assert.equal(await host.open("/"), "200 page");
  assert.equal(host.n_ports, 2);
});

test("without Easel a page says so, and everything else fails softly", async () => {
  const host = new Host({ "/": "page" });
  assert.match(await host.open("/"), /^503 .*Easel does not answer.*Nothing is lost/s);
  assert.match(await host.load("/a.js"), /^503 Easel does not answer/);
});

test("what came with the page is not asked for again until something changes", async () => {
  const host = new Host({ "/": "page", "/a.css": "one" }, ["/a.css"]);
  host.addRelay();
  await host.open("/");
  assert.equal(await host.load("/a.css"), "200 one");
  assert.deepEqual(host.asked, ["/"]);
  host.files["/a.css"] = "two";
  host.core.postMessage({ type: "changed", generation: 2, styles: null });
  await settle();
  assert.equal(await host.load("/a.css"), "200 two");
  assert.deepEqual(host.asked, ["/", "/a.css"]);
  assert.deepEqual(host.page.heard.at(-1), { type: "changed", generation: 2, styles: null });
});

test("a body that is left out is the one from before, and is lost with the port", async () => {
  const host = new Host({ "/": "page", "/a.css": "one" }, ["/a.css"]);
  host.addRelay();
  await host.open("/");
  host.leaveOut = true;
  await host.open("/");
  assert.equal(await host.load("/a.css"), "200 one");
  host.supply();
  await host.open("/");
  assert.equal(await host.load("/a.css"), "200 one", "it is asked for, not made up");
  assert.deepEqual(host.asked, ["/", "/", "/", "/a.css"]);
});

test("a question that a dead port swallowed is asked again on the next one", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const host = new Host({ "/": "page" });
  host.addRelay();
  host.deaf = true;
  const answer = host.open("/");
  await settle();
  host.deaf = false;
  context.mock.timers.tick(3_100);
  await settle();
  assert.equal(await answer, "200 page");
  host.deaf = true;
  const never = host.open("/");
  context.mock.timers.tick(10_100);
  assert.match(await never, /^503/);
});

test("what a page says before there is a port arrives, bounded", async () => {
  const host = new Host({ "/": "page" });
  for (let n = 0; n < 300; n++) host.say({ type: "console", text: String(n) });
  host.addRelay();
  host.supply();
  await settle();
  assert.equal(host.reports.length, 200);
  assert.equal(host.reports.at(-1).report.text, "299");
  assert.equal(host.reports.at(-1).client, "page");
});

test("an answer to a dialog goes to the page that asked", async () => {
  const host = new Host({ "/": "page" });
  host.addRelay();
  await host.open("/");
  host.hear({ type: "dialog", kind: "confirm", text: "sure?", value: null }, host.page);
  await settle();
  const { id } = host.dialogs[0];
  host.core.postMessage({ type: "dialog-answer", id, value: true });
  await settle();
  const answer = { type: "dialog-answer", kind: "confirm", text: "sure?", value: true };
  assert.deepEqual(host.page.heard.at(-1), answer);
});

test("only a relay can bring a port, and other origins and methods are left alone", async () => {
  const host = new Host({ "/": "page" });
  host.addRelay();
  await host.open("/");
  const stolen = channel();
  host.hear({ type: "port" }, host.page, [stolen.port1]);
  assert.equal(await host.open("/"), "200 page");
  assert.equal(await host.load("http://elsewhere.test/x"), undefined);
  assert.match(await host.load("/api", { method: "POST" }), /^501 /);
});

// ——— helpers ———

/// A preview host: one worker, one page, perhaps a relay, and what a core answers.
class Host {
  asked = [];
  reports = [];
  dialogs = [];
  n_ports = 0;
  core = null;
  deaf = false;
  leaveOut = false;
  relay = null;

  constructor(files, beside = []) {
    this.files = files;
    this.beside = beside;
    this.page = client("page", `${ORIGIN}/`);
    this.restart();
  }

  restart() {
    this.listeners = {};
    const context = {
      addEventListener: (name, listener) => (this.listeners[name] = listener),
      caches: { open: async () => ({ match: async () => undefined }) },
      clients: {
        matchAll: async () => [this.page, this.relay].filter(Boolean),
        get: async (id) => [this.page].find((page) => page.id === id),
      },
      location: { origin: ORIGIN },
      setTimeout: (...args) => setTimeout(...args),
      setInterval: (...args) => setInterval(...args),
      clearTimeout: (id) => clearTimeout(id),
      clearInterval: (id) => clearInterval(id),
      fetch, Map, Promise, Request, Response, URL,
    };
    runInContext(script, createContext(context));
  }

  addRelay() {
    this.relay = client("relay", `${ORIGIN}/__easel/relay.html`, () => this.supply());
  }

  supply() {
    const { port1, port2 } = channel();
    this.n_ports += 1;
    this.core = port1;
    port1.onmessage = ({ data }) => this.deaf || this.answer(port1, data);
    this.hear({ type: "port" }, this.relay, [port2]);
  }

  answer(port, message) {
    if (message.type === "report") this.reports.push(message);
    if (message.type === "dialog") this.dialogs.push(message);
    if (message.type !== "ask") return;
    this.asked.push(message.url);
    const body = this.files[message.url];
    const modules = this.beside.map((url) => ({
      url, version: "1", media_type: "text/css", body: this.leaveOut ? null : this.files[url],
    }));
    port.postMessage({
      type: "answer", id: message.id, status: 200, media_type: "text/html", body, generation: 1,
      modules: message.navigation ? modules : null,
    });
  }

  hear(data, source, ports = []) {
    this.listeners.message({ data, source, ports, waitUntil: (promise) => promise.catch(assert.fail) });
  }

  say(report) {
    this.hear({ type: "report", report }, this.page);
  }

  open(path) {
    return this.load(path, { mode: "navigate" });
  }

  async load(path, { mode = "cors", method = "GET" } = {}) {
    let answer;
    const request = { url: new URL(path, ORIGIN).href, mode, method, referrer: `${ORIGIN}/` };
    this.listeners.fetch({ request, respondWith: (promise) => (answer = promise) });
    const response = await answer;
    return response && `${response.status} ${await response.text()}`;
  }
}

function client(id, url, onmessage = () => {}) {
  const heard = [];
  const postMessage = (data) => {
    heard.push(structuredClone(data));
    queueMicrotask(() => onmessage(data));
  };
  return { id, url, heard, postMessage };
}

/// Two ports whose messages arrive a moment later, as plain data.
function channel() {
  const port1 = { close() {} };
  const port2 = { close() {} };
  const join = (from, to) => {
    from.postMessage = (data) => {
      const copy = structuredClone(data);
      queueMicrotask(() => to.onmessage?.({ data: copy }));
    };
  };
  join(port1, port2);
  join(port2, port1);
  return { port1, port2 };
}

async function settle() {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}
