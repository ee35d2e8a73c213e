// Anthropic's own client: messages and count_tokens.

import Anthropic from "@anthropic-ai/sdk";

import { CALLED, DONE, MODELS, PROMPT, SCHEMA, equal, fails, isCall, left } from "./cases.mjs";

const TOOLS = [{ name: "write", description: "Writes.", input_schema: SCHEMA }];
const ask = [{ role: "user", content: PROMPT }];

export const anthropic = (gateway) => {
  const options = { baseURL: gateway.url, maxRetries: 0, dangerouslyAllowBrowser: true };
  const client = new Anthropic({ ...options, apiKey: gateway.key });
  const stranger = new Anthropic({ ...options, apiKey: "easel-wrong" });
  const say = (model, content, more = {}) =>
    client.messages.create({ model, max_tokens: 1000, messages: [{ role: "user", content }], ...more });
  const text = (message) => message.content.map((it) => it.text ?? "").join("").trim();
  return [
    ["chat", MODELS, async (model) => equal(text(await say(model, PROMPT)), CALLED)],
    [
      "streamed tools",
      MODELS,
      async (model) => {
        const stream = client.messages.stream({ model, max_tokens: 1000, messages: ask, tools: TOOLS });
        const first = await stream.finalMessage();
        equal([text(first), first.stop_reason], [CALLED, "tool_use"]);
        const call = first.content.find((it) => it.type === "tool_use");
        isCall(call.name, call.input);
        const result = { type: "tool_result", tool_use_id: call.id, content: "written" };
        const content = first.content.map(({ parsed_output, ...it }) => it);
        const messages = [...ask, { role: "assistant", content }, { role: "user", content: [result] }];
        const last = await client.messages.create({ model, max_tokens: 1000, messages, tools: TOOLS });
        equal([text(last), last.stop_reason], [DONE, "end_turn"]);
      },
    ],
    ["abort", MODELS, async (model) => left(gateway, await say(model, "be slow", { stream: true }))],
    [
      "rate limit",
      MODELS,
      async (model) => {
        const error = await fails(Anthropic.RateLimitError, () => say(model, "rate limit"));
        equal([error.error.error.type, error.headers.get("retry-after")], ["rate_limit_error", "7"]);
      },
    ],
    [
      "a stream that breaks",
      MODELS,
      async (model) => {
        await fails(Anthropic.APIError, async () => {
          for await (const _ of await say(model, "cut", { stream: true }));
        });
      },
    ],
    [
      "unknown model",
      MODELS,
      async (model) => {
        const error = await fails(Anthropic.NotFoundError, () => say(`${model.split("/")[0]}/unknown`, "hi"));
        equal(error.error.error.type, "not_found_error");
      },
    ],
    [
      "wrong key",
      { messages: MODELS.messages },
      async (model) => {
        const asked = () => stranger.messages.create({ model, max_tokens: 9, messages: ask });
        equal((await fails(Anthropic.AuthenticationError, asked)).status, 401);
      },
    ],
    [
      "count_tokens",
      MODELS,
      async (model) => {
        const { input_tokens } = await client.messages.countTokens({ model, messages: ask });
        equal(input_tokens > 10, true);
      },
    ],
  ];
};
