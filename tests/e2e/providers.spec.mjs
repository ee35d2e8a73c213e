// The main job through the adapters of real providers, against one that answers from recordings.
//
// The key is typed into Settings, goes to the proxy, and is never seen again.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "./easel.mjs";
import { Upstream } from "./upstream.mjs";

test.describe.configure({ timeout: 600_000 });

let upstream;
test.beforeAll(async () => {
  upstream = await Upstream.start();
});
test.afterAll(() => upstream?.stop());

for (const { dialect, base, model } of [
  { dialect: "OpenAI", base: "/v1", model: "recorded-model" },
  { dialect: "Anthropic", base: "", model: "claude-recorded" },
]) {
  test(`CHAT-1 ACT-5 SEC: the main job through the ${dialect} adapter`, async ({ easel, served }) => {
    const { page, preview } = easel;
    const name = `recorded-${dialect.toLowerCase()}`;
    await easel.open();

    await test.step("a model is added, tested and chosen", async () => {
      await page.getByRole("button", { name: "Settings" }).click();
      const settings = page.getByRole("dialog", { name: "Settings" });
      await settings.getByRole("button", { name: "Add endpoint…" }).click();
      await settings.getByLabel("Provider").selectOption({ label: "Other" });
      await settings.getByLabel("Name").fill(name);
      await settings.getByLabel("Speaks like").selectOption({ label: dialect });
      await settings.getByLabel("Base URL").fill(`http://127.0.0.1:${upstream.port}${base}`);
      await settings.getByLabel("Key", { exact: true }).fill("test-key");
      await settings.getByRole("textbox", { name: "Models" }).fill(model);
      await settings.getByRole("button", { name: "Save and test" }).click();
      await expect(settings.getByText(/^Works/)).toBeVisible();
      await page.keyboard.press("Escape");
    });

    await test.step("a prompt becomes a commit and a preview", async () => {
      await page.getByRole("button", { name: "Make it" }).click();
      await easel.choose(`${name}/${model}`);
      await easel.send("Make a page");
      await easel.answered();
      await expect(easel.reply).not.toContainText("Scripted demo");
      await expect(easel.reply.locator(".message__cost")).toBeVisible();
      await easel.apply();
      await easel.show("Preview");
      await expect(preview.locator("body")).not.toBeEmpty();
    });

    await test.step("the request went out once per step, with the tools", async () => {
      const asked = await upstream.requests();
      const mine = asked.filter((it) => it.body.model === model);
      expect(mine).toHaveLength(2);
      expect(JSON.stringify(mine[0].body.tools)).toContain("write");
      expect(mine[0].path).toBe(dialect === "OpenAI" ? "/v1/chat/completions" : "/v1/messages");
    });

    await test.step("a provider that refuses says what to do, and the next prompt works", async () => {
      await easel.send("Say that there is a rate limit");
      const error = easel.messages.getByRole("article", { name: "Something went wrong" }).last();
      await expect(error.getByRole("button", { name: "Retry" })).toBeVisible({ timeout: 30_000 });
      await easel.send("Make another page");
      await easel.answered();
    });

    await test.step("the key is in the proxy's own file only", async () => {
      const stored = await page.evaluate(async () => {
        const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
        for (const { name } of await indexedDB.databases()) {
          const db = await new Promise((done, failed) => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => done(asked.result);
            asked.onerror = () => failed(asked.error);
          });
          for (const store of db.objectStoreNames) {
            const all = db.transaction(store).objectStore(store).getAll();
            const values = await new Promise((done) => (all.onsuccess = () => done(all.result)));
            for (const it of values) {
              const bytes = it instanceof Uint8Array ? new TextDecoder().decode(it) : JSON.stringify(it);
              texts.push(bytes ?? "");
            }
          }
          db.close();
        }
        return texts.join("\n");
      });
      expect(stored).not.toContain("test-key");
      expect(await page.content()).not.toContain("test-key");
      expect(served.log).not.toContain("test-key");
      const files = await readdir(served.data);
      const holding = [];
      for (const it of files) {
        const text = await readFile(join(served.data, it), "utf8").catch(() => "");
        if (text.includes("test-key")) holding.push(it);
      }
      expect(holding).toHaveLength(1);
    });
  });
}
