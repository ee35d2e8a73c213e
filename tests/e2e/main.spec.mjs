// The main job from the front door to real git, with the scripted provider.

import { Easel, expect, test } from "./easel.mjs";
import { unpack } from "./git.mjs";

test("CHAT-1 CHAT-2 CHAT-3 CHAT-15 ACT-1 ACT-3 ACT-5 ACT-9 CTX-3 CTX-11 PLN-5 WB-1: a prompt becomes a project with a history", async ({
  easel,
}) => {
  const { page, preview } = easel;
  await easel.open();
  await easel.make();

  await test.step("the reply streams, and nothing changes before Apply", async () => {
    await easel.send("Make me a garden");
    await easel.answered();
    await expect(easel.reply).toContainText("Scripted demo: recorded, not made by a model");
    await expect(easel.reply.locator("img")).toHaveCount(0);
    await expect(easel.reply.getByText("Reasoning")).toBeVisible();
    await expect(easel.reply.locator(".fold--tool")).toHaveCount(4);
    await expect(easel.card).toHaveAttribute("data-state", "pending");
    await expect(preview.getByRole("heading", { name: "My garden" })).toHaveCount(0);
  });

  await test.step("the review shows every file", async () => {
    await easel.card.getByRole("button", { name: "Review" }).click();
    await expect(easel.changes.getByRole("checkbox", { name: /^Accept / })).toHaveCount(3);
    await expect(easel.changes).toContainText("+");
    await expect(easel.changes.getByRole("group", { name: "index.html" })).toContainText("My garden");
  });

  await test.step("Apply makes one commit, and the preview follows", async () => {
    await easel.changes.getByRole("button", { name: "Apply 3 files" }).click();
    await expect(easel.card).toHaveAttribute("data-state", "applied");
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "My garden" })).toBeVisible();
    await preview.getByRole("button", { name: "Water" }).click();
    await expect(preview.locator("#count")).toHaveText("1");
    await expect(preview.getByRole("heading")).toHaveCSS("color", "rgb(0, 128, 0)");
  });

  await test.step("an edit by hand shows in the preview and in the next request", async () => {
    await easel.openFile("index.html");
    await easel.replaceInFile("My garden", "Gemüsegarten");
    await expect(easel.saved).toBeVisible();
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "Gemüsegarten" })).toBeVisible();
    await easel.message.fill("Add roses");
    await easel.chat.getByRole("button", { name: /≈ .* tokens/ }).click();
    const request = page.getByRole("dialog", { name: "What will be sent" });
    await expect(request.getByRole("table")).toContainText("Total");
    const texts = await request.locator(".request__text").allTextContents();
    expect(texts.join("\n")).toMatch(/\+.*Gemüsegarten/);
    await page.keyboard.press("Escape");
    await expect(request).toBeHidden();
    await easel.send("Add roses");
    await easel.answered();
    await expect(easel.reply).toContainText("The roses are in");
    await easel.apply();
    await expect(preview.getByText("Roses")).toBeVisible();
  });

  let before;
  await test.step("rewinding is a new commit, and can be undone", async () => {
    await easel.show("History");
    before = await easel.commits();
    expect(before.length).toBeGreaterThanOrEqual(3);
    await easel.history.getByRole("button", { name: /AI-assisted changes/ }).nth(1).click();
    await easel.history.getByRole("button", { name: "Rewind to here" }).click();
    await expect.poll(() => easel.commits().then((it) => it.length)).toBe(before.length + 1);
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "My garden" })).toBeVisible();
    await expect(preview.getByText("Roses")).toHaveCount(0);
    await easel.show("History");
    await easel.history.getByRole("button", { name: "Undo rewind" }).click();
    await expect.poll(() => easel.commits().then((it) => it.length)).toBe(before.length + 2);
    await easel.show("Preview");
    await expect(preview.getByRole("heading", { name: "Gemüsegarten" })).toBeVisible();
    await expect(preview.getByText("Roses")).toBeVisible();
  });

  await test.step("the export is a real repository that agrees", async () => {
    await easel.show("History");
    const shown = await easel.commits();
    const project = unpack(await easel.exportZip());
    project.git("fsck", "--strict", "--no-dangling");
    expect(project.git("status", "--porcelain")).toBe("");
    const titles = (...flags) => project.git("log", "--format=%s", ...flags).trim().split("\n");
    // Own work that was kept before something else moved the files lies beside the branch.
    expect(titles()).toEqual(shown.filter((it) => !it.startsWith("Keep own work")));
    expect(titles("--all").toSorted()).toEqual(shown.toSorted());
    const applied = project.git("log", "--format=%B", "--grep=^feat(ai)", "-1");
    expect(applied).toMatch(/^feat\(ai\): \[.+\] AI-assisted changes\n\nAction:/);
    expect(applied).toContain("Prompt:");
    expect(applied).toMatch(/- (Modified|Created|Deleted):? .*index\.html/);
    expect(applied).toMatch(/- Timestamp: \d{4}-\d\d-\d\dT/);
    expect(project.read("index.html")).toContain("Gemüsegarten");
    const [undone, rewound, , ...rest] = project.git("log", "--format=%T").trim().split("\n");
    expect(undone).not.toBe(rewound);
    expect(rest).toContain(rewound);
    project.done();
  });

  await test.step("a new tab finds everything as it was", async () => {
    const other = new Easel(await page.context().newPage(), easel.proxy);
    await other.page.goto(page.url());
    await expect(other.mine).toHaveCount(2);
    await expect(other.message).toBeVisible();
    expect(other.faults).toEqual([]);
    await other.page.close();
  });
});

test("ACT-2 PER-2: a script is run and settings are set, each when it is allowed", async ({ easel }) => {
  const { page, chat, preview } = easel;
  await easel.open();
  await easel.make();
  const asks = (what) => chat.getByRole("region", { name: "Permission" }).filter({ hasText: what });
  const allow = (what, how) => asks(what).getByRole("button", { name: how }).click();
  const call = (title) => easel.reply.locator(".fold--tool").filter({ hasText: title });

  await easel.send("Please try it out");
  await expect(asks("Run a script")).toContainText('import { add } from "./sum.ts"');
  await allow("Run a script", "Always");
  await expect(asks("Set theme")).toContainText("dark");
  await allow("Set theme", "Once");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  // The second script was allowed with the first, and is stopped by itself.
  await easel.answered();
  await expect(easel.reply).toContainText("It was stopped.");

  await expect(call("Run a script")).toHaveCount(2);
  await call("Run a script").first().locator("summary").click();
  await expect(call("Run a script").first()).toContainText("sum 3 undefined undefined");
  await call("Run a script").last().locator("summary").click();
  await expect(call("Run a script").last()).toContainText("began\nstopped after 5 seconds");

  await easel.apply();
  await easel.show("Preview");
  await expect(preview.getByRole("heading", { name: "My sums" })).toBeVisible();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", "dark");
});

test("PRV-10: a project is named by the model for names", async ({ easel }) => {
  const { page } = easel;
  await easel.open();
  await page.getByRole("button", { name: "Settings" }).click();
  const names = page.getByRole("dialog", { name: "Settings" }).getByRole("combobox", { name: "Model for names" });
  await expect(names).toHaveValue("");
  await names.selectOption("script/journey");
  await page.keyboard.press("Escape");
  const model = page.getByRole("main").getByRole("combobox", { name: "Model" });
  await model.selectOption("script/demo");
  // The core has heard of it.
  await expect(model.getByRole("option", { name: "No model yet" })).toHaveCount(0);
  await easel.prompt.fill("Please plan where my roses go");
  await easel.prompt.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Rose Planner" })).toHaveCount(1);
  await easel.answered();
});

test("WB-1: the window is as it was left", async ({ easel }) => {
  const { page } = easel;
  await easel.open();
  await easel.make("TypeScript");
  const text = page.getByRole("textbox", { name: /^Text of .*README\.md/ });
  const scroller = page.locator(".cm-scroller").filter({ has: text });
  const folder = easel.files.getByRole("treeitem", { name: /^src/ });
  const width = page.getByRole("separator", { name: "Width of the side bar" });
  const recent = async () => {
    await page.keyboard.press("ControlOrMeta+p");
    const found = await page.getByRole("dialog").getByRole("option").allTextContents();
    await page.keyboard.press("Escape");
    return found.slice(0, 2);
  };
  const arranged = async () => ({
    project: new URL(page.url()).search,
    tabs: await page.getByRole("tab").allTextContents(),
    shown: await page.getByRole("tab", { selected: true }).allTextContents(),
    width: await width.getAttribute("aria-valuenow"),
    folder: await folder.getAttribute("aria-expanded"),
    phone: await page.getByRole("button", { name: "Phone, 360 px" }).getAttribute("aria-pressed"),
    console: await page.getByRole("region", { name: "Console" }).count(),
    recent: await recent(),
  });

  await page.getByRole("button", { name: "Phone, 360 px" }).click();
  await page.getByRole("button", { name: "Show the console" }).click();
  await easel.openFile("main.ts");
  await easel.openFile("README.md");
  await easel.command("Move the tab to the other column");
  await page.getByRole("tab", { name: "Preview" }).click();
  await text.click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText(`\n${"A line of a long file\n".repeat(300)}`);
  await expect(easel.saved).toBeVisible();
  await scroller.evaluate((it) => (it.scrollTop = 2_000));
  await folder.click();
  await width.focus();
  for (let n = 0; n < 5; n++) await page.keyboard.press("ArrowRight");
  const before = await arranged();
  expect(before).toMatchObject({ tabs: ["Preview", "main.ts", "README.md"], folder: "false", phone: "true", console: 1 });
  expect(before.recent).toEqual(["README.md", "src/main.ts"]);
  // The layout is kept a moment after its last change.
  await page.waitForTimeout(2_000);

  await page.reload();
  await expect(text).toBeVisible();
  await expect.poll(arranged).toEqual(before);
  // Lines that were not yet drawn have an estimated height, so it is near.
  await expect.poll(() => scroller.evaluate((it) => Math.abs(it.scrollTop - 2_000))).toBeLessThan(100);
});
