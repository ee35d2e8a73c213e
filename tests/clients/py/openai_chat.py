"""OpenAI's own client at /v1/chat/completions, /v1/embeddings and /v1/models."""

import time
import uuid

import openai

from common import *

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
TOOLS = [{"type": "function", "function": {"name": "write", "description": "Writes.", "parameters": SCHEMA}}]
ask = [{"role": "user", "content": PROMPT}]


def chat(model):
    answer = client.chat.completions.create(model=model, messages=ask)
    equal(answer.choices[0].message.content.strip(), CALLED)
    equal(answer.choices[0].finish_reason, "tool_calls")
    equal(answer.model.endswith("recorded") or "recorded" in answer.model, True)
    assert answer.usage.total_tokens >= 900, answer.usage


def stream(model):
    chunks = list(
        client.chat.completions.create(
            model=model, messages=ask, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(it.choices[0].delta.content or "" for it in chunks if it.choices)
    equal(text.strip(), CALLED)
    assert chunks[-1].usage.total_tokens >= 900, chunks[-1]
    equal(len({it.id for it in chunks}), 1)


def tools(model, streamed):
    messages = list(ask)
    if streamed:
        with client.chat.completions.stream(model=model, messages=messages, tools=TOOLS) as events:
            message = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model=model, messages=messages, tools=TOOLS).choices[0].message
    call = message.tool_calls[0]
    is_call(call.function.name, call.function.arguments)
    messages.append(message.model_dump(exclude_none=True, exclude={"parsed": True, "tool_calls": {0: {"function": {"parsed_arguments"}}}}))
    messages[-1]["tool_calls"][0].pop("index", None)
    messages.append({"role": "tool", "tool_call_id": call.id, "content": RESULT})
    end = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    equal((end.choices[0].message.content.strip(), end.choices[0].finish_reason), (DONE, "stop"))


def abort(model):
    slow = [{"role": "user", "content": "be slow"}]
    events = client.chat.completions.create(model=model, messages=slow, stream=True)
    next(events)
    equal(upstream("/open"), 1)
    events.close()
    closed()


def refuse(prompt):
    return lambda model: client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])


def limited(model):
    err = raises(openai.RateLimitError, lambda: refuse("rate limit")(model))
    equal((err.status_code, err.code, err.response.headers["retry-after"]), (429, "rate_limit_exceeded", "7"))
    assert err.request_id, "an error has an id"


def cut(model):
    events = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "cut"}], stream=True)
    err = raises(openai.APIError, lambda: list(events))
    equal(err.code, "stream_cut_off")


def too_long(model):
    err = raises(openai.APIStatusError, lambda: refuse("too much")(model))
    equal((err.status_code, err.code), (413, "context_length_exceeded"))


def retry(model):
    patient = client.with_options(max_retries=1)
    prompt = [{"role": "user", "content": f"limit once {uuid.uuid4()}"}]
    began = time.monotonic()
    patient.chat.completions.create(model=model, messages=prompt)
    assert time.monotonic() - began >= 5, "it came back too early"


def missing(model):
    err = raises(openai.NotFoundError, lambda: client.chat.completions.create(model=unknown(model), messages=ask))
    equal(err.code, "model_not_found")


def keyless():
    wrong = openai.OpenAI(base_url=f"{URL}/v1", api_key="easel-wrong", max_retries=0)
    err = raises(openai.AuthenticationError, lambda: wrong.chat.completions.create(model="chat/x", messages=ask))
    equal(err.code, "invalid_api_key")


def embed(model):
    answer = client.embeddings.create(model=model, input=["a", "bcd"])
    equal([it.embedding for it in answer.data], [[1], [3]])


def no_embeddings():
    raises(openai.BadRequestError, lambda: client.embeddings.create(model=MODELS["messages"], input="a"))


def models():
    listed = [it.id for it in client.models.list()]
    assert "chat/recorded-model" in listed, listed


usual(chat, stream, tools, abort, limited, cut, missing)
each("a prompt that is too long", too_long)
case("retry-after is honoured", lambda: retry(MODELS["chat"]))
case("wrong key", keyless)
each("embeddings", embed, {it: MODELS[it] for it in ["chat", "ollama", "gemini"]})
case("no embeddings", no_embeddings)
case("models", models)
end()
