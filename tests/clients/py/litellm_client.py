"""LiteLLM as a client, through the dialects of OpenAI and of Anthropic."""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # It asks the network for prices otherwise.

import litellm

from common import *

litellm.suppress_debug_info = True
litellm.telemetry = False
TOOLS = [{"type": "function", "function": {"name": "write", "description": "Writes.", "parameters": SCHEMA}}]
WAYS = {"openai": f"{URL}/v1", "anthropic": URL}


def ask(way, model, prompt=PROMPT, **more):
    messages = more.pop("messages", [{"role": "user", "content": prompt}])
    more = {"api_key": KEY, "num_retries": 0, "max_retries": 0, **more}
    return litellm.completion(model=f"{way}/{model}", api_base=WAYS[way], messages=messages, **more)


def chat(way, model):
    answer = ask(way, model)
    equal(answer.choices[0].message.content.strip(), CALLED)


def stream(way, model):
    chunks = list(ask(way, model, stream=True))
    equal("".join(it.choices[0].delta.content or "" for it in chunks if it.choices).strip(), CALLED)


def tools(way, model, streamed):
    messages = [{"role": "user", "content": PROMPT}]
    first = ask(way, model, messages=messages, tools=TOOLS, stream=streamed)
    if streamed:
        first = litellm.stream_chunk_builder(list(first), messages=messages)
    message = first.choices[0].message
    call = message.tool_calls[0]
    is_call(call.function.name, call.function.arguments)
    messages.append(message.model_dump(exclude_none=True, include={"role", "content", "tool_calls", "thinking_blocks"}))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": RESULT})
    last = ask(way, model, messages=messages, tools=TOOLS)
    equal(last.choices[0].message.content.strip(), DONE)


def abort(way, model):
    events = ask(way, model, "be slow", stream=True)
    next(iter(events))
    equal(upstream("/open"), 1)
    events.completion_stream.close() if hasattr(events.completion_stream, "close") else events.completion_stream.response.close()
    closed()


def limited(way, model):
    err = raises(litellm.RateLimitError, lambda: ask(way, model, "rate limit"))
    equal(err.status_code, 429)


for way in WAYS:
    each(f"{way}: chat", lambda it: chat(way, it))
    each(f"{way}: stream", lambda it: stream(way, it))
    each(f"{way}: stream after a silence", lambda it: stream(way, it), SILENT)
    each(f"{way}: tools", lambda it: tools(way, it, False))
    each(f"{way}: streamed tools", lambda it: tools(way, it, True))
    each(f"{way}: rate limit", lambda it: limited(way, it))
    each(f"{way}: unknown model", lambda it: raises(litellm.NotFoundError, lambda: ask(way, unknown(it))))
    case(f"{way}: wrong key", lambda: raises(litellm.AuthenticationError, lambda: ask(way, "chat/x", api_key="easel-wrong")))
each("openai: abort", lambda it: abort("openai", it))
end()
