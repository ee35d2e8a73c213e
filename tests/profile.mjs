// Finds out which functions are called until one can chat and edit, with nothing kept and with a
// session to restore, in a build that notes them (`cargo xtask profile`). Writes their names
// to FOLDER/MODULE.txt. Judges nothing. Usage: profile.mjs FOLDER

import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { chatAndEdit, endAll, startTab } from "./bench/_app.mjs";
import { expect } from "./e2e/easel.mjs";
import { Proxy, SITE } from "./e2e/proxy.mjs";
import { parts } from "../xtask/js/modules.mjs";

const MODULES = ["easel", "core"];
// What follows by itself: the preview, what JavaScript lets go of.
const SETTLE_MS = 2_000;
// No two runs take the same turns.
const N_RUNS = 5;

const [folder] = process.argv.slice(2);
const called = new Map(MODULES.map((it) => [it, new Set()]));
const proxy = await Proxy.start();
try {
  const names = await namesOf(await readdir(SITE));
  for (let run = 0; run < N_RUNS; run++) await use(names);
} finally {
  await endAll();
  await proxy.done();
}
await mkdir(folder, { recursive: true });
for (const [module, found] of called) {
  const head =
    "# Functions that are called until one can chat and edit, and the hashes of those that are made of\n" +
    "# one generic. Written by `cargo xtask profile`; see docs/decisions/site.md.\n";
  const hashes = new Map();
  for (const { plain, hash } of [...found].map(parts)) {
    hashes.set(plain, [...(hashes.get(plain) ?? []), hash].filter(Boolean));
  }
  const lines = [...hashes].map(([plain, all]) => [plain, all.sort().join(" ")].filter(Boolean).join("\t"));
  await writeFile(join(folder, `${module}.txt`), `${head}${lines.sort().join("\n")}\n`);
  console.log(`${module}: ${found.size} functions`);
}

async function use(names) {
  const { page, easel, close } = await startTab(proxy);
  const note = () => noteCalled(easel, names);
  await chatAndEdit(easel);
  await easel.apply();
  await sleep(SETTLE_MS);
  await note();

  // With a session to restore: by itself, and with the proxy gone.
  await page.waitForFunction(() => navigator.serviceWorker.ready.then((it) => !!it.active));
  for (const away of [false, true]) {
    if (away) await proxy.stop();
    await page.reload();
    await expect(easel.editor).toBeVisible();
    await expect(easel.message).toBeVisible();
    await sleep(SETTLE_MS);
    await note();
  }
  await proxy.run();
  await close();
}

async function namesOf(files) {
  const lists = MODULES.map(async (module) => {
    const file = files.find((it) => it.startsWith(`${module}-`) && it.endsWith("_names.json"));
    return [module, JSON.parse(await readFile(join(SITE, file), "utf8"))];
  });
  return new Map(await Promise.all(lists));
}

async function noteCalled(easel, names) {
  // What JavaScript lets go of calls, too.
  await easel.page.requestGC();
  for (const [module, place] of [["easel", easel.page], ["core", easel.core]]) {
    const seen = await place.evaluate(() => [...self.easelSeen].flatMap((it, at) => (it ? [at] : [])));
    for (const at of seen) called.get(module).add(names.get(module)[at]);
  }
}
