"""Anthropic's own client at /v1/messages and /v1/messages/count_tokens."""

import time
import uuid

import anthropic

from common import *

client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)
TOOLS = [{"name": "write", "description": "Writes.", "input_schema": SCHEMA}]
ask = [{"role": "user", "content": PROMPT}]


def create(model, prompt=PROMPT, using=client, **more):
    messages = more.pop("messages", [{"role": "user", "content": prompt}])
    return using.messages.create(model=model, max_tokens=1000, messages=messages, **more)


def text(message):
    return "".join(it.text for it in message.content if it.type == "text").strip()


def chat(model):
    answer = create(model)
    equal((text(answer), answer.stop_reason, answer.role), (CALLED, "tool_use", "assistant"))
    assert answer.usage.input_tokens >= 400, answer.usage


def stream(model):
    with client.messages.stream(model=model, max_tokens=1000, messages=ask) as events:
        equal("".join(events.text_stream).strip(), CALLED)
        last = events.get_final_message()
    equal(last.stop_reason, "tool_use")
    assert last.usage.output_tokens > 0, last.usage


def tools(model, streamed):
    if streamed:
        with client.messages.stream(model=model, max_tokens=1000, messages=ask, tools=TOOLS) as events:
            first = events.get_final_message()
    else:
        first = create(model, tools=TOOLS)
    call = next(it for it in first.content if it.type == "tool_use")
    is_call(call.name, call.input)
    said = [it.model_dump(exclude_none=True, exclude={"parsed_output", "caller"}) for it in first.content]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
    messages = [*ask, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
    last = create(model, messages=messages, tools=TOOLS)
    equal((text(last), last.stop_reason), (DONE, "end_turn"))


def abort(model):
    events = create(model, "be slow", stream=True)
    next(iter(events))
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(model):
    err = raises(anthropic.RateLimitError, lambda: create(model, "rate limit"))
    equal((err.body["error"]["type"], err.response.headers["retry-after"]), ("rate_limit_error", "7"))


def cut(model):
    err = raises(anthropic.APIStatusError, lambda: list(create(model, "cut", stream=True)))
    equal(err.body["error"]["type"], "api_error")


def retry(model):
    began = time.monotonic()
    create(model, f"limit once {uuid.uuid4()}", using=client.with_options(max_retries=1))
    assert time.monotonic() - began >= 5, "it came back too early"


def missing(model):
    err = raises(anthropic.NotFoundError, lambda: create(unknown(model)))
    equal(err.body["error"]["type"], "not_found_error")


def keyless():
    wrong = anthropic.Anthropic(base_url=URL, api_key="easel-wrong", max_retries=0)
    err = raises(anthropic.AuthenticationError, lambda: create("claude/x", using=wrong))
    equal(err.body["error"]["type"], "authentication_error")


def count(model):
    counted = client.messages.count_tokens(model=model, messages=ask, tools=TOOLS)
    assert counted.input_tokens > 10, counted


usual(chat, stream, tools, abort, limited, cut, missing)
case("retry-after is honoured", lambda: retry(MODELS["messages"]))
case("wrong key", keyless)
each("count_tokens", count)
end()
