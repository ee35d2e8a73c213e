"""Ollama's own client at /api/chat and /api/tags."""

import ollama

from common import *


def connect(key):
    return ollama.Client(host=URL, headers={"Authorization": f"Bearer {key}"})


client = connect(KEY)
TOOLS = [{"type": "function", "function": {"name": "write", "description": "Writes.", "parameters": SCHEMA}}]


def ask(prompt):
    return [{"role": "user", "content": prompt}]


def chat(model):
    answer = client.chat(model=model, messages=ask(PROMPT))
    equal((answer.message.content.strip(), answer.done), (CALLED, True))
    assert answer.prompt_eval_count >= 900, answer


def stream(model):
    chunks = list(client.chat(model=model, messages=ask(PROMPT), stream=True))
    equal("".join(it.message.content or "" for it in chunks).strip(), CALLED)
    equal([it.done for it in chunks].count(True), 1)


def tools(model, streamed):
    messages = ask(PROMPT)
    if streamed:
        chunks = list(client.chat(model=model, messages=messages, tools=TOOLS, stream=True))
        text = "".join(it.message.content or "" for it in chunks)
        calls = [call for it in chunks for call in it.message.tool_calls or []]
        message = ollama.Message(role="assistant", content=text, tool_calls=calls)
    else:
        message = client.chat(model=model, messages=messages, tools=TOOLS).message
    call = message.tool_calls[0].function
    is_call(call.name, dict(call.arguments))
    messages += [message, {"role": "tool", "tool_name": call.name, "content": RESULT}]
    last = client.chat(model=model, messages=messages, tools=TOOLS)
    equal(last.message.content.strip(), DONE)


def abort(model):
    events = client.chat(model=model, messages=ask("be slow"), stream=True)
    next(events)
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(model):
    err = raises(ollama.ResponseError, lambda: client.chat(model=model, messages=ask("rate limit")))
    equal(err.status_code, 429)


def cut(model):
    raises(ollama.ResponseError, lambda: list(client.chat(model=model, messages=ask("cut"), stream=True)))


def missing(model):
    err = raises(ollama.ResponseError, lambda: client.chat(model=unknown(model), messages=ask("hi")))
    equal(err.status_code, 404)


def keyless():
    err = raises(ollama.ResponseError, lambda: connect("easel-wrong").chat(model="ollama/x", messages=ask("hi")))
    equal(err.status_code, 401)


def models():
    listed = [it.model for it in client.list().models]
    assert "chat/recorded-model" in listed, listed


usual(chat, stream, tools, abort, limited, cut, missing)
case("wrong key", keyless)
case("models", models)
end()
