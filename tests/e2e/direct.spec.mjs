// Without the proxy: the browser asks a provider by itself, with a key of its own vault.
//
// The key is typed once and is seen again in one place only: in what goes to the provider.

import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { expect, test } from "./easel.mjs";
import { Upstream } from "./upstream.mjs";

const KEY = "test-key";

test.describe.configure({ timeout: 600_000 });

let upstream;
test.beforeAll(async () => {
  upstream = await Upstream.start();
});
test.afterAll(() => upstream?.stop());

for (const { dialect, base, model, path, header } of [
  { dialect: "OpenAI", base: "/v1", model: "recorded-model", path: "/v1/chat/completions", header: "authorization" },
  { dialect: "Anthropic", base: "", model: "claude-recorded", path: "/v1/messages", header: "x-api-key" },
  { dialect: "Google Gemini", base: "", model: "gemini-recorded", path: "/v1beta/models/gemini-recorded:streamGenerateContent", header: "x-goog-api-key" },
  { dialect: "Ollama", base: "", model: "llama-recorded", path: "/api/chat", header: "authorization" },
]) {
  test(`PRV-1 PRV-6 SEC-4: ${dialect} is asked by the browser itself`, async ({ easel, served }) => {
    const { page } = easel;
    const provider = await listen(upstream.port);
    const seen = watched(page);
    const id = `direct-${dialect.toLowerCase().replace(" ", "-")}`;
    await easel.open();
    const settings = page.getByRole("dialog", { name: "Settings" });

    await test.step("nothing of it runs before there is such a provider", async () => {
      expect(page.workers().map((it) => it.url()).filter((it) => it.includes("caller"))).toEqual([]);
      const names = await page.evaluate(async () => (await indexedDB.databases()).map((it) => it.name));
      expect(names).not.toContain("easel-vault");
    });

    await test.step("a key is kept in this browser, and the connection tested", async () => {
      await page.getByRole("button", { name: "Settings" }).click();
      await settings.getByRole("button", { name: "Add endpoint…" }).click();
      await settings.getByLabel("Provider").selectOption({ label: "Other" });
      await settings.getByLabel("Name").fill(id);
      await settings.getByLabel("Speaks like").selectOption({ label: dialect });
      await settings.getByLabel("The key is kept").selectOption({ label: "In this browser" });
      await settings.getByLabel("Base URL").fill("https://example.org/v1");
      await expect(settings.getByText("A browser cannot ask there")).toBeVisible();
      await settings.getByLabel("Base URL").fill(`${provider.origin}${base}`);
      await settings.getByLabel("Key", { exact: true }).fill(KEY);
      await settings.getByRole("textbox", { name: "Models" }).fill(model);
      await settings.getByRole("button", { name: "Save and test" }).click();
      const row = settings.getByRole("listitem").filter({ hasText: id });
      await expect(row.getByText(/^Works/)).toBeVisible();
      await expect(row).toContainText("Key in this browser");
      await page.keyboard.press("Escape");
    });

    await test.step("a prompt becomes a commit", async () => {
      await page.getByRole("button", { name: "Make it" }).click();
      await easel.choose(`${id}/${model}`);
      await easel.send("Make a page");
      await easel.answered();
      await expect(easel.reply.locator(".message__cost")).toBeVisible();
      await easel.apply();
      await expect(page.getByText("Offline ready")).toBeVisible({ timeout: 60_000 });
    });

    await served.stop();
    try {
      await test.step("with the proxy dead it goes on, also after a reload", async () => {
        await easel.send("Make another page");
        await easel.answered();
        await page.reload();
        await expect(easel.mine).toHaveCount(2);
        await easel.choose(`${id}/${model}`);
        await easel.send("Make a third page");
        await easel.answered();
      });

      await test.step("stop ends the request at the provider", async () => {
        await easel.send("Stay silent");
        await expect.poll(() => upstream.open()).toBe(1);
        await easel.stop.click();
        await expect.poll(() => upstream.open()).toBe(0);
        await expect(easel.stop).toBeHidden();
      });

      await test.step("what a provider says of the key is not passed on", async () => {
        await easel.send("Please quote the key");
        const error = easel.messages.getByRole("article", { name: "Something went wrong" }).last();
        await expect(error).toContainText("your key is …", { timeout: 30_000 });
      });

      await test.step("a provider that is away says what to do", async () => {
        provider.server.close();
        provider.server.closeAllConnections();
        await easel.send("Anybody there?");
        const error = easel.messages.getByRole("article", { name: "Something went wrong" }).last();
        await expect(error).toContainText("does not answer, or does not let this page ask", { timeout: 30_000 });
        await expect(error).toContainText(served.origin);
        await expect(error).not.toContainText("See that the proxy runs");
      });
    } finally {
      await served.run();
    }

    await test.step("the key is sealed, and nowhere in words", async () => {
      const { text, extractable, refused } = await page.evaluate(dump);
      expect(text).toContain(id);
      expect(text).not.toContain(KEY);
      expect(extractable).toBe(false);
      expect(refused).toBe("InvalidAccessError");
      expect(await page.content()).not.toContain(KEY);
      // Those of the caller are among them, and those to the proxy.
      for (const part of [provider.origin, "/app/"]) expect(seen.some((it) => it.url.includes(part))).toBe(true);
      for (const it of seen) {
        if (it.url.startsWith(provider.origin)) continue;
        expect(`${it.url} ${JSON.stringify(it.headers)} ${it.body}`).not.toContain(KEY);
      }
      expect(served.log).not.toContain(KEY);
      for (const it of await readdir(served.data)) {
        const kept = await readFile(join(served.data, it), "utf8").catch(() => "");
        expect(kept, it).not.toContain(KEY);
      }
    });

    await test.step("the provider got it in a header, and only there", async () => {
      const asked = provider.asked.filter((it) => it.method !== "OPTIONS");
      expect(asked.filter((it) => it.url.split("?")[0] === path).length).toBeGreaterThanOrEqual(4);
      for (const it of asked) {
        expect(it.headers[header]).toContain(KEY);
        expect(it.url).not.toContain(KEY);
        expect(it.headers.cookie).toBeUndefined();
        expect(it.headers.referer).toBeUndefined();
        if (dialect === "Anthropic") expect(it.headers["anthropic-dangerous-direct-browser-access"]).toBe("true");
      }
      expect(JSON.stringify(provider.asked.filter((it) => it.method === "OPTIONS"))).not.toContain(KEY);
    });

    await test.step("a record that was turned to another address sends no key there", async () => {
      const away = await listen(upstream.port);
      await page.evaluate(turn, [id, provider.origin, away.origin]);
      await page.getByRole("button", { name: "Settings" }).click();
      const row = settings.getByRole("listitem").filter({ hasText: id });
      await row.getByRole("button", { name: "Test connection" }).click();
      await expect(row.getByText("cannot be opened")).toBeVisible();
      expect(away.asked).toEqual([]);
      away.server.close();
      await page.evaluate(turn, [id, away.origin, provider.origin]);
    });

    await test.step("nothing but the caller may go out", async () => {
      const went = await page.evaluate((it) => fetch(it).then(() => "out", () => "refused"), `http://127.0.0.1:${upstream.port}/open`);
      expect(went).toBe("refused");
    });

    await test.step("for another address the key must be entered again", async () => {
      const row = settings.getByRole("listitem").filter({ hasText: id });
      await row.getByRole("button", { name: "Edit" }).click();
      await settings.getByLabel("Base URL").fill(`http://127.0.0.1:${upstream.port}${base}`);
      await expect(settings.getByText("Enter the key again")).toBeVisible();
      await settings.getByRole("button", { name: "Save and test" }).click();
      await expect(row.getByText(/^Failed at the key/)).toBeVisible();
    });

    await test.step("removing it empties the vault", async () => {
      const row = settings.getByRole("listitem").filter({ hasText: id });
      await row.getByRole("button", { name: "Remove" }).click();
      await expect(row).toHaveCount(0);
      const { vault } = await page.evaluate(dump);
      expect(vault).toEqual(["key"]);
    });
  });
}

// All that the page and its workers send.
function watched(page) {
  const seen = [];
  page.context().on("request", (it) => {
    seen.push({ url: it.url(), headers: it.headers(), body: it.postData() ?? "" });
  });
  return seen;
}

// Runs in the page: every value of every database as text, and whether the vault's own key can be read.
async function dump() {
  const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
  const decoder = new TextDecoder();
  const written = (it) => {
    if (it instanceof Uint8Array) return decoder.decode(it);
    if (it instanceof CryptoKey) return `CryptoKey ${it.algorithm.name}`;
    if (it && typeof it === "object") return Object.entries(it).map(([k, v]) => `${k} ${written(v)}`).join("\n");
    return String(it);
  };
  let own, vault;
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done, failed) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
    for (const store of db.objectStoreNames) {
      const read = (what) => new Promise((done) => {
        const asked = db.transaction(store).objectStore(store)[what]();
        asked.onsuccess = () => done(asked.result);
      });
      const values = await read("getAll");
      if (name === "easel-vault") {
        vault = await read("getAllKeys");
        own = values.find((it) => it instanceof CryptoKey);
      }
      texts.push(...values.map(written));
    }
    db.close();
  }
  const refused = own && (await crypto.subtle.exportKey("raw", own).then(() => "", (err) => err.name));
  return { text: texts.join("\n"), extractable: own?.extractable, refused, vault };
}

// Runs in the page: gives a record of the vault another address.
async function turn([id, from, to]) {
  const db = await new Promise((done) => {
    const asked = indexedDB.open("easel-vault");
    asked.onsuccess = () => done(asked.result);
  });
  const records = db.transaction("records", "readwrite").objectStore("records");
  const record = await new Promise((done) => {
    const asked = records.get(`provider/${id}`);
    asked.onsuccess = () => done(asked.result);
  });
  record.about = record.about.replace(from, to);
  await new Promise((done) => (records.put(record, `provider/${id}`).onsuccess = done));
  db.close();
}

// Notes what comes for the provider, and hands it on.
async function listen(port) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, headers });
    const body = [];
    for await (const chunk of request) body.push(chunk);
    const left = new AbortController();
    response.on("close", () => left.abort());
    try {
      const { host, connection, "content-length": _, ...others } = headers;
      const sent = { method, headers: others, body: body.length ? Buffer.concat(body) : undefined, signal: left.signal };
      const answer = await fetch(`http://127.0.0.1:${port}${url}`, sent);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    } catch {
      response.destroy();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { asked, server, origin: `http://127.0.0.1:${server.address().port}` };
}
