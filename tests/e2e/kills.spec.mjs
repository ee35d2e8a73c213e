// SIGKILL at random moments in the middle of a batch: of the renderers, which shows that a batch is
// whole or not at all, and of the whole browser, which shows that what was acknowledged is durable.
//
// EASEL_KILLS says how often each, EASEL_SEED from which moments.

import { setTimeout as sleep } from "node:timers/promises";

import { killRenderers, profile, startBrowser } from "./browser.mjs";
import { Easel, expect, test as base } from "./easel.mjs";
import { unpack } from "./git.mjs";
import { Proxy } from "./proxy.mjs";

const KILLS = Number(process.env.EASEL_KILLS || 10);
const SEED = Number(process.env.EASEL_SEED || 1);
const FILES = [..."abcdefghijkl"].map((it) => `batch/${it}.txt`);

const test = base.extend({
  served: [
    async ({}, use) => {
      const proxy = await Proxy.start({ scripts: { kills: script() } });
      await use(proxy);
      await proxy.done();
    },
    { scope: "worker" },
  ],
});

for (const victim of ["renderer", "browser"]) {
  test(`ACT-4 ACT-6 CHAT-1: the ${victim} is killed ${KILLS} times in mid-batch`, async ({ served }) => {
    test.setTimeout(60_000 + KILLS * 30_000);
    const random = generator(SEED + victim.length);
    const { folder, done } = await profile();
    let chrome = await startBrowser(folder);
    let easel = new Easel(await chrome.context.newPage(), served);
    await easel.open();
    await easel.make();
    await easel.choose("script/kills");
    const address = easel.page.url();
    // What the screen has promised: messages that were saved, and the newest batch that was applied.
    let promised = { n_messages: 0, batch: 0 };
    const outcomes = { applied: 0, before: 0 };

    for (let n = 1; n <= KILLS; n++) {
      await easel.send(`batch-${String(n).padStart(4, "0")};`);
      promised.n_messages += 1;
      await easel.answered();
      const applied = easel.card.getByText("Applied", { exact: true }).waitFor();
      const seen = applied.then(() => (promised.batch = n)).catch(() => {});
      await easel.card.getByRole("button", { name: "Apply" }).click({ noWaitAfter: true });
      await sleep(random(120));
      if (victim === "browser") {
        await chrome.kill();
        await seen;
        chrome = await startBrowser(folder);
      } else {
        await killRenderers(chrome.browser);
        await easel.page.close().catch(() => {});
        await seen;
      }
      easel = new Easel(await chrome.context.newPage(), served);
      await easel.page.goto(address);
      await expectMessages(easel, promised.n_messages);
      await expect(easel.card).toHaveAttribute("data-state", /pending|applied/);

      const project = unpack(await easel.exportZip());
      project.git("fsck", "--strict", "--no-dangling");
      const contents = FILES.map((path) => {
        try {
          return project.read(path).trim();
        } catch {
          return "0";
        }
      });
      expect(new Set(contents).size, `half a batch after kill ${n}: ${contents}`).toBe(1);
      const batch = Number(contents[0]);
      expect(batch, `kill ${n}: what was shown as applied is gone`).toBeGreaterThanOrEqual(promised.batch);
      expect([n, n - 1]).toContain(batch);
      const card = batch === n ? "applied" : "pending";
      await expect(easel.card).toHaveAttribute("data-state", card);
      project.done();
      outcomes[batch === n ? "applied" : "before"] += 1;
      if (batch !== n) await easel.apply();
      promised.batch = n;
    }
    console.log(`${victim}: seed ${SEED}, ${JSON.stringify(outcomes)}`);
    await chrome.close();
    await done();
  });
}

// A long conversation shows its last messages first.
async function expectMessages(easel, n) {
  const earlier = easel.messages.getByRole("button", { name: "Earlier messages" });
  try {
    await expect(async () => {
      if (await earlier.isVisible()) await earlier.click();
      expect(await easel.mine.count()).toBe(n);
    }).toPass({ timeout: 30_000 + n * 1_000 });
  } catch (err) {
    throw new Error(`${err.message}\n${await easel.told()}`);
  }
}

// Numbers below a bound, the same for the same seed (mulberry32).
function generator(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let it = Math.imul(state ^ (state >>> 15), 1 | state);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return (((it ^ (it >>> 14)) >>> 0) / 2 ** 32) * bound;
  };
}

// A scene per kill, each of which writes the kill's number into every file.
function script() {
  const scenes = [];
  for (let n = 1; n <= KILLS; n++) {
    const write = (path) => `tool write ${JSON.stringify({ path, content: `${n}\n` })}`;
    scenes.push(`when batch-${String(n).padStart(4, "0")};`, ...FILES.map(write));
    scenes.push(`after ${FILES.length}`, "text All are written.", "");
  }
  return `title Kills\n\n${scenes.join("\n")}\n`;
}
