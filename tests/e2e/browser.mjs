// The browser: which one, how it is started, and how it is ended without warning.
//
// Journeys that kill the browser start it here by themselves, on a profile that outlives it.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "@playwright/test";

export const CHROMIUM = process.env.EASEL_CHROMIUM || "/usr/bin/chromium";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// A folder for a profile, thrown away with `done`.
export async function profile() {
  const folder = await mkdtemp(join(tmpdir(), "easel-profile-"));
  const done = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  return { folder, done };
}

// Starts a browser of its own on a profile. `kill` sends SIGKILL to all of its processes.
export async function startBrowser(folder) {
  await rm(join(folder, "DevToolsActivePort"), { force: true });
  const flags = [
    ...FLAGS,
    "--headless",
    "--no-default-browser-check",
    "--hide-crash-restore-bubble",
    "--remote-debugging-port=0",
    `--user-data-dir=${folder}`,
    "about:blank",
  ];
  const child = spawn(CHROMIUM, flags, { stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const port = await devtoolsPort(folder);
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const context = browser.contexts()[0];
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  return {
    browser,
    context,
    async kill() {
      signal("SIGKILL");
      await ended;
      await browser.close().catch(() => {});
    },
    async close() {
      await browser.close().catch(() => {});
      signal("SIGTERM");
      await Promise.race([ended, sleep(5_000)]);
      signal("SIGKILL");
    },
  };
}

// Ends every renderer of the browser at once: the tab with its core, and its preview.
export async function killRenderers(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  for (const it of processInfo.filter((it) => it.type === "renderer")) {
    try {
      process.kill(it.id, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  await session.detach().catch(() => {});
}

async function devtoolsPort(folder) {
  for (let i = 0; i < 300; i++) {
    const text = await readFile(join(folder, "DevToolsActivePort"), "utf8").catch(() => "");
    const port = text.split("\n")[0];
    if (port) return port;
    await sleep(50);
  }
  throw new Error("the browser did not start");
}

// Starts a browser without Playwright, which would keep every page visible, and opens an address in
// its one tab. `evaluate` runs an expression there; `cover` opens another tab over it.
export async function startBareBrowser(folder, address, further = []) {
  const flags = [...FLAGS, ...further, "--headless", "--remote-debugging-pipe", `--user-data-dir=${folder}`, address];
  const child = spawn(CHROMIUM, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [, , , commands, answers] = child.stdio;
  const waiting = new Map();
  let text = "";
  answers.on("data", (chunk) => {
    const messages = (text + chunk).split("\0");
    text = messages.pop();
    for (const { id, result, error } of messages.map((it) => JSON.parse(it))) {
      waiting.get(id)?.(error ? { error } : result);
      waiting.delete(id);
    }
  });
  let lastId = 0;
  const send = (method, params = {}, sessionId) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      commands.write(`${JSON.stringify({ id: lastId, method, params, sessionId })}\0`);
    });
  const evaluateIn = async (sessionId, expression) => {
    const answer = await send("Runtime.evaluate", { expression, returnByValue: true }, sessionId);
    return answer.result?.value;
  };
  const { targetInfos } = await send("Target.getTargets");
  const { targetId } = targetInfos.find((it) => it.type === "page");
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  return {
    evaluate: (expression) => evaluateIn(sessionId, expression),
    // The expression that presses a button and says whether it was there.
    press: (name) => `(() => {
      const named = (it) => it.textContent.trim() === ${JSON.stringify(name)} && !it.disabled;
      const found = [...document.querySelectorAll("button")].find(named);
      found?.click();
      return Boolean(found);
    })()`,
    // The same in a frame that has a process of its own; nothing before it is there.
    async evaluateInFrame(address, expression) {
      const { targetInfos } = await send("Target.getTargets");
      const found = targetInfos.find((it) => it.type === "iframe" && it.url === address);
      if (!found) return undefined;
      const frame = await send("Target.attachToTarget", { targetId: found.targetId, flatten: true });
      return evaluateIn(frame.sessionId, expression);
    },
    allow: (permission, origin) => send("Browser.grantPermissions", { permissions: [permission], origin }),
    // Opens an address with a script that runs before any of the page's.
    async open(address, script) {
      await send("Page.enable", {}, sessionId);
      await send("Page.addScriptToEvaluateOnNewDocument", { source: script }, sessionId);
      await send("Page.navigate", { url: address }, sessionId);
    },
    cover: () => send("Target.createTarget", { url: "about:blank" }),
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    },
  };
}
