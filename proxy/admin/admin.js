// The administration's page: who is there, which part is shown, and signing in.

import { auth, get, hasToken, keep, Refused } from "./ask.js";
import { button, el, field, form, input, part, say } from "./parts.js";
import { VIEWS } from "./views.js";

const main = document.querySelector("main");
const tabs = document.querySelector(".tabs");
const leave = document.querySelector(".leave");
const theme = document.querySelector(".theme");

const THEME = "easel-admin-theme";

/** What the shown part does again and again, until another one is shown. */
let stop = () => {};

/** Whether there is a session to end; the installation's token has none. */
let session = false;

function chosen() {
  const name = location.hash.slice(1);
  return VIEWS.find((it) => it.name === name) ?? VIEWS[0];
}

async function show({ focus = false } = {}) {
  stop();
  stop = () => {};
  if (!hasToken()) {
    signIn();
    return;
  }
  let me;
  try {
    me = await get("/me");
  } catch (err) {
    if (err instanceof Refused && err.status === 401) {
      keep("");
      signIn("That is no token of this installation, and no session that is open.");
    } else {
      main.replaceChildren(trouble(err));
    }
    return;
  }
  session = !me.installation;
  document.querySelector(".head__who").textContent = me.name;
  leave.hidden = false;
  const view = chosen();
  tabs.hidden = false;
  tabs.replaceChildren(
    ...VIEWS.map((it) =>
      el(
        "a",
        { class: "tabs__tab", href: `#${it.name}`, "aria-current": it === view ? "page" : undefined },
        it.title,
      ),
    ),
  );
  document.title = `${view.title} · Easel · Administration`;
  const page = el("div", { class: "page" }, el("h1", { class: "page__title" }, view.title));
  main.replaceChildren(page);
  main.setAttribute("aria-busy", "true");
  if (focus) {
    main.focus();
  }
  try {
    const ended = await view.show(page, me);
    if (view === chosen() && page.isConnected) {
      stop = ended ?? stop;
    } else {
      ended?.();
    }
  } catch (err) {
    page.append(trouble(err));
  } finally {
    main.removeAttribute("aria-busy");
  }
}

function trouble(err) {
  return el(
    "div",
    { class: "trouble", role: "alert" },
    el("p", {}, err.message),
    button("Try again", () => show()),
  );
}

function signIn(wrong) {
  tabs.hidden = true;
  leave.hidden = true;
  document.title = "Sign in · Easel · Administration";
  document.querySelector(".head__who").textContent = "";
  const token = form(
    "Sign in",
    [field("Token", input("token", { type: "password", required: true }), "It stands in the address that the proxy prints when it starts, after #token=.")],
    async ({ token }) => {
      keep(token);
      await show({ focus: true });
    },
  );
  const pin = form(
    "Sign in",
    [
      field("E-mail address", input("email", { type: "email", required: true, autocomplete: "email" })),
      field("PIN", input("pin", { inputmode: "numeric", autocomplete: "one-time-code" }), "Leave it empty to get one by mail."),
    ],
    async ({ email, pin }, asked) => {
      if (pin === "") {
        await auth("POST", "/pin", { email });
        say("If somebody has this address, a PIN is on its way. It is good for ten minutes.");
        asked.elements.pin.focus();
        return;
      }
      const session = await auth("POST", "/session", { email, pin });
      keep(session.token);
      await show({ focus: true });
    },
  );
  main.replaceChildren(
    el(
      "div",
      { class: "page page--narrow" },
      el("h1", { class: "page__title" }, "Sign in"),
      wrong && el("p", { class: "wrong", role: "alert" }, wrong),
      part("With the installation's token", token),
      part("As a person", pin),
    ),
  );
}

leave.addEventListener("click", async () => {
  if (session) {
    await auth("DELETE", "/session").catch((err) => say(err.message));
  }
  keep("");
  await show({ focus: true });
});

theme.value = localStorage.getItem(THEME) ?? "";
function paint() {
  if (theme.value === "") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme.value;
  }
}
theme.addEventListener("change", () => {
  localStorage.setItem(THEME, theme.value);
  paint();
});
paint();

addEventListener("hashchange", () => show({ focus: true }));
show();
