// OpenAI's own client: chat completions, responses, embeddings, models.

import OpenAI from "openai";

import { CALLED, DONE, MODELS, PROMPT, SCHEMA, closed, equal, fails, isCall, left } from "./cases.mjs";

const TOOLS = [{ type: "function", function: { name: "write", description: "Writes.", parameters: SCHEMA } }];
const ask = [{ role: "user", content: PROMPT }];
const { chat: chatModel } = MODELS;

export const openai = (gateway) => {
  const options = { baseURL: `${gateway.url}/v1`, maxRetries: 0, dangerouslyAllowBrowser: true };
  const client = new OpenAI({ ...options, apiKey: gateway.key });
  const stranger = new OpenAI({ ...options, apiKey: "easel-wrong" });
  const say = (model, content, more = {}) =>
    client.chat.completions.create({ model, messages: [{ role: "user", content }], ...more });
  return [
    [
      "chat",
      MODELS,
      async (model) => {
        const { data, response } = await say(model, PROMPT).withResponse();
        equal(data.choices[0].message.content.trim(), CALLED);
        // A page reads it only when the gateway exposes it.
        equal(response.headers.get("x-request-id").length, 16);
      },
    ],
    [
      "stream",
      MODELS,
      async (model) => {
        let text = "";
        for await (const it of await say(model, PROMPT, { stream: true })) text += it.choices[0]?.delta.content ?? "";
        equal(text.trim(), CALLED);
      },
    ],
    [
      "streamed tools",
      MODELS,
      async (model) => {
        const stream = client.chat.completions.stream({ model, messages: ask, tools: TOOLS });
        const { message } = (await stream.finalChatCompletion()).choices[0];
        const [call] = message.tool_calls;
        isCall(call.function.name, call.function.arguments);
        const { parsed, ...said } = message;
        const calls = [{ id: call.id, type: "function", function: { name: "write", arguments: call.function.arguments } }];
        const result = { role: "tool", tool_call_id: call.id, content: "written" };
        const messages = [...ask, { ...said, tool_calls: calls }, result];
        const end = await client.chat.completions.create({ model, messages, tools: TOOLS });
        equal(end.choices[0].message.content.trim(), DONE);
      },
    ],
    [
      "responses",
      MODELS,
      async (model) => {
        const events = await client.responses.create({ model, input: PROMPT, stream: true });
        let text = "";
        let last;
        for await (const it of events) {
          if (it.type === "response.output_text.delta") text += it.delta;
          last = it;
        }
        equal([text.trim(), last.type], [CALLED, "response.completed"]);
        const call = last.response.output.find((it) => it.type === "function_call");
        isCall(call.name, call.arguments);
      },
    ],
    ["abort", MODELS, async (model) => left(gateway, await say(model, "be slow", { stream: true }))],
    [
      "abort before the answer",
      { chat: chatModel },
      async (model) => {
        const controller = new AbortController();
        const { signal } = controller;
        const asked = client.chat.completions.create(
          { model, messages: [{ role: "user", content: "be slow" }] },
          { signal },
        );
        setTimeout(() => controller.abort(), 300);
        await fails(OpenAI.APIUserAbortError, () => asked);
        await closed(gateway);
      },
    ],
    [
      "rate limit",
      MODELS,
      async (model) => {
        const error = await fails(OpenAI.RateLimitError, () => say(model, "rate limit"));
        equal([error.code, error.headers.get("retry-after")], ["rate_limit_exceeded", "7"]);
      },
    ],
    [
      "retry-after is honoured",
      { chat: chatModel },
      async (model) => {
        const began = Date.now();
        const messages = [{ role: "user", content: `limit once ${crypto.randomUUID()}` }];
        await client.chat.completions.create({ model, messages }, { maxRetries: 1 });
        equal(Date.now() - began >= 5000, true);
      },
    ],
    [
      "a stream that breaks",
      MODELS,
      async (model) => {
        const error = await fails(OpenAI.APIError, async () => {
          for await (const _ of await say(model, "cut", { stream: true }));
        });
        equal(error.code, "stream_cut_off");
      },
    ],
    [
      "unknown model",
      MODELS,
      async (model) => {
        const unknown = `${model.split("/")[0]}/unknown`;
        equal((await fails(OpenAI.NotFoundError, () => say(unknown, "hi"))).code, "model_not_found");
      },
    ],
    [
      "wrong key",
      { chat: chatModel },
      async (model) => {
        const asked = () => stranger.chat.completions.create({ model, messages: ask });
        equal((await fails(OpenAI.AuthenticationError, asked)).code, "invalid_api_key");
      },
    ],
    [
      "embeddings",
      { chat: chatModel, ollama: MODELS.ollama, gemini: MODELS.gemini },
      async (model) => {
        const { data } = await client.embeddings.create({ model, input: ["a", "bcd"], encoding_format: "float" });
        equal(data.map((it) => it.embedding), [[1], [3]]);
      },
    ],
    [
      "models",
      { chat: chatModel },
      async () => {
        const listed = [];
        for await (const it of client.models.list()) listed.push(it.id);
        equal(listed.includes("chat/recorded-model"), true);
      },
    ],
  ];
};
