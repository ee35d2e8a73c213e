// Asks the API. It keeps the token for this tab only, and knows nothing of what is shown.

const KEPT = "easel-admin-token";

let token = sessionStorage.getItem(KEPT) ?? "";

/** A refusal, with what the proxy says about it. */
export class Refused extends Error {
  constructor(status, told) {
    super(told?.message ?? `The proxy answered ${status}`);
    this.status = status;
  }
}

export const hasToken = () => token !== "";

export function keep(given) {
  token = given.trim();
  if (token === "") {
    sessionStorage.removeItem(KEPT);
  } else {
    sessionStorage.setItem(KEPT, token);
  }
}

async function send(method, path, body) {
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Error("The proxy does not answer. Is it running?");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => undefined);
    throw new Refused(answer.status, told);
  }
  return answer;
}

async function json(method, path, body) {
  const answer = await send(method, path, body);
  const text = await answer.text();
  return text === "" ? undefined : JSON.parse(text);
}

export const get = (path) => json("GET", `/admin/api${path}`);
export const post = (path, body) => json("POST", `/admin/api${path}`, body);
export const put = (path, body) => json("PUT", `/admin/api${path}`, body);
export const remove = (path) => json("DELETE", `/admin/api${path}`);
export const auth = (method, path, body) => json(method, `/auth${path}`, body);

/** Hands a file of the API to the person. */
export async function download(path, name) {
  const answer = await send("GET", `/admin/api${path}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
