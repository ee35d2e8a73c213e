// The main job by keyboard alone: nothing here may click.

import { expect, test } from "./easel.mjs";
import { unpack } from "./git.mjs";

test("the whole main job by keyboard alone", async ({ easel }) => {
  const { page, preview } = easel;
  const { keyboard } = page;
  const press = (...keys) => keys.reduce((done, key) => done.then(() => keyboard.press(key)), Promise.resolve());
  await easel.open();

  await test.step("make a project", async () => {
    await expect(easel.prompt).toBeFocused();
    await tabTo(page, page.getByRole("button", { name: "Make it" }));
    await press("Enter");
    await expect(easel.message).toBeVisible();
  });

  await test.step("choose the model and send a prompt", async () => {
    await press("ControlOrMeta+l");
    await expect(easel.message).toBeFocused();
    await tabTo(page, easel.chat.getByRole("combobox", { name: "Model" }));
    await keyboard.type("Journey");
    await expect(easel.chat.getByRole("combobox", { name: "Model" })).toHaveValue("script/journey");
    await press("ControlOrMeta+l");
    await keyboard.type("Make me a garden");
    await press("Enter");
    await easel.answered();
  });

  await test.step("review with j, k, y, n and apply", async () => {
    await press("ControlOrMeta+Shift+G");
    await expect(easel.changes).toBeVisible();
    await tabTo(page, easel.changes.getByRole("region", { name: "Changed lines" }));
    await press("j", "n");
    await expect(easel.changes.getByRole("button", { name: "Apply 2 files" })).toBeVisible();
    await press("k", "y");
    await expect(easel.changes.getByRole("button", { name: "Apply 3 files" })).toBeVisible();
    await press("Enter");
    await expect(easel.card).toHaveAttribute("data-state", "applied");
  });

  await test.step("edit a file, and see it in the preview", async () => {
    await press("ControlOrMeta+p");
    await keyboard.type("index.html");
    await press("Enter");
    await expect(easel.editor).toBeFocused();
    await press("ControlOrMeta+Home");
    for (let i = 0; i < 7; i++) await press("ArrowDown");
    await press("End", "Enter");
    await keyboard.type("<p>By hand</p>");
    await press("ControlOrMeta+s");
    await expect(easel.saved).toBeVisible();
    await press("Alt+p");
    await expect(preview.getByText("By hand")).toBeVisible();
  });

  await test.step("rewind and undo it", async () => {
    await press("Alt+h");
    await expect(easel.history).toBeVisible();
    const applied = easel.history.getByRole("button", { name: /AI-assisted changes/ }).first();
    await tabTo(page, applied);
    await press("Enter");
    await tabTo(page, easel.history.getByRole("button", { name: "Rewind to here" }));
    await press("Enter");
    await press("Alt+p");
    await expect(preview.getByText("By hand")).toHaveCount(0);
    await easel.command("Undo rewind");
    await expect(preview.getByText("By hand")).toBeVisible();
  });

  await test.step("export", async () => {
    const project = unpack(await easel.exportZip());
    project.git("fsck", "--strict", "--no-dangling");
    expect(project.read("index.html")).toContain("By hand");
    project.done();
  });
});

// Presses Tab until this has the focus, as someone who cannot point would.
async function tabTo(page, target) {
  for (let i = 0; i < 60; i++) {
    if (await target.evaluate((it) => it === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never came to ${target}`);
}
