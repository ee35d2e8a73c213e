"""Amazon's client of Bedrock at /model/…/converse and …/converse-stream."""

import os

os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from common import *

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})
TOOLS = {"tools": [{"toolSpec": {"name": "write", "description": "Writes.", "inputSchema": {"json": SCHEMA}}}]}


def connect(key):
    # Bedrock's own bearer goes over TLS only, so the key has a header beside the signature.
    connected = boto3.client(
        "bedrock-runtime",
        endpoint_url=URL,
        region_name="us-east-1",
        config=ONCE,
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    connected.meta.events.register("before-call", lambda params, **_: params["headers"].update({"x-api-key": key}))
    return connected


client = connect(KEY)


def ask(prompt):
    return [{"role": "user", "content": [{"text": prompt}]}]


def text(message):
    return "".join(it.get("text", "") for it in message["content"]).strip()


def chat(model):
    answer = client.converse(modelId=model, messages=ask(PROMPT))
    equal((text(answer["output"]["message"]), answer["stopReason"]), (CALLED, "tool_use"))
    assert answer["usage"]["totalTokens"] >= 900, answer["usage"]


def message_of(events):
    """Builds the message as an agent would."""
    blocks, end = {}, {}
    for event in events:
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
        elif "contentBlockDelta" in event:
            at, delta = event["contentBlockDelta"]["contentBlockIndex"], event["contentBlockDelta"]["delta"]
            if "text" in delta:
                blocks.setdefault(at, {"text": ""})["text"] += delta["text"]
            elif "toolUse" in delta:
                blocks[at]["toolUse"]["input"] += delta["toolUse"]["input"]
            elif "reasoningContent" in delta:
                thought = blocks.setdefault(at, {"reasoningContent": {"reasoningText": {"text": ""}}})
                thought = thought["reasoningContent"]["reasoningText"]
                for name, value in delta["reasoningContent"].items():
                    if name == "redactedContent":
                        blocks[at] = {"reasoningContent": {name: value}}
                    else:
                        thought[name] = thought.get(name, "") + value
        else:
            end |= event
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return {"role": "assistant", "content": [blocks[it] for it in sorted(blocks)]}, end


def stream(model):
    message, end = message_of(client.converse_stream(modelId=model, messages=ask(PROMPT))["stream"])
    equal((text(message), end["messageStop"]["stopReason"]), (CALLED, "tool_use"))
    assert end["metadata"]["usage"]["totalTokens"] >= 900, end


def tools(model, streamed):
    if streamed:
        message, _ = message_of(client.converse_stream(modelId=model, messages=ask(PROMPT), toolConfig=TOOLS)["stream"])
    else:
        message = client.converse(modelId=model, messages=ask(PROMPT), toolConfig=TOOLS)["output"]["message"]
    call = next(it["toolUse"] for it in message["content"] if "toolUse" in it)
    is_call(call["name"], call["input"])
    result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": RESULT}]}}
    messages = [*ask(PROMPT), message, {"role": "user", "content": [result]}]
    last = client.converse(modelId=model, messages=messages, toolConfig=TOOLS)
    equal((text(last["output"]["message"]), last["stopReason"]), (DONE, "end_turn"))


def abort(model):
    events = client.converse_stream(modelId=model, messages=ask("be slow"))["stream"]
    next(iter(events))
    equal(upstream("/open"), 1)
    events.close()
    closed()


def limited(model):
    err = raises(client.exceptions.ThrottlingException, lambda: client.converse(modelId=model, messages=ask("rate limit")))
    meta = err.response["ResponseMetadata"]
    equal((meta["HTTPStatusCode"], meta["HTTPHeaders"]["retry-after"]), (429, "7"))


def cut(model):
    raises(EventStreamError, lambda: list(client.converse_stream(modelId=model, messages=ask("cut"))["stream"]))


def missing(model):
    kind = client.exceptions.ResourceNotFoundException
    raises(kind, lambda: client.converse(modelId=unknown(model), messages=ask("hi")))


def keyless():
    wrong = connect("easel-wrong")
    err = raises(ClientError, lambda: wrong.converse(modelId="bedrock/x", messages=ask("hi")))
    equal(err.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403), True)


usual(chat, stream, tools, abort, limited, cut, missing)
case("wrong key", keyless)
end()
