// What a tab of the app holds in memory, as the browser's own tools and the system count it.
//
// `performance.measureUserAgentSpecificMemory` needs cross-origin isolation, which Easel does not
// have. The preview's frames have a process of their own, which is not counted.

import { readFile } from "node:fs/promises";

// Returns bytes: `used` by page and workers, each after a collection: JS and DOM heaps, array
// buffers, and all of the wasm memories; `own` is what the system counts as private to the largest
// renderer, which is the app's.
export async function memoryOf(chrome, page, origin) {
  const ofPage = await chrome.context.newCDPSession(page);
  const root = await chrome.browser.newBrowserCDPSession();
  let used = await usedBy((method, params) => ofPage.send(method, params));
  const { targetInfos } = await root.send("Target.getTargets");
  for (const { type, url, targetId } of targetInfos) {
    if (type === "worker" && url.startsWith(origin)) used += await usedBy(await attach(root, targetId));
  }
  const { processInfo } = await root.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter((it) => it.type === "renderer");
  const own = Math.max(...(await Promise.all(renderers.map((it) => privateOf(it.id)))));
  await root.detach();
  await ofPage.detach();
  return { used, own };
}

async function usedBy(send) {
  await send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await send("Runtime.getHeapUsage");
  const { result } = await send("Runtime.evaluate", {
    expression: MEMORY,
    awaitPromise: true,
    returnByValue: true,
  });
  return usedSize + embedderHeapUsedSize + backingStorageSize + result.value;
}

// A module's script gives its exports to whoever starts it again; the loader of a worker names it, in
// the page it was asked for. (`Runtime.queryObjects` would find the memories, but does not return in
// Chromium 156 where modules are divided.)
const MEMORY = `(async () => {
  const loader = self.document ? "" : await (await fetch(location)).text();
  const asked = performance.getEntriesByType("resource").map((it) => it.name);
  const [script] = /\\/(?:easel|core|compiler)-[0-9a-f]+\\.js/.exec([loader, ...asked].join(" "));
  const { default: init } = await import(script);
  return (await init()).memory.buffer.byteLength;
})()`;

// A worker's own session. Playwright has none for workers, so messages go by way of the browser's.
async function attach(root, targetId) {
  const { sessionId } = await root.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map();
  root.on("Target.receivedMessageFromTarget", (event) => {
    if (event.sessionId !== sessionId) return;
    const { id, result, error } = JSON.parse(event.message);
    waiting.get(id)?.(error ?? result);
  });
  let lastId = 0;
  return (method, params = {}) =>
    new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      root.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) });
    });
}

async function privateOf(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  let kib = 0;
  for (const [, n] of text.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)) kib += Number(n);
  return kib * 1024;
}
