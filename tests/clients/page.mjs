// The clients from npm in a real page of another origin, which reads only what the gateway lets it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import { chromium } from "@playwright/test";
import { build } from "esbuild";

import { CHROMIUM, FLAGS } from "../e2e/browser.mjs";
import { startGateway } from "./gateway.mjs";

test("clients from npm in a page", async (t) => {
  const page = await servePage();
  t.after(() => page.server.close());
  const gateway = await startGateway({ origins: [page.origin] });
  t.after(() => gateway.stop());
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  t.after(() => browser.close());
  const tab = await browser.newPage();
  await tab.exposeFunction("open_", gateway.open);
  await tab.exposeFunction("tell", (name, why) => t.test(name, () => assert.ok(!why, why)).then(() => {}));
  await tab.goto(page.origin);
  const { url, key } = gateway;
  await tab.evaluate(([url, key]) => globalThis.runAll({ url, key, open: globalThis.open_ }, globalThis.tell), [url, key]);

  await t.test("a page of another origin may not ask", async () => {
    const stranger = await servePage();
    try {
      await tab.goto(stranger.origin);
      const asked = await tab.evaluate(
        ([url, key]) => fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } }).then(() => "asked", String),
        [url, key],
      );
      assert.match(asked, /TypeError/);
    } finally {
      stranger.server.close();
    }
  });
});

// A page with all clients in it, at an origin of its own.
async function servePage() {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, "js/all.mjs")],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const script = bundled.outputFiles[0].contents;
  const server = createServer((request, response) => {
    const module = request.url === "/all.mjs";
    response.setHeader("content-type", module ? "text/javascript" : "text/html");
    response.end(module ? script : '<!doctype html><script type="module" src="/all.mjs"></script>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}
