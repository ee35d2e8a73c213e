// What the proxy is laid out by: requests that pass through and such that are translated, in one piece and streamed, to
// a program that notes what it does. It measures nothing.

import { easel, end, started } from "./_gateways.mjs";
import { load } from "./_load.mjs";

const { EASEL_PROXY, EASEL_LOAD } = process.env;

const { port, drive, done } = await load("0,1", EASEL_LOAD);
const gateway = await easel(EASEL_PROXY, port);
try {
  const { child } = await started(gateway);
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    const asked = { ...gateway, path };
    await drive(asked, "--requests", 4_000, "--connections", 32);
    await drive(asked, "--requests", 400, "--connections", 32, "--stream");
    await drive(asked, "--requests", 100, "--connections", 4, "--prompt-bytes", 400_000);
  }
  // It writes its notes when it ends by itself.
  await end(child);
} finally {
  await done();
  await gateway.done();
}
