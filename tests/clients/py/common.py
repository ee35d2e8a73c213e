"""What every client's cases share: where the gateway is, what is asked, and how a case is told.

A case prints one line of JSON; the runner reads them. It knows no client.
"""

import json
import os
import sys
import time
import traceback
import urllib.request

URL = os.environ["EASEL_URL"]
KEY = os.environ["EASEL_KEY"]
UPSTREAM = os.environ["EASEL_UPSTREAM"]

# One model per dialect that a provider speaks.
MODELS = {
    "chat": "chat/recorded",
    "messages": "claude/recorded",
    "responses": "newer/recorded",
    "gemini": "google/recorded",
    "converse": "bedrock/recorded",
    "ollama": "ollama/recorded",
}

# It thinks for longer than connections are quiet.
SILENT = {"a script": "script/silent"}

PROMPT = "Make a page"
CALLED = "I write the page."
DONE = "The page is written – with a heading."
RESULT = "written"

SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
}

failed = False


def case(name, run):
    """Runs one case and tells what became of it."""
    global failed
    began = time.monotonic()
    why = ""
    try:
        run()
    except Exception:
        failed = True
        why = traceback.format_exc(limit=-4)
    took = round((time.monotonic() - began) * 1000)
    print(json.dumps({"name": name, "why": why, "ms": took}), flush=True)


def each(name, run, models=MODELS):
    """Runs a case with a model of each dialect."""
    for dialect, model in models.items():
        case(f"{name}, provider speaks {dialect}", lambda: run(model))


def usual(chat, stream, tools, abort, limited, cut, missing, asked="chat"):
    """Runs what every client does that is tried in full."""
    each(asked, chat)
    each("stream", stream)
    each("stream after a silence", stream, SILENT)
    each("tools", lambda it: tools(it, False))
    each("streamed tools", lambda it: tools(it, True))
    each("abort", abort)
    each("rate limit", limited)
    each("a stream that breaks", cut)
    each("unknown model", missing)


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def holds(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def raises(kinds, run):
    """Returns the error, which must be of the client's own kind."""
    try:
        found = run()
    except kinds as err:
        return err
    raise AssertionError(f"no error but {found!r}")


def is_call(name, arguments):
    """A call of the tool, with whole arguments."""
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    equal((name, arguments["path"]), ("write", "index.html"))
    holds(arguments["content"], "<h1>From the recorded upstream</h1>")


def upstream(path):
    with urllib.request.urlopen(UPSTREAM + path) as answer:
        return json.load(answer)


def closed():
    """The provider's streams must end soon after their client has left."""
    for _ in range(100):
        if upstream("/open") == 0:
            return
        time.sleep(0.02)
    raise AssertionError("the provider's stream is still open")


def unknown(model):
    """The same provider's model that it does not have."""
    return model.split("/")[0] + "/unknown"


def end():
    sys.exit(1 if failed else 0)
