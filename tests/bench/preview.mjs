// How soon the preview shows what was saved, and whether the page stays smooth while a reply is
// written into a long file.
//
// The files are made here and brought in through the app's own import. What the preview shows is
// judged by the project's own page in its frame, not by what the app says of it; that is a row of
// its own.

import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "../e2e/easel.mjs";
import { Proxy } from "../e2e/proxy.mjs";
import { endAll, importFiles, openFrontDoor, startTab } from "./_app.mjs";
import { measureEsbuild } from "./_esbuild.mjs";
import { Figures, quantile, runs } from "./_figures.mjs";
import { longFile, modules, script, target } from "./_projects.mjs";

const SIZES = [1, 20, 100];
const GOALS = { 20: 100, 100: 200 };
// Medians that a prototype of the preview had, in its best and its worst run.
const PROTOTYPE = {
  20: { "prototype, best": 81, "prototype, worst": 97 },
  100: { "prototype, best": 211, "prototype, worst": 244 },
};
const PACE = 200;
const SETTLE_MS = 500;

const figures = new Figures("preview");
const proxy = await Proxy.start({ scripts: { bench: script(PACE) } });
try {
  for (const n of SIZES) await measureSaves(n);
  await measureStreaming();
} finally {
  await endAll();
  await proxy.done();
}
await figures.done();

// From the shortcut that saves to the first task behind the frame that has the new text.
async function measureSaves(n) {
  const project = modules(n);
  const { chrome, page, easel, close } = await openWith(project.files);
  await easel.openFile(project.leaf);
  await easel.command("Move the tab to the other column");
  await expect(easel.preview.locator("#shown")).toHaveText("0");
  const [whole, own] = [[], []];
  const n_runs = runs(15);
  for (let run = 1; run <= n_runs + 2; run++) {
    await sleep(SETTLE_MS);
    await easel.editor.locator(".cm-line", { hasText: "text" }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.press("Shift+Home");
    await page.keyboard.insertText(project.line(run));
    await page.evaluate(notePress);
    await page.keyboard.press("ControlOrMeta+s");
    // Nobody looks before it is over.
    await sleep(SETTLE_MS);
    const shown = easel.preview.locator("#shown");
    await expect(shown).toHaveText(String(run));
    await expect(shown).toHaveAttribute("data-painted", /./);
    const painted = Number(await shown.getAttribute("data-painted"));
    whole.push(painted - (await page.evaluate(() => globalThis.benchPressed)));
    own.push(Number(/\d+/.exec(await page.locator(".preview__painted").textContent())[0]));
  }
  // The first saves still find things that are not warm.
  const [ours, app] = [whole.slice(2), own.slice(2)];
  await page.close();
  const peer = await measureEsbuild(project, chrome.context, n_runs);
  await close();
  const modulesText = n === 1 ? "1 module" : `${n} modules`;
  figures.add(`from saving to painted, ${modulesText}`, "ms", ours, {
    goal: GOALS[n] ?? null,
    peers: { "esbuild, bundle and load again": peer },
    cited: PROTOTYPE[n] ?? {},
  });
  figures.add(`from stored to painted as the app says, ${modulesText}`, "ms", app);
}

// Runs in the page.
function notePress() {
  const note = () => (globalThis.benchPressed = performance.timeOrigin + performance.now());
  addEventListener("keydown", note, { once: true, capture: true });
}

// The model thinks, writes text with a long code block and then an edit of many lines, which is
// applied while the file is open. Nothing asks the page meanwhile, but for a look once a second.
async function measureStreaming() {
  const [p50, p95, max, tasks, applied] = [[], [], [], [], []];
  for (let run = 0; run < runs(3); run++) {
    const { page, easel, close } = await openWith(longFile());
    await easel.choose("script/bench");
    await easel.openFile(target());
    await expect(easel.editor).toContainText("line 1 ");
    await sleep(2_000);
    await easel.message.fill("Rewrite a part of it");
    await page.evaluate(watchFrames);
    await easel.message.press("Enter");
    await until(page, () => document.querySelector(".message--reply[data-state=complete]"));
    const { frames, long } = await page.evaluate(() => globalThis.benchFrames());
    p50.push(quantile(frames, 0.5));
    p95.push(quantile(frames, 0.95));
    max.push(Math.max(...frames));
    tasks.push(long.length);
    await sleep(1_000);
    await page.evaluate(watchFrames);
    await easel.card.getByRole("button", { name: "Apply" }).click();
    await until(page, () => document.querySelector(".cm-content").textContent.includes("rewritten 1 "));
    const after = await page.evaluate(() => globalThis.benchFrames());
    applied.push(Math.max(...after.frames));
    process.stderr.write(`long tasks: ${JSON.stringify(long)}, while applying: ${JSON.stringify(after.long)}\n`);
    await expect(easel.card).toHaveAttribute("data-state", "applied");
    expect(easel.faults).toEqual([]);
    await close();
  }
  const during = `while ${PACE} tokens/s stream and a file of 10,000 lines is open`;
  figures.add(`frame time ${during}, median`, "ms", p50);
  figures.add(`frame time ${during}, 95th percentile`, "ms", p95);
  figures.add(`frame time ${during}, longest`, "ms", max);
  figures.add(`tasks over 50 ms ${during}`, "tasks", tasks, { goal: 0 });
  figures.add("longest frame while the reply's edit is applied to it", "ms", applied);
}

// Playwright's own waiting looks at the page far more often than a person would.
async function until(page, there) {
  await page.waitForFunction(there, undefined, { polling: 1_000, timeout: 240_000 });
}

// Runs in the page.
function watchFrames() {
  const [frames, long] = [[], []];
  let last = 0;
  let on = true;
  const frame = (now) => {
    if (last) frames.push(now - last);
    last = now;
    if (on) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const began = performance.now();
  const observer = new PerformanceObserver((list) => {
    for (const it of list.getEntries()) long.push([Math.round(it.startTime - began), it.duration]);
  });
  observer.observe({ type: "longtask" });
  globalThis.benchFrames = () => {
    on = false;
    observer.disconnect();
    return { frames, long };
  };
}

async function openWith(files) {
  const tab = await startTab(proxy);
  await openFrontDoor(tab.easel);
  await importFiles(tab.easel, files);
  return tab;
}
