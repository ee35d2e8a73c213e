// `alert`, `confirm` and `prompt` in a frame: the app shows them, and the page does not wait.
//
// Browsers refuse these dialogs in a frame of another origin, and nothing lets a page wait there
// (Chromium does not bring synchronous requests to a service worker). So an alert is shown while the
// page goes on; `confirm` and `prompt` first answer as "Cancel" does, and when the person has
// answered and does the same again, the page gets that answer, once. A tab of its own has the
// browser's dialogs, and this is not used there.

import { note } from "./overlay.js";

const LIMIT_REMEMBERED = 20;

/// What the person answered, by what was asked.
const answers = new Map();

export function lendDialogs(send, show) {
  const ask = (kind, text, value) => {
    const question = { kind, text: String(text ?? ""), value };
    const key = keyOf(question);
    if (answers.has(key)) {
      const answer = answers.get(key);
      answers.delete(key);
      return answer;
    }
    send({ type: "console", level: "log", text: `${kind}: ${question.text}` });
    show(question);
    return null;
  };
  window.alert = (text) => void ask("alert", text, null);
  window.confirm = (text) => ask("confirm", text, null) === true;
  window.prompt = (text, value) => {
    const answer = ask("prompt", text, String(value ?? ""));
    return typeof answer === "string" ? answer : null;
  };
}

/// The person has answered in the app.
export function answered({ kind, text, value }) {
  if (kind === "alert" || value === null || value === undefined || value === false) return;
  if (answers.size >= LIMIT_REMEMBERED) answers.clear();
  answers.set(keyOf({ kind, text }), value);
  note("A preview in a frame cannot wait for an answer. Do it once more: the page gets yours then.");
}

function keyOf({ kind, text }) {
  return `${kind}:${text}`;
}
