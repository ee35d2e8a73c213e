// What the proxy is laid out by: requests that pass through and such that are translated, in one piece and streamed, to
// a program that notes what it does. It measures nothing.

import { easel, end, freePort, output, start, started } from "./_gateways.mjs";

const { EASEL_PROXY, EASEL_LOAD } = process.env;

const provider = await freePort();
const upstream = start("0,1", EASEL_LOAD, ["upstream", String(provider)]);
const gateway = await easel(EASEL_PROXY, provider);
try {
  const { child } = await started(gateway);
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    await drive(path, "--requests", 4_000, "--connections", 32);
    await drive(path, "--requests", 400, "--connections", 32, "--stream");
    await drive(path, "--requests", 100, "--connections", 4, "--prompt-bytes", 400_000);
  }
  // It writes its notes when it ends by itself.
  await end(child);
} finally {
  await end(upstream);
  await gateway.done();
}

async function drive(path, ...flags) {
  const to = `http://127.0.0.1:${gateway.port}${path}`;
  const header = `authorization: ${gateway.headers.authorization}`;
  const args = ["drive", to, "--model", gateway.model, "--header", header, ...flags.map(String)];
  const { errors, error } = JSON.parse(await output(EASEL_LOAD, args));
  if (errors) throw new Error(`${path}: ${errors} errors: ${error}`);
}
