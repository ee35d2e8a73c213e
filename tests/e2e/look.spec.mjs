// Every screen: no accessibility violation that axe knows, and a picture in both themes and at
// 360 px. The pictures are for people to look at; they lie in target/screens.

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { expect, test } from "./easel.mjs";

const SCREENS = fileURLToPath(new URL("../../target/screens/", import.meta.url));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

test("every screen passes an audit, in both themes and at 360 px", async ({ easel }) => {
  test.setTimeout(300_000);
  const { page, preview } = easel;
  await mkdir(SCREENS, { recursive: true });
  const axe = await readFile(AXE, "utf8");
  const violations = [];

  const look = async (name) => {
    for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 360]]) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
      await page.waitForTimeout(150);
      const wide = width === 360 ? "360" : theme;
      await page.screenshot({ path: `${SCREENS}${name}-${wide}.png` });
      await page.evaluate(axe);
      const found = await page.evaluate(() =>
        window.axe.run({ exclude: [["iframe"]] }, { resultTypes: ["violations"] }),
      );
      for (const it of found.violations) {
        const nodes = it.nodes.slice(0, 3).map((node) => node.html.slice(0, 160));
        violations.push({ screen: `${name}-${wide}`, rule: it.id, nodes });
      }
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (overflow > 0) violations.push({ screen: `${name}-${wide}`, rule: "wider than the window", overflow });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
  };

  await easel.open();
  await look("home");
  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  for (const section of ["Models", "You", "Instructions", "Permissions", "Appearance", "Storage", "Proxy", "Shortcuts"]) {
    await settings.getByRole("tab", { name: section }).or(settings.getByRole("button", { name: section, exact: true })).first().click();
    await look(`settings-${section.toLowerCase()}`);
  }
  await page.keyboard.press("Escape");

  await easel.make();
  await look("workbench-empty");
  await easel.send("Tell me slowly");
  await expect(easel.reply).toContainText("Two.");
  await look("chat-streaming");
  await easel.stop.click();
  await easel.send("Make me a garden");
  await easel.answered();
  await look("chat-pending");
  await easel.show("Changes");
  await look("changes");
  await page.getByRole("switch", { name: "Side by side" }).check();
  await look("changes-side-by-side");
  await easel.apply();
  await easel.send("Please refuse");
  await expect(easel.messages.getByRole("article", { name: "Something went wrong" })).toBeVisible();
  await easel.show("Preview");
  await expect(preview.getByRole("heading", { name: "My garden" })).toBeVisible();
  await look("preview");
  await easel.openFile("index.html");
  await look("editor");
  await easel.show("History");
  await easel.history.getByRole("button", { name: /AI-assisted changes/ }).first().click();
  await look("history");
  await easel.chat.getByRole("button", { name: /≈ .* tokens/ }).click();
  await look("request");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+Shift+P");
  await look("palette");
  await page.keyboard.press("Escape");
  await easel.message.fill("@");
  await look("mention");
  await easel.message.fill("");
  expect(violations).toEqual([]);
});
