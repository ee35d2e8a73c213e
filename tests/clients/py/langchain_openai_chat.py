"""LangChain's client of OpenAI's dialects."""

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from common import *

TOOLS = [{"type": "function", "function": {"name": "write", "description": "Writes.", "parameters": SCHEMA}}]


def model_of(name, responses=False, key=KEY):
    return ChatOpenAI(
        model=name, base_url=f"{URL}/v1", api_key=key, max_retries=0, use_responses_api=responses, stream_usage=True
    )


def chat(name, responses):
    answer = model_of(name, responses).invoke(PROMPT)
    equal(answer.text.strip(), CALLED)
    assert answer.usage_metadata["total_tokens"] >= 900, answer.usage_metadata


def stream(name, responses):
    whole = None
    for chunk in model_of(name, responses).stream(PROMPT):
        whole = chunk if whole is None else whole + chunk
    equal(whole.text.strip(), CALLED)
    is_call(whole.tool_calls[0]["name"], whole.tool_calls[0]["args"])


def tools(name, responses):
    bound = model_of(name, responses).bind_tools(TOOLS)
    messages = [HumanMessage(PROMPT)]
    messages.append(bound.invoke(messages))
    call = messages[-1].tool_calls[0]
    is_call(call["name"], call["args"])
    messages.append(ToolMessage(RESULT, tool_call_id=call["id"]))
    equal(bound.invoke(messages).text.strip(), DONE)


def abort(name):
    events = model_of(name).stream("be slow")
    next(events)
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(name):
    err = raises(openai.RateLimitError, lambda: model_of(name).invoke("rate limit"))
    equal(err.response.headers["retry-after"], "7")


def embed():
    embeddings = OpenAIEmbeddings(
        model=MODELS["chat"], base_url=f"{URL}/v1", api_key=KEY, check_embedding_ctx_length=False
    )
    equal(embeddings.embed_documents(["a", "bcd"]), [[1], [3]])


for responses, at in [(False, "chat completions"), (True, "responses")]:
    each(f"{at}: chat", lambda it: chat(it, responses))
    each(f"{at}: stream", lambda it: stream(it, responses))
    each(f"{at}: stream after a silence", lambda it: stream(it, responses), SILENT)
    each(f"{at}: tools", lambda it: tools(it, responses))
each("abort", abort)
each("rate limit", limited)
each("unknown model", lambda it: raises(openai.NotFoundError, lambda: model_of(unknown(it)).invoke("hi")))
case("wrong key", lambda: raises(openai.AuthenticationError, lambda: model_of("chat/x", key="easel-wrong").invoke("hi")))
case("embeddings", embed)
end()
