"""OpenAI's own client at /v1/responses."""

import openai

from common import *

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
TOOLS = [{"type": "function", "name": "write", "description": "Writes.", "parameters": SCHEMA, "strict": False}]


def create(model):
    answer = client.responses.create(model=model, input=PROMPT)
    equal((answer.output_text.strip(), answer.status), (CALLED, "completed"))
    assert answer.usage.total_tokens >= 900, answer.usage


def stream(model):
    events = list(client.responses.create(model=model, input=PROMPT, stream=True))
    text = "".join(it.delta for it in events if it.type == "response.output_text.delta")
    equal((text.strip(), events[0].type, events[-1].type), (CALLED, "response.created", "response.completed"))
    equal([it.sequence_number for it in events], list(range(len(events))))


def tools(model, streamed):
    if streamed:
        with client.responses.stream(model=model, input=PROMPT, tools=TOOLS, store=False, include=["reasoning.encrypted_content"]) as events:
            for _ in events:
                pass
            first = events.get_final_response()
    else:
        first = client.responses.create(model=model, input=PROMPT, tools=TOOLS, store=False, include=["reasoning.encrypted_content"])
    call = next(it for it in first.output if it.type == "function_call")
    is_call(call.name, call.arguments)
    said = [it.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for it in first.output]
    for item in said:
        for part in item.get("content") or []:
            part.pop("parsed", None)
    asked = [{"role": "user", "content": PROMPT}, *said]
    asked.append({"type": "function_call_output", "call_id": call.call_id, "output": RESULT})
    last = client.responses.create(model=model, input=asked, tools=TOOLS, store=False)
    equal(last.output_text.strip(), DONE)


def abort(model):
    events = client.responses.create(model=model, input="be slow", stream=True)
    next(iter(events))
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(model):
    err = raises(openai.RateLimitError, lambda: client.responses.create(model=model, input="rate limit"))
    equal((err.code, err.response.headers["retry-after"]), ("rate_limit_exceeded", "7"))


def cut(model):
    # Told as an event of the stream; what the client makes of it is an error or a failed response.
    events = client.responses.create(model=model, input="cut", stream=True)
    try:
        last = list(events)[-1]
    except openai.APIError:
        return
    assert last.type in ("error", "response.failed"), last


def missing(model):
    raises(openai.NotFoundError, lambda: client.responses.create(model=unknown(model), input="hi"))


usual(create, stream, tools, abort, limited, cut, missing, asked="response")
end()
