"""Google's own client at /v1beta/models/…:generateContent and …:streamGenerateContent."""

from google import genai
from google.genai import errors, types

from common import *


def connect(key):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=URL))


client = connect(KEY)
write = types.FunctionDeclaration(name="write", description="Writes.", parameters_json_schema=SCHEMA)
TOOLS = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[write])],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)


def said(answer):
    parts = answer.candidates[0].content.parts if answer.candidates and answer.candidates[0].content else []
    return "".join(it.text or "" for it in parts or [] if not it.thought)


def chat(model):
    answer = client.models.generate_content(model=model, contents=PROMPT)
    equal((said(answer).strip(), answer.candidates[0].finish_reason.name), (CALLED, "STOP"))
    assert answer.usage_metadata.total_token_count >= 900, answer.usage_metadata


def stream(model):
    chunks = list(client.models.generate_content_stream(model=model, contents=PROMPT))
    equal("".join(said(it) for it in chunks).strip(), CALLED)
    assert chunks[-1].usage_metadata.total_token_count >= 900, chunks[-1]


def tools(model, streamed):
    user = types.Content(role="user", parts=[types.Part(text=PROMPT)])
    if streamed:
        chunks = client.models.generate_content_stream(model=model, contents=[user], config=TOOLS)
        parts = [part for it in chunks for part in it.candidates[0].content.parts or []]
    else:
        answer = client.models.generate_content(model=model, contents=[user], config=TOOLS)
        parts = answer.candidates[0].content.parts
    call = next(it.function_call for it in parts if it.function_call)
    is_call(call.name, call.args)
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": RESULT})
    contents = [
        user,
        types.Content(role="model", parts=parts),
        types.Content(role="user", parts=[types.Part(function_response=response)]),
    ]
    last = client.models.generate_content(model=model, contents=contents, config=TOOLS)
    equal(said(last).strip(), DONE)


def abort(model):
    events = client.models.generate_content_stream(model=model, contents="be slow")
    next(events)
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(model):
    err = raises(errors.ClientError, lambda: client.models.generate_content(model=model, contents="rate limit"))
    equal((err.code, err.status, err.response.headers["retry-after"]), (429, "RESOURCE_EXHAUSTED", "7"))


def cut(model):
    raises(errors.APIError, lambda: list(client.models.generate_content_stream(model=model, contents="cut")))


def missing(model):
    err = raises(errors.ClientError, lambda: client.models.generate_content(model=unknown(model), contents="hi"))
    equal((err.code, err.status), (404, "NOT_FOUND"))


def keyless():
    wrong = connect("easel-wrong")
    ask = lambda: wrong.models.generate_content(model="google/x", contents="hi")
    equal(raises(errors.ClientError, ask).code, 401)


usual(chat, stream, tools, abort, limited, cut, missing)
case("wrong key", keyless)
end()
