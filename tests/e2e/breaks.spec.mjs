// What breaks off in the middle: a reply that is stopped, a page that is reloaded, a network that
// goes away.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { profile, startBareBrowser, startBrowser } from "./browser.mjs";
import { Easel, expect, test } from "./easel.mjs";

test("CHAT-4 CHAT-5 CHAT-13 ACT-6: a reply is stopped, reloaded, refused and malformed, and nothing is lost", async ({
  easel,
}) => {
  const { page } = easel;
  await easel.open();
  await easel.make();

  await test.step("the text grows in many steps until it is stopped", async () => {
    await easel.send("Tell me slowly");
    const lengths = new Set();
    await expect
      .poll(async () => lengths.add((await easel.reply.textContent()).length).size, { intervals: [40] })
      .toBeGreaterThan(20);
    await easel.stop.click();
    await expect(easel.reply).toHaveAttribute("data-state", "stopped");
    const then = await easel.reply.locator(".prose").allTextContents();
    await page.waitForTimeout(1_200);
    expect(await easel.reply.locator(".prose").allTextContents()).toEqual(then);
    expect(then.join(" ")).not.toContain("The end.");
    await expect(easel.message).toBeFocused();
  });

  await test.step("the next prompt works, and one can type while it is answered", async () => {
    await easel.send("Tell me slowly again");
    await expect(easel.reply).toContainText("Three.");
    await easel.message.fill("A thought for later");
    await expect(easel.chat.getByRole("button", { name: "Send" })).toBeDisabled();
    await expect(easel.chat).toContainText("You can send when this turn is over");
  });

  await test.step("a reload in the middle keeps what was said", async () => {
    await expect(easel.reply).toContainText("Six.");
    await page.reload();
    await expect(easel.mine).toHaveCount(2);
    await expect(easel.reply).toContainText("One. Two. Three.");
    await expect(easel.message).toHaveValue("A thought for later");
    const state = () => easel.reply.getAttribute("data-state");
    await expect.poll(state).toMatch(/interrupted|streaming|complete/);
    if ((await state()) === "interrupted") {
      const once = await easel.reply.locator(".prose").allTextContents();
      expect(once.join(" ").match(/One\. Two\./g)).toHaveLength(1);
      await easel.reply.getByRole("button", { name: "Continue" }).click();
    }
    await easel.answered();
    await easel.message.fill("");
  });

  await test.step("a refused key says so and opens the settings", async () => {
    await easel.send("Please refuse");
    const error = easel.messages.getByRole("article", { name: "Something went wrong" }).last();
    await expect(error).toBeVisible();
    await expect(error.getByRole("button", { name: /Open settings|Retry/ })).toBeVisible();
  });

  await test.step("a malformed reply changes no file and can be tried again", async () => {
    await easel.send("Something malformed");
    const error = easel.messages.getByRole("article", { name: "Something went wrong" }).last();
    await expect(error.getByRole("button", { name: "Retry" })).toBeVisible();
    await expect(easel.files).not.toContainText("half.txt");
  });
});

test("offline: with the proxy dead, everything but models is there", async ({ easel, served }) => {
  const { page, preview } = easel;
  await easel.open();
  await easel.make();
  await easel.send("Make me a garden");
  await easel.answered();
  await easel.apply();
  await easel.show("Preview");
  await expect(preview.getByRole("heading", { name: "My garden" })).toBeVisible();
  await expect(page.getByText("Offline ready")).toBeVisible({ timeout: 60_000 });

  await served.stop();
  try {
    await page.reload();
    await expect(easel.mine).toHaveCount(1);
    await expect(easel.card).toHaveAttribute("data-state", "applied");
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "My garden" })).toBeVisible();
    await easel.openFile("index.html");
    await easel.replaceInFile("My garden", "Offline garden");
    await expect(easel.saved).toBeVisible();
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "Offline garden" })).toBeVisible();
    await easel.show("History");
    await easel.history.getByRole("textbox", { name: "What changed" }).fill("Rename it offline");
    await easel.history.getByRole("button", { name: "Commit", exact: true }).click();
    await expect(easel.history.locator(".commit__title").first()).toHaveText("Rename it offline");

    await page.getByRole("button", { name: "All projects" }).click();
    await page.getByRole("radio", { name: /^Web page/ }).check();
    await page.getByRole("button", { name: "Make it" }).click();
    await expect(easel.message).toBeVisible();
    await easel.show("Preview");
    await expect(preview.locator("body")).not.toBeEmpty();
  } finally {
    await served.run();
  }
});

test("what is kept for offline use is damaged on the disk, and Easel starts and mends it", async ({ served }) => {
  const { folder, done } = await profile();
  const kept = async ({ page }) => {
    const caches = await page.evaluate(async () => {
      const names = (await caches.keys()).filter((it) => it.startsWith("easel-build-"));
      return Promise.all(names.map(async (it) => (await (await caches.open(it)).keys()).length));
    });
    return caches.join();
  };
  let chrome = await startBrowser(folder);
  try {
    let easel = new Easel(await chrome.context.newPage(), served);
    await easel.open();
    await easel.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    const whole = await kept(easel);
    await chrome.close();
    expect(await damage(folder)).toBeGreaterThan(5);

    chrome = await startBrowser(folder);
    easel = new Easel(await chrome.context.newPage(), served);
    await easel.open();
    await expect.poll(() => kept(easel), { timeout: 30_000 }).toBe(whole);
    await served.stop();
    await easel.page.reload();
    await expect(easel.prompt).toBeVisible();
  } finally {
    await chrome.close();
    await served.run();
    await done();
  }
});

test("a part of the site that does not come is told after a second try", async ({ page, served }) => {
  let n_asked = 0;
  const refuse = (route) => (n_asked++, route.abort());
  await page.route(/easel-[0-9a-f]+_bg\.wasm$/, refuse);
  await page.goto(await served.address());
  const told = page.getByRole("alert");
  await expect(told).toContainText("Your projects are as they were");
  await page.unroute(/easel-[0-9a-f]+_bg\.wasm$/, refuse);
  await page.reload();
  await expect(page.getByRole("textbox", { name: "What do you want to make?" })).toBeVisible();
  expect(n_asked).toBeGreaterThan(1);
});

// Writes over the middle of every large file that Chromium keeps for service workers, and returns how many there are.
async function damage(folder) {
  let n = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !path.includes("CacheStorage")) continue;
    const bytes = await readFile(path);
    if (bytes.length < 50_000) continue;
    const middle = Math.floor(bytes.length / 2);
    await writeFile(path, bytes.fill(7, middle, middle + 1_000));
    n += 1;
  }
  return n;
}

// Playwright stops at a frame that writes its own document, so this is a browser without it.
test("without service workers and preview hosts one is told, and the preview is one document", async ({ served }) => {
  const { folder, done } = await profile();
  const unreachable = ["--host-resolver-rules=MAP *.preview.easel.localhost ~NOTFOUND"];
  const tab = await startBareBrowser(folder, "about:blank", unreachable);
  // What a browser says where site data is not allowed.
  const refuse = `ServiceWorkerContainer.prototype.register = () =>
    Promise.reject(new DOMException("The operation is insecure.", "SecurityError"))`;
  const until = (it) => expect.poll(() => tab.evaluate(it), { timeout: 30_000 }).toBe(true);
  try {
    await tab.open(await served.address(), refuse);
    await until(tab.press("Make it"));
    await until("document.body.textContent.includes('will not open without a network')");
    const heading = () =>
      tab.evaluateInFrame(`${served.origin}/preview/document.html`, "document.querySelector('h1')?.textContent");
    await expect.poll(heading, { timeout: 30_000 }).toBeTruthy();
    const origin = () => tab.evaluateInFrame(`${served.origin}/preview/document.html`, "self.origin");
    expect(await origin()).toBe("null");
  } finally {
    await tab.close();
    await done();
  }
});

test("what a page leaves for later comes when it is needed", async ({ easel }) => {
  const { page } = easel;
  // The time after which it is brought ahead does not pass, so that the need has to wait for it.
  // (The core's may: it is in a worker of its own.)
  await page.addInitScript(() => {
    const wait = self.setTimeout;
    self.setTimeout = (call, ms, ...rest) => (ms === 1_500 ? 0 : wait(call, ms, ...rest));
  });
  await easel.open();
  await easel.make();
  expect(await easel.exportZip()).toBeTruthy();
  await page.getByRole("button", { name: "Settings" }).click();
  await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
  const asked = () => {
    const found = performance.getEntriesByType("resource").filter((it) => it.name.endsWith("_later.wasm"));
    return found.map((it) => it.initiatorType);
  };
  expect(await page.evaluate(asked)).toEqual(["xmlhttprequest"]);
  expect(await easel.core.evaluate(asked)).toHaveLength(1);
});
