// Code of a model in the preview: it wants the app's data, keys and proxy, or never ends.

import { expect, test } from "./easel.mjs";

test("RUN-1 SEC-1: preview code reaches nothing of the app, and an endless loop leaves it alive", async ({
  easel,
}) => {
  const { page, preview } = easel;
  await easel.open();
  await easel.make();

  await test.step("storage, frames, keys and the proxy are out of reach", async () => {
    await easel.send("Something hostile");
    await easel.answered();
    await easel.apply();
    await easel.show("Preview");
    await expect(preview.locator("#found[data-done]")).toBeVisible({ timeout: 30_000 });
    const found = JSON.parse(await preview.locator("#found").textContent());
    const reached = Object.entries(found).filter(([, it]) => it.startsWith("REACHED"));
    expect(reached).toEqual([]);
    expect(Object.keys(found).length).toBeGreaterThan(12);
  });

  await test.step("an endless loop stops at Stop", async () => {
    await easel.send("Now a loop");
    await easel.answered();
    await easel.apply();
    await page.waitForTimeout(1_500);
    const begun = Date.now();
    await easel.message.fill("Still alive");
    await expect(easel.message).toHaveValue("Still alive");
    expect(Date.now() - begun).toBeLessThan(1_500);
    await page.getByRole("button", { name: "Stop the preview" }).click();
    await expect(page.getByText("The preview is stopped")).toBeVisible();
    await easel.message.fill("");
  });
});
