// What the clients from npm share: what is asked, and how a case is told. It runs in Node and in a page alike.

export const MODELS = {
  chat: "chat/recorded",
  messages: "claude/recorded",
  responses: "newer/recorded",
  gemini: "google/recorded",
  converse: "bedrock/recorded",
  ollama: "ollama/recorded",
};

export const PROMPT = "Make a page";
export const CALLED = "I write the page.";
export const DONE = "The page is written – with a heading.";
export const SCHEMA = {
  type: "object",
  properties: { path: { type: "string" }, content: { type: "string" } },
  required: ["path", "content"],
};

export function equal(found, expected) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

export function holds(text, part) {
  if (!text.includes(part)) throw new Error(`no ${JSON.stringify(part)} in ${JSON.stringify(text)}`);
}

// Returns the error that must come, of the client's own kind.
export async function fails(kind, run) {
  let found;
  try {
    found = await run();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`no error but ${JSON.stringify(found)}`);
}

export function isCall(name, args) {
  const call = typeof args === "string" ? JSON.parse(args) : args;
  equal([name, call.path], ["write", "index.html"]);
  holds(call.content, "<h1>From the recorded upstream</h1>");
}

// The provider's streams must end soon after their client has left.
export async function closed(gateway) {
  for (let n = 0; n < 100; n++) {
    if ((await gateway.open()) === 0) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error("the provider's stream is still open");
}

// Leaves a stream of either vendor's client after its first event.
export async function left(gateway, stream) {
  for await (const _ of stream) break;
  stream.controller.abort();
  await closed(gateway);
}

// Runs all cases of all clients; `tell` hears of each.
export async function run(clients, gateway, tell) {
  for (const [client, list] of Object.entries(clients)) {
    for (const [name, models, body] of list(gateway)) {
      for (const [dialect, model] of Object.entries(models)) {
        const told = `${client}: ${name}, provider speaks ${dialect}`;
        try {
          await body(model);
          await tell(told, "");
        } catch (error) {
          await tell(told, String(error?.stack || error));
        }
      }
    }
  }
}
