// What an app does with a server of tools, by the official client: lists, calls, follows progress,
// answers the server's own questions, and leaves. It prints what it saw as JSON.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

const [url, token] = process.argv.slice(2);
const transport = new StreamableHTTPClientTransport(new URL(url), {
  requestInit: { headers: { Authorization: `Bearer ${token}` } },
});
const client = new Client(
  { name: "test", version: "1" },
  { capabilities: { sampling: {}, roots: { listChanged: true } } },
);
const seen = { asked: [], logged: 0 };
client.setRequestHandler(CreateMessageRequestSchema, (request) => {
  seen.asked.push(request.params.messages[0].content.text);
  return {
    model: "none",
    role: "assistant",
    stopReason: "endTurn",
    content: { type: "text", text: "sampled by the page" },
  };
});
client.setRequestHandler(ListRootsRequestSchema, () => ({
  roots: [{ uri: "file:///project", name: "project" }],
}));
client.setNotificationHandler(LoggingMessageNotificationSchema, () => {
  seen.logged += 1;
});
await client.connect(transport);
seen.session = typeof transport.sessionId;
seen.protocol = transport.protocolVersion;
seen.server = client.getServerVersion().name;
seen.tools = (await client.listTools()).tools.map((it) => it.name);
const call = async (name, args = {}, options) => {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  return result.content.map((it) => it.text ?? it.type).join("\n");
};
// At once, so that answers come in another order.
seen.echoes = await Promise.all(["a\nb", "ünï", "c"].map((message) => call("echo", { message })));
seen.sum = await call("get-sum", { a: 2, b: 40 });
seen.image = await call("get-tiny-image");
seen.environment = JSON.parse(await call("get-env"));
const progress = [];
seen.long = await call(
  "trigger-long-running-operation",
  { duration: 0.2, steps: 4 },
  { onprogress: (it) => progress.push(it.progress) },
);
seen.progress = progress;
seen.sampled = await call("trigger-sampling-request", { prompt: "say something", maxTokens: 10 });
seen.roots = await call("get-roots-list");
try {
  seen.unknown = await call("no-such-tool");
} catch (error) {
  seen.unknown = error.message;
}
const cancelled = new AbortController();
setTimeout(() => cancelled.abort("enough"), 100);
try {
  await call(
    "trigger-long-running-operation",
    { duration: 60, steps: 2 },
    { signal: cancelled.signal },
  );
} catch (error) {
  seen.cancelled = error.message;
}
seen.after = await call("echo", { message: "still there" });
seen.resources = (await client.listResources()).resources.length;
seen.prompts = (await client.listPrompts()).prompts.length;
await transport.terminateSession();
await client.close();
console.log(JSON.stringify(seen));
