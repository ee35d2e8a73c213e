// What every bench prints and writes: a Markdown table, and the same as JSON for other programs.
//
// It judges nothing: a figure that misses its goal is a row, not a failure.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export class Figures {
  constructor(name) {
    this.name = name;
    this.list = [];
    this.load = loadavg()[0];
  }

  // `runs` are the measured values, of which the median counts. A figure without a goal is there to
  // be compared with itself later.
  add(figure, unit, runs, { goal = null, peers = {}, cited = {} } = {}) {
    const ours = rounded(median([runs].flat()));
    const met = goal === null ? null : ours <= goal;
    const others = Object.fromEntries(Object.entries(peers).map(([name, it]) => [name, rounded(median([it].flat()))]));
    this.list.push({ figure, unit, ours, goal, peers: others, cited, met });
    const spread = [runs].flat().map(rounded).join(" ");
    process.stderr.write(`${figure}: ${ours} ${unit} (${spread})\n`);
  }

  // Prints the table and writes the file that `cargo xtask bench` names.
  async done() {
    const out = resolve(ROOT, process.env.EASEL_BENCH_OUT || `target/bench/${this.name}.json`);
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, `${JSON.stringify(this.list, null, 2)}\n`);
    console.log(`\n${this.table()}\n`);
    const load = `load ${this.load.toFixed(1)} before and ${loadavg()[0].toFixed(1)} after`;
    console.log(`Medians on ${cpus().length} cores (${cpus()[0].model.trim()}), ${load}.`);
  }

  table() {
    const others = (values, unit) => {
      const texts = Object.entries(values).map(([name, it]) => `${name}: ${shown(it)} ${unit}`);
      return texts.join(", ") || "–";
    };
    const rows = this.list.map(({ figure, unit, ours, goal, peers, cited, met }) => [
      figure,
      `${shown(ours)} ${unit}`,
      goal === null ? "–" : `${met ? "✓" : "✗"} ≤ ${shown(goal)} ${unit}`,
      others(peers, unit),
      others(cited, unit),
    ]);
    const head = ["figure", "ours", "goal", "measured beside it", "cited"];
    return [head, head.map(() => "---"), ...rows].map((it) => `| ${it.join(" | ")} |`).join("\n");
  }
}

export function median(values) {
  return quantile(values, 0.5);
}

export function quantile(values, share) {
  if (values.length === 0) throw new Error("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

// How often a bench repeats what it measures; fewer while one works on it.
export function runs(usual) {
  return Number(process.env.EASEL_BENCH_RUNS || usual);
}

function rounded(value) {
  return Math.round(value * 10) / 10;
}

function shown(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : value;
}
