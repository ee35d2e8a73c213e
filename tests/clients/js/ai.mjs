// The AI SDK with its provider for whatever is compatible with OpenAI.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

import { CALLED, DONE, MODELS, PROMPT, SCHEMA, closed, equal, fails, holds, isCall } from "./cases.mjs";

export const ai = (gateway) => {
  const of = (apiKey) => createOpenAICompatible({ name: "easel", baseURL: `${gateway.url}/v1`, apiKey });
  const provider = of(gateway.key);
  const maxRetries = 0;
  const silent = () => {};
  const say = (model, prompt, more = {}) => generateText({ model: provider(model), prompt, maxRetries, ...more });
  return [
    ["chat", MODELS, async (model) => equal((await say(model, PROMPT)).text.trim(), CALLED)],
    [
      "streamed tools",
      MODELS,
      async (model) => {
        const calls = [];
        const write = tool({
          description: "Writes.",
          inputSchema: jsonSchema(SCHEMA),
          execute: async (input) => {
            calls.push(input);
            return "written";
          },
        });
        const stopWhen = stepCountIs(3);
        const result = streamText({ model: provider(model), prompt: PROMPT, tools: { write }, stopWhen, maxRetries });
        let text = "";
        for await (const it of result.textStream) text += it;
        holds(text, CALLED);
        holds(text, DONE);
        equal(calls.length, 1);
        isCall("write", calls[0]);
      },
    ],
    [
      "abort",
      MODELS,
      async (model) => {
        const controller = new AbortController();
        const abortSignal = controller.signal;
        const asked = { model: provider(model), prompt: "be slow", abortSignal, maxRetries, onError: silent };
        for await (const it of streamText(asked).fullStream) {
          if (it.type.endsWith("-delta")) break;
        }
        controller.abort();
        await closed(gateway);
      },
    ],
    [
      "rate limit",
      MODELS,
      async (model) => {
        const error = await fails(APICallError, () => say(model, "rate limit"));
        equal([error.statusCode, error.isRetryable, error.responseHeaders["retry-after"]], [429, true, "7"]);
      },
    ],
    [
      "a stream that breaks",
      MODELS,
      async (model) => {
        const asked = { model: provider(model), prompt: "cut", maxRetries, onError: silent };
        const parts = [];
        for await (const it of streamText(asked).fullStream) parts.push(it);
        equal(parts.some((it) => it.type === "error"), true);
      },
    ],
    [
      "unknown model",
      MODELS,
      async (model) => {
        const error = await fails(APICallError, () => say(`${model.split("/")[0]}/unknown`, "hi"));
        equal(error.statusCode, 404);
      },
    ],
    [
      "wrong key",
      { chat: MODELS.chat },
      async (model) => {
        const asked = () => generateText({ model: of("easel-wrong")(model), prompt: "hi", maxRetries });
        equal((await fails(APICallError, asked)).statusCode, 401);
      },
    ],
    [
      "embeddings",
      { chat: MODELS.chat },
      async (model) => {
        const { embeddings } = await embedMany({ model: provider.embeddingModel(model), values: ["a", "bcd"] });
        equal(embeddings, [[1], [3]]);
      },
    ],
  ];
};
