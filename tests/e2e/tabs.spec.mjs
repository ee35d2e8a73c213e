// More than one tab: two on one project, and one that nobody looks at.

import { profile, startBareBrowser } from "./browser.mjs";
import { Easel, expect, test } from "./easel.mjs";

test("two tabs show one project, and the second takes over from the first", async ({ easel }) => {
  const { page } = easel;
  await easel.open();
  await easel.make();
  const other = new Easel(await page.context().newPage(), easel.proxy);
  await other.page.goto(page.url());
  await expect(other.message).toBeVisible();

  await test.step("what is said in one streams in both", async () => {
    await easel.send("Make me a garden");
    await expect(other.mine).toHaveCount(1);
    await easel.answered();
    await other.answered();
    await other.apply();
    await expect(easel.card).toHaveAttribute("data-state", "applied");
  });

  await test.step("a draft follows, but never over what is being typed", async () => {
    await easel.message.fill("Half a thought");
    await expect(other.message).toHaveValue("Half a thought");
    await other.message.fill("Another one");
    await expect(easel.message).toHaveValue("Another one");
    await other.message.fill("");
  });

  await test.step("the tab that holds the core closes in the middle of a reply", async () => {
    await easel.send("Tell me slowly");
    await expect(other.reply).toContainText("Two.");
    const area = await other.message.elementHandle();
    await page.close();
    const begun = Date.now();
    await expect(other.reply).toHaveAttribute("data-state", /interrupted|complete/, { timeout: 30_000 });
    expect(await area.evaluate((it) => it.isConnected), "no panel is made anew").toBe(true);
    const n = await other.mine.count();
    await other.message.fill("Make me a garden");
    await other.message.press("Enter");
    await expect(other.mine).toHaveCount(n + 1, { timeout: 2_000 });
    console.log(`taken over and answering after ${Date.now() - begun} ms`);
    await other.answered();
  });
  expect(other.faults).toEqual([]);
});

test("CHAT-13 NTF-2: a hidden tab finishes its turn, and the system tells of it", async ({ served }) => {
  const { folder, done } = await profile();
  const tab = await startBareBrowser(folder, "about:blank");
  await tab.allow("notifications", served.origin);
  // What the system shows cannot be looked at; what it is given can.
  const listen = `self.told = []; self.Notification = class extends Notification {
    constructor(title, options) { super(title, options); self.told.push(title + ": " + options.body); }
  }`;
  await tab.open(await served.address(), listen);
  const find = (what) => `document.querySelector(${JSON.stringify(what)})`;
  const until = (it) => expect.poll(() => tab.evaluate(it), { timeout: 60_000 }).toBe(true);
  const state = `${find(".message--reply")}?.dataset.state`;
  try {
    await until(tab.press("Make it"));
    const model = find(".composer__model");
    await until(`[...(${model}?.options ?? [])].some((it) => it.value === "script/journey")`);
    await tab.evaluate(`${model}.value = "script/journey"; ${model}.dispatchEvent(new Event("change", { bubbles: true }))`);
    const area = find(".composer__text");
    await tab.evaluate(`${area}.value = "Tell me slowly"; ${area}.dispatchEvent(new Event("input", { bubbles: true }))`);
    await tab.evaluate(`${area}.form.requestSubmit()`);
    await until(`${state} === "streaming" && ${find(".message--reply")}.textContent.includes("One.")`);

    await tab.cover();
    await until('document.visibilityState === "hidden"');
    expect(await tab.evaluate(state)).toBe("streaming");
    await until(`${state} === "complete"`);
    expect(await tab.evaluate("document.visibilityState")).toBe("hidden");
    expect(await tab.evaluate(`${find(".message--reply")}.textContent`)).toContain("The end.");
    expect(await tab.evaluate("self.told.join()")).toBe("Web page: The reply is there");
  } finally {
    await tab.close();
    await done();
  }
});
