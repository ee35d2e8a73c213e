// `alert`, `confirm` and `prompt` in a frame: the app shows them, the page waits for the answer.
//
// A synchronous request to the service worker holds the page while the person decides, as the
// browser's own dialogs would. Where the app cannot show them, nothing waits: the text goes to the
// console, and the answers are those of "Cancel". It touches nothing in a tab of its own.

export function lendDialogs(send) {
  const ask = (kind, text, value) => {
    const asked = request({ kind, text: String(text ?? ""), value });
    if (asked !== undefined) return asked;
    send({ type: "console", level: "warning", text: `${kind}: ${text} (not shown: no dialog here)` });
    return kind === "confirm" ? false : null;
  };
  window.alert = (text) => void ask("alert", text, null);
  window.confirm = (text) => ask("confirm", text, null) === true;
  window.prompt = (text, value) => {
    const answer = ask("prompt", text, String(value ?? ""));
    return typeof answer === "string" ? answer : null;
  };
}

function request(question) {
  try {
    const request = new XMLHttpRequest();
    request.open("POST", "/__easel/dialog", false);
    request.send(JSON.stringify(question));
    return request.status === 200 ? JSON.parse(request.responseText) : undefined;
  } catch {
    return undefined;
  }
}
