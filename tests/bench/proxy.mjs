// What the proxy costs: processor time, delay and memory, beside two gateways and a pass-through
// that does nothing else, in one run. Each gateway has the first core for itself; provider and
// clients are one process on the other one, which does not sleep while it asks.
//
// Ours has a key, limits, a budget and the ledger on; LiteLLM has a master key and no database, Portkey
// nothing. Figures of a stream are per event. EASEL_BENCH_ONLY names gateways to leave the others out.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Figures, median, runs } from "./_figures.mjs";
import { OTHER_CORE, cpuOf, easel, end, floor, litellm, memoryOf, portkey, started } from "./_gateways.mjs";
import { load } from "./_load.mjs";

const { EASEL_PROXY, EASEL_LOAD, EASEL_LITELLM, EASEL_PORTKEY } = process.env;
const SECONDS = 4;
const GROWTH_REQUESTS = Number(process.env.EASEL_BENCH_GROWTH || 1_000_000);
const MIB = 1_024 * 1_024;
const SETTLE_MS = 1_000;
// From the table of the goal; taken on a loaded machine of two cores.
const CITED = {
  cpu: { LiteLLM: 10_146, Portkey: 1_074, floor: 14.7 },
  rate: { LiteLLM: 89, Portkey: 787, floor: 37_236 },
};

const figures = new Figures("proxy");
const { port: provider, drive, done } = await load(OTHER_CORE, EASEL_LOAD);
const makers = {
  Easel: () => easel(EASEL_PROXY, provider),
  floor: () => floor(EASEL_LOAD, provider),
  LiteLLM: () => litellm(EASEL_LITELLM, provider),
  Portkey: () => portkey(EASEL_PORTKEY, provider),
};
const wanted = process.env.EASEL_BENCH_ONLY?.split(",") ?? Object.keys(makers);
const gateways = [];
const measured = new Map();
try {
  for (const name of wanted) gateways.push(await makers[name]());
  const direct = await drive({ port: provider, path: "/v1/chat/completions", model: "bench", headers: {} }, "--seconds", 2);
  for (const gateway of gateways) measured.set(gateway.name, await measure(gateway, direct));
  await tell();
} finally {
  await done();
  for (const gateway of gateways) await gateway.done();
}
await figures.done();

async function measure(gateway, direct) {
  process.stderr.write(`${gateway.name}\n`);
  const seen = { start: [] };
  let child;
  for (let run = 0; run < runs(3); run++) {
    if (child) await end(child);
    const begun = await started(gateway);
    child = begun.child;
    seen.start.push(begun.ms);
  }
  try {
    await sleep(SETTLE_MS);
    seen.idle = await memoryOf(child);
    await drive(gateway, "--seconds", 2, "--connections", 32);

    const busy = await costOf(child, () => drive(gateway, "--seconds", SECONDS, "--connections", 32));
    seen.cpu = busy.map((it) => it.cpu / it.requests);
    seen.rate = busy.map((it) => it.requests / it.seconds);
    const alone = await costOf(child, () => drive(gateway, "--seconds", 2));
    seen.delay = alone.map((it) => it.p50_us - direct.p50_us);

    const streamed = await costOf(child, () => drive(gateway, "--seconds", SECONDS, "--connections", 32, "--stream"));
    seen.event = streamed.map((it) => it.cpu / it.events);
    if (gateway.name === "Easel") {
      const other = { ...gateway, path: "/v1/messages" };
      const translated = await costOf(child, () => drive(other, "--seconds", SECONDS, "--connections", 32, "--stream"));
      seen.translated = translated.map((it) => it.cpu / it.events);
    }
    const long = await costOf(child, () => drive(gateway, "--seconds", SECONDS, "--connections", 4, "--prompt-bytes", 400_000));
    seen.long = long.map((it) => it.cpu / it.requests);

    const held = drive({ ...gateway, model: gateway.paced }, "--requests", 512, "--connections", 512, "--stream");
    await sleep(6_000);
    seen.streams = await memoryOf(child);
    await held;

    if (gateway.name === "Easel") {
      // What the streams took and gave back would be taken again, page by page, and look like growth.
      await end(child);
      child = (await started(gateway)).child;
      await measureGrowth(gateway, child, seen);
    }
  } finally {
    await end(child);
  }
  return seen;
}

// What is never given back: after a tenth of the requests, everything that stays has been taken.
async function measureGrowth(gateway, child, seen) {
  await drive(gateway, "--requests", Math.round(GROWTH_REQUESTS / 10), "--connections", 32);
  await sleep(SETTLE_MS);
  const before = await memoryOf(child);
  const asked = await drive(gateway, "--requests", GROWTH_REQUESTS, "--connections", 32);
  // The ledger folds its last rows in.
  await sleep(5 * SETTLE_MS);
  seen.growth = (await memoryOf(child)) - before;
  seen.asked = asked.requests;
  seen.rows = await rowsOf(gateway, child);
}

async function costOf(child, job) {
  const all = [];
  for (let run = 0; run < runs(3); run++) {
    const before = await cpuOf(child);
    const seen = await job();
    all.push({ ...seen, cpu: (await cpuOf(child)) - before });
  }
  return all;
}

async function tell() {
  const ours = measured.get("Easel");
  const others = (name) =>
    Object.fromEntries([...measured].filter(([it, seen]) => it !== "Easel" && seen[name]).map(([it, seen]) => [it, seen[name]]));
  const add = (figure, unit, name, more = {}) => figures.add(figure, unit, ours[name], { peers: others(name), ...more });
  add("processor time per request, 32 connections", "µs", "cpu", { goal: 50, cited: CITED.cpu });
  // More is better here: the figure is the time that one request takes away from others.
  const each = (seen) => seen.rate.map((it) => 1_000_000 / it);
  figures.add("time per request at full load, 32 connections", "µs", each(ours), {
    goal: 1_000_000 / 15_000,
    peers: Object.fromEntries([...measured].filter(([it]) => it !== "Easel").map(([it, seen]) => [it, each(seen)])),
  });
  for (const [name, { rate }] of measured) process.stderr.write(`requests per second, ${name}: ${Math.round(median(rate))}\n`);
  add("delay of one connection, median, beyond the provider's own", "µs", "delay", { goal: 150 });
  add("processor time per streamed event, passed through", "µs", "event", { goal: 5 });
  if (ours.translated) add("processor time per streamed event, translated", "µs", "translated", { goal: 8 });
  add("processor time of a request of 400 KB", "µs", "long", { goal: 800 });
  add("resident memory, idle", "MiB", "idle", { goal: 12 });
  add("resident memory, 512 streams", "MiB", "streams", { goal: 40 });
  figures.add(`growth over ${ours.asked.toLocaleString("en-US")} requests`, "MiB", ours.growth, { goal: 1 });
  add("start to first answer", "ms", "start", { goal: 50 });
  figures.add("program", "MiB", (await stat(EASEL_PROXY)).size / MIB, { goal: 15 });
  const gateway = gateways.find((it) => it.name === "Easel");
  const database = await stat(join(gateway.data, "easel.db"));
  figures.add("ledger, with its indexes and sums", "B/row", database.size / ours.rows, { goal: 100, cited: { LiteLLM: 6_307 } });
}

// All requests of this run, as the administration counts them.
async function rowsOf(gateway, child) {
  const [, token] = /#token=(\S+)/.exec(child.said());
  const headers = { authorization: `Bearer ${token}` };
  const usage = await fetch(`http://127.0.0.1:${gateway.port}/admin/api/usage?by=model&from_ms=0`, { headers });
  return (await usage.json()).reduce((sum, it) => sum + it.requests, 0);
}
