// A gateway for clients: the real proxy on a free port, and behind it the recorded provider in all six dialects.
//
// It starts and ends both; what is asked of them is the clients' matter.

import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROXY = resolve(ROOT, process.env.EASEL_PROXY || "target/debug/easel-proxy");
const UPSTREAM = resolve(ROOT, process.env.EASEL_UPSTREAM || "target/debug/examples/recorded-upstream");
const KEY = "test-key";

// What a provider is called here, and the dialect that it speaks.
const PROVIDERS = {
  chat: "openai-compatible",
  claude: "anthropic",
  newer: "openai-responses",
  google: "gemini",
  bedrock: "bedrock",
  ollama: "ollama",
};

// `origins` are those of pages that may ask; `scripts` is a folder of scripts.
export async function startGateway({ origins = [], scripts } = {}) {
  const data = await mkdtemp(join(tmpdir(), "easel-clients-"));
  const children = [];
  const start = (program, flags, env) => {
    const child = spawn(program, flags, { env, stdio: ["ignore", "pipe", "pipe"] });
    child.log = "";
    child.stderr.on("data", (it) => (child.log += it));
    children.push(child);
    return child;
  };
  const stop = async () => {
    await Promise.all(children.map(ended));
    await rm(data, { recursive: true, force: true });
  };
  const env = { PATH: process.env.PATH, HOME: data };
  try {
    const provider = start(UPSTREAM, ["--port", "0", "--strict"], env);
    const upstream = (await said(provider, /at (http:\S+)/))[1];
    await writeFile(join(data, "easel.toml"), configuration(upstream, origins));
    const flags = ["--data", data, "--site", join(data, "site")];
    const made = execFileSync(PROXY, [...flags, "--new-client", "clients"], { env, encoding: "utf8" });
    if (scripts) flags.push("--scripts", scripts);
    const proxy = start(PROXY, [...flags, "--port", "0", "--no-open"], env);
    const port = (await said(proxy, /localhost:(\d+)/))[1];
    return {
      url: `http://127.0.0.1:${port}`,
      upstream,
      key: made.split("\n")[0],
      log: () => proxy.log,
      // How many replies of the provider are under way.
      open: async () => (await fetch(`${upstream}/open`)).json(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(upstream, origins) {
  const provider = ([id, kind]) => `
[providers.${id}]
kind = "${kind}"
base-url = "${upstream}"
key = "${KEY}"
models = ["recorded-model"]
`;
  return `origins = ${JSON.stringify(origins)}\n${Object.entries(PROVIDERS).map(provider).join("")}`;
}

// Waits for a line that a program prints.
function said(child, pattern) {
  return new Promise((found, failed) => {
    child.once("exit", (code) => failed(new Error(`${child.spawnfile} ended with ${code}\n${child.log}`)));
    child.once("error", failed);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = line.match(pattern);
      if (match) found(match);
    });
  });
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill();
  return gone;
}
