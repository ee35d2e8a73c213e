// Small parts of pages: elements, tables, forms, and how figures are written. All text goes in as
// text, never as HTML.

/** Makes an element. Attributes that are functions listen; children that are nothing are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(key, value);
    } else if (value === true) {
      made.setAttribute(key, "");
    } else if (value !== undefined && value !== false && value !== null) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.flat().filter((it) => it !== undefined && it !== null && it !== false));
  return made;
}

export const button = (label, click, more = {}) =>
  el("button", { type: "button", class: "button", click, ...more }, label);

/** A part of a page under a heading. */
export function part(title, ...children) {
  const id = `part-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return el(
    "section",
    { class: "part", "aria-labelledby": id },
    el("h2", { class: "part__title", id }, title),
    ...children,
  );
}

/** A table that becomes a list of cards where there is no room. */
export function table(caption, columns, rows, empty) {
  if (rows.length === 0) {
    return el("p", { class: "empty" }, empty);
  }
  const head = columns.map((it) => el("th", { scope: "col", class: it.class }, it.title));
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      columns.map((it, n) => {
        const shown = el("div", { class: "cell" }, it.show(row));
        const attributes = { "data-title": it.title, class: it.class };
        return n === 0
          ? el("th", { scope: "row", ...attributes }, shown)
          : el("td", attributes, shown);
      }),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: "table" },
      el("caption", { class: "hidden" }, caption),
      el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, body),
    ),
  );
}

export function field(label, input, hint) {
  const id = `field-${field.n++}`;
  input.id = id;
  if (hint) {
    input.setAttribute("aria-describedby", `${id}-hint`);
  }
  return el(
    "div",
    { class: "field" },
    el("label", { class: "field__label", for: id }, label),
    input,
    hint && el("p", { class: "field__hint", id: `${id}-hint` }, hint),
  );
}
field.n = 0;

export const input = (name, more = {}) =>
  el("input", { name, class: "input", autocomplete: "off", spellcheck: "false", ...more });

export function select(name, options, more = {}) {
  const made = options.map(([value, label]) => el("option", { value }, label));
  return el("select", { name, class: "input", ...more }, made);
}

/** A form that says what went wrong beside its button. */
export function form(label, fields, done) {
  const wrong = el("p", { class: "wrong", role: "alert" });
  const send = el("button", { type: "submit", class: "button button--main" }, label);
  return el(
    "form",
    {
      class: "form",
      submit: async (event) => {
        event.preventDefault();
        wrong.textContent = "";
        send.disabled = true;
        try {
          await done(Object.fromEntries(new FormData(event.target)), event.target);
        } catch (err) {
          wrong.textContent = err.message;
        } finally {
          send.disabled = false;
        }
      },
    },
    ...fields,
    el("div", { class: "form__end" }, send, wrong),
  );
}

/** Asks before something that cannot be undone. */
export function confirmed(question, label) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "dialog-question" });
    const end = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    dialog.addEventListener("cancel", () => end(false));
    dialog.append(
      el("p", { id: "dialog-question" }, question),
      el(
        "div",
        { class: "row" },
        button("Keep it", () => end(false), { autofocus: true }),
        button(label, () => end(true), { class: "button button--bad" }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

let speaking;

/** Tells something that has happened, also to who listens. */
export function say(text) {
  const said = document.querySelector(".said");
  said.textContent = text;
  clearTimeout(speaking);
  speaking = setTimeout(() => (said.textContent = ""), 8_000);
}

export const badge = (text, kind) => el("span", { class: `badge badge--${kind}` }, text);

export const number = (n) => Number(n).toLocaleString("en");

/** Dollars as text, to the cent or to the first two digits that count. */
export function money(text) {
  const value = Number(text);
  if (value === 0) {
    return "$0";
  }
  if (value >= 0.01) {
    return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  }
  return `$${value.toLocaleString("en", { maximumSignificantDigits: 2, maximumFractionDigits: 9 })}`;
}

export function time(ms) {
  const text = new Date(ms).toISOString();
  return el("time", { datetime: text, title: text }, new Date(ms).toLocaleString("en-GB"));
}

export function span(ms) {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  const secs = ms / 1000;
  if (secs < 90) {
    return `${secs.toFixed(1)} s`;
  }
  const minutes = Math.floor(secs / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
