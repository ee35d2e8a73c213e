// The gateways of the bench `proxy`, each started on the first core as its own documents say, before
// the same provider. It measures nothing.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const OWN_CORE = "0";
export const OTHER_CORE = "1";
const PATIENCE_MS = 300_000;

// A program on a core, with its output kept for when it fails.
export function start(core, program, args, options = {}) {
  const child = spawn("taskset", ["-c", core, program, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => (said = (said + text).slice(-4_000)));
  }
  child.said = () => said;
  return child;
}

export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(patience);
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Ours, with everything on: a key, limits, a budget, prices and the ledger.
export async function easel(program, upstream) {
  const data = await mkdtemp(join(tmpdir(), "easel-bench-"));
  const port = await freePort();
  const config = `
port = ${port}
[providers.bench]
kind = "openai-compatible"
base-url = "http://127.0.0.1:${upstream}/v1"
models = ["bench", "paced"]
[[prices]]
provider = "bench"
model = "*"
input = "0.15"
output = "0.60"
[accounts]
person-per-hour = 1000000000
project-per-hour = 1000000000
[budget]
dollars = 1000000
period = "month"
`;
  await writeFile(join(data, "easel.toml"), config);
  const args = ["--no-open", "--data", data, "--site", data];
  const key = await output(program, [...args, "--new-client", "bench"]);
  const gateway = {
    name: "Easel",
    data,
    key: key.split("\n")[0],
    path: "/v1/chat/completions",
    model: "bench/bench",
    paced: "bench/paced",
    port,
    ready: "/healthz",
    run: () => start(OWN_CORE, program, args, { env: { ...process.env, EASEL_LOG: "warn" } }),
    done: () => rm(data, { recursive: true, force: true }),
  };
  gateway.headers = { authorization: `Bearer ${gateway.key}` };
  return gateway;
}

export async function floor(load, upstream) {
  const port = await freePort();
  return {
    name: "floor",
    path: "/v1/chat/completions",
    model: "bench",
    paced: "paced",
    port,
    headers: {},
    run: () => start(OWN_CORE, load, ["floor", String(port), `127.0.0.1:${upstream}`]),
    done: async () => {},
  };
}

export async function litellm(bin, upstream) {
  const folder = await mkdtemp(join(tmpdir(), "litellm-bench-"));
  const port = await freePort();
  const model = (name) => `
  - model_name: ${name}
    litellm_params: { model: openai/${name}, api_base: "http://127.0.0.1:${upstream}/v1", api_key: none }`;
  const config = join(folder, "config.yaml");
  await writeFile(config, `model_list:${model("bench")}${model("paced")}\ngeneral_settings: { master_key: sk-bench }\n`);
  return {
    name: "LiteLLM",
    path: "/v1/chat/completions",
    model: "bench",
    paced: "paced",
    port,
    headers: { authorization: "Bearer sk-bench" },
    run: () =>
      start(OWN_CORE, join(bin, "litellm"), ["--config", config, "--port", String(port), "--num_workers", "1"], {
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, LITELLM_LOG: "ERROR", LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_TELEMETRY: "False" },
      }),
    done: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function portkey(folder, upstream) {
  const port = await freePort();
  const server = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(server)) throw new Error(`${server} is not there`);
  return {
    name: "Portkey",
    path: "/v1/chat/completions",
    model: "bench",
    paced: "paced",
    port,
    headers: {
      authorization: "Bearer none",
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `http://127.0.0.1:${upstream}/v1`,
    },
    run: () => start(OWN_CORE, process.execPath, [server, "--headless", `--port=${port}`]),
    done: async () => {},
  };
}

// From the start of the process to its first answer.
export async function started(gateway) {
  const began = performance.now();
  const child = gateway.run();
  const body = JSON.stringify({ model: gateway.model, max_tokens: 9, messages: [{ role: "user", content: "hi" }] });
  const headers = { ...gateway.headers, "content-type": "application/json" };
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${gateway.path}`, { method: "POST", headers, body });
      const text = await answer.text();
      if (answer.ok) return { child, ms: performance.now() - began };
      // It is up and refuses: nothing will change.
      if (answer.status < 500) throw new Error(`${gateway.name}: ${answer.status} ${text}`);
    } catch (err) {
      if (!(err instanceof TypeError)) throw err;
    }
    if (child.exitCode !== null) throw new Error(`${gateway.name} ended: ${child.said()}`);
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${gateway.name} does not answer: ${child.said()}`);
    await sleep(2);
  }
}

// All processes of a program that may have forked, itself among them.
async function family(pid) {
  const children = async (id) => {
    const tasks = await readdir(`/proc/${id}/task`).catch(() => []);
    const lists = await Promise.all(tasks.map((it) => readFile(`/proc/${id}/task/${it}/children`, "utf8").catch(() => "")));
    return lists.join(" ").split(/\s+/).filter(Boolean);
  };
  const all = [String(pid)];
  for (let at = 0; at < all.length; at++) all.push(...(await children(all[at])));
  return all;
}

// CPU time of all its threads so far, in microseconds.
export async function cpuOf(child) {
  let nanos = 0;
  for (const pid of await family(child.pid)) {
    for (const task of await readdir(`/proc/${pid}/task`)) {
      const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, "utf8").catch(() => "0");
      nanos += Number(text.split(" ")[0]);
    }
  }
  return nanos / 1_000;
}

// Resident memory, in MiB.
export async function memoryOf(child) {
  let kib = 0;
  for (const pid of await family(child.pid)) {
    const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    kib += Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0);
  }
  return kib / 1_024;
}

export function output(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE_MS });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(out) : reject(new Error(`${program} ${args.join(" ")}: ${code ?? "no end"} ${err || out}`))));
  });
}
