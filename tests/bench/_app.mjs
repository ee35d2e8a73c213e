// The app in a browser of its own, with files brought in through its own import.
//
// Every browser that was started here is ended by `endAll`, also when a bench fails in the middle.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { profile, startBrowser } from "../e2e/browser.mjs";
import { Easel, expect } from "../e2e/easel.mjs";

const running = new Set();

// Starts a browser with an empty tab, on a profile that is thrown away unless `folder` is one.
export async function startTab(proxy, folder) {
  const kept = folder ? { folder, done: async () => {} } : await profile();
  const chrome = await startBrowser(kept.folder);
  const close = async () => {
    running.delete(close);
    await chrome.close();
    await kept.done();
  };
  running.add(close);
  const newTab = async () => {
    const page = await chrome.context.newPage();
    await page.setViewportSize({ width: 1280, height: 800 });
    return { page, easel: new Easel(page, proxy) };
  };
  return { chrome, newTab, close, ...(await newTab()) };
}

export async function endAll() {
  await Promise.all([...running].map((close) => close()));
}

// Opens the front door, and goes on once the core has answered.
export async function openFrontDoor(easel) {
  await easel.open();
  await expect(easel.page.getByRole("radio").first()).toBeVisible();
}

// What "one can chat and edit" stands for: a new project, a page of it changed and stored, a message
// answered.
export async function chatAndEdit(easel) {
  await openFrontDoor(easel);
  await easel.make();
  await easel.openFile("index.html");
  await easel.page.keyboard.type("One can type. ");
  await expect(easel.saved).toBeVisible();
  await easel.send("Make me a garden");
  await easel.answered();
}

// Makes a project of files by path, as one opens a folder.
export async function importFiles(easel, files) {
  const parent = await mkdtemp(join(tmpdir(), "easel-import-"));
  for (const [path, text] of Object.entries(files)) {
    const file = join(parent, "imported", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await easel.page.locator("[data-pick=folder]").setInputFiles(join(parent, "imported"));
  await expect(easel.message).toBeVisible({ timeout: 60_000 });
  await expect(easel.files.getByRole("treeitem").first()).toBeVisible();
  await rm(parent, { recursive: true, force: true });
}
