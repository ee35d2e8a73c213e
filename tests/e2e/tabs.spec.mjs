// More than one tab: two on one project, and one that nobody looks at.

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
    await page.close();
    const begun = Date.now();
    await expect(other.reply).toHaveAttribute("data-state", /interrupted|complete/, { timeout: 30_000 });
    const n = await other.mine.count();
    await other.message.fill("Make me a garden");
    await other.message.press("Enter");
    await expect(other.mine).toHaveCount(n + 1, { timeout: 2_000 });
    console.log(`taken over and answering after ${Date.now() - begun} ms`);
    await other.answered();
  });
  expect(other.faults).toEqual([]);
});

test("a hidden tab finishes its turn", async ({ easel }) => {
  const { page } = easel;
  await easel.open();
  await easel.make();
  await easel.message.fill("Tell me slowly");
  await easel.message.press("Enter");
  await expect(easel.reply).toContainText("One.");

  const front = await page.context().newPage();
  await front.goto("about:blank");
  const session = await page.context().newCDPSession(front);
  const { targetInfo } = await session.send("Target.getTargetInfo");
  await session.send("Target.activateTarget", { targetId: targetInfo.targetId });
  await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe("hidden");

  await page.waitForTimeout(4_000);
  await expect(easel.reply).toHaveAttribute("data-state", "complete", { timeout: 60_000 });
  expect(await page.evaluate(() => document.visibilityState)).toBe("hidden");
  await expect(easel.reply).toContainText("The end.");
});
