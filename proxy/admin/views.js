// The parts of the administration: each shows itself in a page, and returns how to stop if it goes on.

import { download, get, post, put, remove } from "./ask.js";
import {
  badge,
  button,
  confirmed,
  el,
  field,
  form,
  input,
  money,
  number,
  part,
  say,
  select,
  span,
  table,
  time,
} from "./parts.js";
import { filled, plot } from "./plot.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Whose figures somebody sees: all, or those of where they may. */
function scopes(me) {
  if (me.installation) {
    return [["", "everything"]];
  }
  const seen = me.places.filter((it) => it.may.includes("SeeAllUsage"));
  const places = seen.map((it) =>
    it.project === null
      ? [`&scope=organisation&id=${it.organisation}`, `organisation ${it.organisation}`]
      : [`&scope=project&id=${it.project}`, `project ${it.project}`],
  );
  return [["", "my own"], ...places];
}

/** Does something again and again while the page is seen. Returns how to stop. */
function every(ms, act) {
  const timer = setInterval(() => {
    if (!document.hidden) {
      act();
    }
  }, ms);
  return () => clearInterval(timer);
}

const sum = (lines, value) => lines.reduce((sum, it) => sum + value(it), 0);
const rate = (part, whole) => (whole === 0 ? 0 : part / whole);
const percent = (it) => `${Math.round(100 * it)} %`;

/** All tokens of a line. */
const tokens = (it) => sum(Object.values(it.tokens), Number);
/** How long an answer took. */
const took = (lines) => rate(sum(lines, (it) => it.ms), sum(lines, (it) => it.requests));
/** What is known to have been paid; requests whose price nobody knows are named beside it. */
const cost = (it) => {
  const known = money(it.cost);
  return it.unpriced === 0 ? known : `${Number(it.cost) === 0 ? "" : `${known} and `}${number(it.unpriced)} unknown`;
};
/** The part of what models read that came from a vendor's cache. */
const cached = (lines) => {
  const prompted = ({ tokens: it }) => it.input + it.cache_read + it.cache_write + it.cache_write_long;
  return rate(sum(lines, (it) => it.tokens.cache_read), sum(lines, prompted));
};

async function overview(page, me) {
  const span30 = select("span", [["2", "last two days"], ["30", "last thirty days"]]);
  const whose = select("scope", scopes(me));
  const tools = el("div", { class: "row" }, field("Time", span30), field("Of", whose));
  const plots = el("div", { class: "plots" });
  const tables = el("div", {});
  page.append(tools, plots, tables);
  const draw = async () => {
    const days = Number(span30.value);
    const [step, by] = days === 2 ? [HOUR, "hour"] : [DAY, "day"];
    const to = Date.now();
    const from = to - days * DAY + step;
    const rest = `&from_ms=${from}${whose.value}`;
    const [lines, keys, models, operations, sessions] = await Promise.all([
      get(`/usage?by=${by}${rest}`),
      get(`/usage?by=key${rest}`),
      get(`/usage?by=model${rest}`),
      get(`/usage?by=operation${rest}`),
      get(`/sessions?${rest.slice(1)}`),
    ]);
    const label = (at) => {
      const text = new Date(at).toISOString();
      return days === 2 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(0, 10);
    };
    const one = (title, value, write, kind, whole = sum(lines, value)) =>
      plot(title, write(whole), filled(lines, from, to, step, value, label), write, kind);
    plots.replaceChildren(
      one("Cost", (it) => Number(it.cost), money, "accent"),
      one("Requests", (it) => it.requests, number, "good"),
      one("Tokens", tokens, number, "plan"),
      one("Errors", (it) => it.failed, number, "bad"),
      one("Time of an answer", (it) => took([it]), span, "accent", took(lines)),
      one("Prompts from caches", (it) => cached([it]), percent, "plan", cached(lines)),
    );
    const columns = (title) => [
      { title, show: (it) => it.name || "(no name)" },
      { title: "Requests", class: "number", show: (it) => number(it.requests) },
      { title: "Errors", class: "number", show: (it) => percent(rate(it.failed, it.requests)) },
      { title: "Took", class: "number", show: (it) => span(took([it])) },
      { title: "Tokens", class: "number", show: (it) => number(tokens(it)) },
      { title: "From caches", class: "number", show: (it) => percent(cached([it])) },
      { title: "Cost", class: "number", show: (it) => cost(it) },
    ];
    const each = (value) => rate(value, sessions.sessions);
    const none = "No requests in this time.";
    tables.replaceChildren(
      part("By model", table("Usage by model", columns("Model"), models, none)),
      part("By key", table("Usage by key", columns("Key"), keys, none)),
      part("By operation", table("Usage by operation", columns("Operation"), operations, none)),
      part(
        "Sessions",
        table(
          "An average session",
          [
            { title: "Sessions", class: "number", show: (it) => number(it.sessions) },
            { title: "Messages in each", class: "number", show: (it) => each(it.requests).toFixed(1) },
            { title: "Lasted", class: "number", show: (it) => span(each(it.lasted_ms)) },
            { title: "Tokens of each", class: "number", show: (it) => number(Math.round(each(it.tokens))) },
            { title: "Cost of each", class: "number", show: (it) => money(each(Number(it.cost))) },
          ],
          sessions.sessions === 0 ? [] : [sessions],
          "No session in this time. A client names its session in X-Easel-Session.",
        ),
      ),
      part(
        "As a table",
        el("p", {}, "Every request of this time as CSV, for a spreadsheet. Times are those of UTC."),
        button("Download CSV", () =>
          download(`/export.csv?from_ms=${from}${whose.value}`, "easel-usage.csv").then(
            () => say("The table was downloaded."),
            (err) => say(err.message),
          ),
        ),
      ),
    );
  };
  const again = () => draw().catch((err) => say(err.message));
  span30.addEventListener("change", again);
  whose.addEventListener("change", again);
  await draw();
  return every(60_000, again);
}

const PERIODS = [
  ["month", "A month"],
  ["day", "A day"],
  ["hour", "An hour"],
  ["total", "In total"],
];

const STATES = { active: "good", seat: "plain", revoked: "bad", expired: "warning", orphaned: "warning" };

/** A budget and how much of it is gone. */
function budgets(key) {
  const rows = PERIODS.filter(([period]) => key.caps.budgets[period]).map(([period, label]) => {
    const [cap, spent] = [key.caps.budgets[period], key.spent[period]];
    const meter = el("meter", { min: 0, max: Number(cap), value: Number(spent), low: Number(cap) * 0.8, high: Number(cap) * 0.999, optimum: 0 });
    meter.setAttribute("aria-label", `${label}: ${money(spent)} of ${money(cap)}`);
    return el("div", { class: "budget" }, meter, el("span", {}, `${money(spent)} of ${money(cap)} ${label.toLowerCase()}`));
  });
  return rows.length === 0 ? `${money(key.spent.total)}, no budget` : rows;
}

async function keys(page, me) {
  const [listed, organisations, projects] = await Promise.all([
    get("/keys"),
    get("/organisations"),
    get("/projects"),
  ]);
  const again = () => {
    page.replaceChildren(page.firstElementChild);
    return keys(page, me);
  };
  const places = organisations.flatMap((it) => [
    [`${it.id}`, it.name],
    ...projects
      .filter((project) => project.organisation === it.id && !project.ended)
      .map((project) => [`${it.id}/${project.id}`, `${it.name} · ${project.name}`]),
  ]);
  const shown = el("div", { role: "status" });
  const make = form(
    "Make a key",
    [
      field("Name", input("name", { required: true, maxlength: 100 }), "What or whom it is for."),
      field("In", select("place", places)),
      field("Models", input("models", { value: "*" }), "Names with * for any text, with blanks between them."),
      field("Budget a month", input("month", { inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" }), "Dollars; empty is none."),
    ],
    async ({ name, place, models, month }, asked) => {
      const [organisation, project] = place.split("/").map(Number);
      const own = !me.installation && !me.places.some((it) => it.may.includes("MakeAnyKey"));
      const made = await post("/keys", {
        name,
        organisation,
        project: project ?? null,
        person: own ? me.person : null,
        models: models.split(/\s+/).filter((it) => it !== ""),
      });
      asked.reset();
      if (month !== "") {
        await put(`/caps/key/${made.id}`, { budgets: { month } });
      }
      await again();
      const secret = el("code", { class: "secret", tabindex: "0" }, made.key);
      const copy = button("Copy", async () => {
        await navigator.clipboard.writeText(made.key);
        say("The key was copied.");
      });
      const told = el("div", { class: "once", role: "status" }, el("p", {}, `This is the key of “${name}”. It is shown only now.`), el("div", { class: "row" }, secret, copy));
      page.firstElementChild.after(told);
      secret.focus();
    },
  );
  const revoke = async (key) => {
    if (await confirmed(`Revoke “${key.name}”? Whoever uses it is refused from now on. This cannot be undone.`, "Revoke")) {
      await remove(`/keys/${key.id}`).then(() => say(`“${key.name}” was revoked.`), (err) => say(err.message));
      await again();
    }
  };
  const rows = listed.keys;
  page.append(
    shown,
    part(
      "All keys",
      table(
        "Keys",
        [
          { title: "Name", show: (it) => [it.name, el("span", { class: "quiet" }, it.prefix && ` ${it.prefix}…`)] },
          { title: "State", show: (it) => badge(it.state, STATES[it.state]) },
          { title: "Models", show: (it) => it.models.join(" ") },
          { title: "Spent", show: budgets },
          {
            title: "Do",
            show: (it) =>
              it.state === "revoked"
                ? el("span", { class: "quiet" }, "–")
                : el(
                    "div",
                    { class: "row" },
                    button("Caps…", (event) => openCaps(event.target, it, again), { "aria-label": `Caps of ${it.name}` }),
                    it.prefix !== "" && button("Revoke…", () => revoke(it), { "aria-label": `Revoke ${it.name}` }),
                  ),
          },
        ],
        rows,
        "There is no key yet. Make one below.",
      ),
      listed.next !== null && el("p", { class: "quiet" }, "These are the first 500; the API has the others."),
    ),
    part("New key", make),
  );
}

/** Budgets and limits of one key, in a dialog. */
function openCaps(opener, key, again) {
  const { caps } = key;
  const limit = (name, label, value) =>
    field(label, input(name, { inputmode: "numeric", pattern: "[0-9]+", value: value ?? "" }));
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "caps-title" });
  const end = () => {
    dialog.close();
    dialog.remove();
    opener.focus();
  };
  dialog.addEventListener("cancel", () => dialog.remove());
  const asked = form(
    "Save",
    [
      ...PERIODS.map(([period, label]) =>
        field(`${label}, dollars`, input(period, { inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?", value: caps.budgets[period] ?? "" })),
      ),
      limit("per_minute", "Requests a minute", caps.per_minute),
      limit("per_hour", "Requests an hour", caps.per_hour),
      limit("parallel", "At the same time", caps.parallel),
    ],
    async (given) => {
      const filledIn = (names, read) =>
        Object.fromEntries(names.filter((it) => given[it] !== "").map((it) => [it, read(given[it])]));
      await put(`/caps/key/${key.id}`, {
        budgets: filledIn(["total", "month", "day", "hour"], String),
        ...filledIn(["per_minute", "per_hour", "parallel"], Number),
      });
      end();
      say(`The caps of “${key.name}” were saved.`);
      await again();
    },
  );
  asked.classList.add("form--wide");
  asked.lastElementChild.append(button("Leave as it is", end));
  dialog.append(el("h2", { class: "part__title", id: "caps-title" }, `Caps of “${key.name}”`), el("p", { class: "quiet" }, "What is empty is not limited."), asked);
  document.body.append(dialog);
  dialog.showModal();
}

async function live(page, me) {
  const whose = select("scope", scopes(me));
  const running = el("div", {});
  const last = el("div", {});
  page.append(el("div", { class: "row" }, field("Of", whose)), running, last);
  const draw = async () => {
    const rest = whose.value === "" ? "" : whose.value.slice(1);
    const [now, before] = await Promise.all([get(`/running?${rest}`), get(`/requests?most=25&${rest}`)]);
    running.replaceChildren(
      part(
        "Running now",
        table(
          "Requests that run now",
          [
            { title: "Model", show: (it) => it.lane },
            { title: "Key", show: (it) => it.client },
            { title: "For", class: "number", show: (it) => span(it.ms) },
            { title: "Request", show: (it) => el("code", {}, it.request) },
          ],
          now,
          "Nothing is under way.",
        ),
      ),
    );
    last.replaceChildren(
      part(
        "Last requests",
        table(
          "The last requests",
          [
            { title: "Model", show: (it) => it.model },
            { title: "When", show: (it) => time(it.at_ms) },
            { title: "Key", show: (it) => it.key_name },
            { title: "Status", show: (it) => badge(it.status, it.status < 400 ? "good" : "bad") },
            { title: "Tokens", class: "number", show: (it) => number(tokens(it)) },
            { title: "Took", class: "number", show: (it) => span(it.ms) },
            { title: "Cost", class: "number", show: (it) => (it.cost === null ? "unknown" : money(it.cost)) },
          ],
          before.requests,
          "Nobody has asked for anything yet.",
        ),
      ),
    );
  };
  whose.addEventListener("change", () => draw().catch((err) => say(err.message)));
  await draw();
  return every(3_000, () => {
    // Who reads or tabs through it is not disturbed.
    if (!page.contains(document.activeElement)) {
      draw().catch(() => {});
    }
  });
}

async function providers(page, me) {
  const [listed, lanes, health] = await Promise.all([get("/providers"), get("/lanes"), get("/health")]);
  const tried = async (event, provider) => {
    const cell = event.target.closest("tr").querySelector("[data-title=Answer] .cell");
    event.target.disabled = true;
    cell.textContent = "asking…";
    try {
      const report = await post(`/providers/${encodeURIComponent(provider.id)}/test`);
      cell.replaceChildren(badge(report.failed ? "failed" : "works", report.failed ? "bad" : "good"), ` ${report.message}`);
      say(`${provider.id}: ${report.message}`);
    } catch (err) {
      cell.textContent = err.message;
    }
    event.target.disabled = false;
  };
  const diagnostics = button("Download diagnostics", () =>
    download("/diagnostics", "easel-proxy-diagnostics.json").then(
      () => say("The diagnostics were downloaded."),
      (err) => say(err.message),
    ),
  );
  const read = el("div", { role: "status" });
  const reread = button("Read easel.toml anew", async () => {
    read.textContent = "reading…";
    try {
      const { needs_start: needs, notes } = await post("/reload");
      const said = [
        "It was read, and holds from the next request on. What was under way goes on as it began.",
        ...(needs.length === 0 ? [] : [`With the next start only: ${needs.join(", ")}.`]),
        ...notes,
      ];
      read.replaceChildren(badge("read", "good"), ...said.map((it) => el("p", {}, it)));
    } catch (err) {
      read.replaceChildren(badge("not changed", "bad"), el("p", {}, err.message));
    }
  });
  const state = health.ready ? badge("ready", "good") : badge(`not ready: ${health.trouble.join(", ")}`, "bad");
  const parts = [
    part(
      "The proxy",
      el("p", {}, state, ` Version ${health.version}, up for ${span(health.up_ms)}; ${number(health.ledger.waiting)} rows wait for the database.`),
      me.installation && el("div", { class: "row" }, diagnostics),
      me.installation && el("p", { class: "quiet" }, "Diagnostics go along with a report of something that is wrong. They hold no key, no name of a person and no text."),
    ),
    me.installation &&
      part(
        "Configuration",
        el("p", { class: "quiet" }, "After a change of easel.toml. A file that cannot be used changes nothing."),
        el("div", { class: "row" }, reread),
        read,
      ),
    part(
      "Providers",
      table(
        "Providers",
        [
          { title: "Name", show: (it) => it.id },
          { title: "Kind", show: (it) => it.kind },
          { title: "Address", show: (it) => it.base_url || "–" },
          { title: "Key", show: (it) => (it.key === "from_environment" ? "from environment or file" : it.key.replaceAll("_", " ")) },
          { title: "Answer", show: () => "not asked" },
          { title: "Do", show: (it) => button("Test", (event) => tried(event, it), { "aria-label": `Test ${it.id}` }) },
        ],
        listed,
        "There is no provider yet; add one in Easel's Settings.",
      ),
    ),
    part(
      "Lanes",
      table(
        "Lanes that rest after failures, or whose traffic counts",
        [
          { title: "Lane", show: (it) => it.lane },
          { title: "Tried again in", class: "number", show: (it) => (it.rests_ms ? span(it.rests_ms) : "–") },
          { title: "Under way", class: "number", show: (it) => number(it.running ?? 0) },
          { title: "In a minute", class: "number", show: (it) => `${number(it.minute_requests ?? 0)} requests, ${number(it.minute_tokens ?? 0)} tokens` },
          { title: "First answer after", class: "number", show: (it) => (it.first_ms === undefined ? "–" : span(it.first_ms)) },
        ],
        lanes,
        "All lanes may be used.",
      ),
    ),
  ];
  page.append(...parts.filter(Boolean));
}

async function audit(page) {
  const verdict = el("p", { role: "status" });
  const verify = button("Verify", async () => {
    verdict.textContent = "checking…";
    try {
      const found = await get("/audit/verify");
      verdict.replaceChildren(
        found.whole ? badge("whole", "good") : badge("broken", "bad"),
        found.whole
          ? ` All ${number(found.n_entries)} entries are as they were written. Keep this digest elsewhere to check later: ${found.digest}`
          : ` Entry ${found.broken} is not as it was written.`,
      );
    } catch (err) {
      verdict.textContent = err.message;
    }
  });
  const list = el("div", {});
  const more = button("Older entries", () => draw().catch((err) => say(err.message)));
  const entries = [];
  let before = "";
  const draw = async () => {
    const read = await get(`/audit?most=50${before}`);
    entries.push(...read.entries);
    before = read.next === null ? "" : `&before=${read.next}`;
    more.hidden = read.next === null;
    list.replaceChildren(
      table(
        "Audit log",
        [
          { title: "What", show: (it) => it.action },
          { title: "To", show: (it) => it.subject },
          { title: "By", show: (it) => it.actor },
          { title: "When", show: (it) => time(it.at_ms) },
          { title: "Detail", show: (it) => it.detail || "–" },
          { title: "From", show: (it) => it.ip || "–" },
        ],
        entries,
        "Nothing has been changed yet.",
      ),
    );
  };
  page.append(
    part("Is it whole?", el("p", {}, "Each entry holds the digest of the one before it, so a change shows."), el("div", { class: "row" }, verify), verdict),
    part("Entries", list, more),
  );
  await draw();
}

export const VIEWS = [
  { name: "overview", title: "Overview", show: overview },
  { name: "keys", title: "Keys", show: keys },
  { name: "live", title: "Requests", show: live },
  { name: "providers", title: "Providers", show: providers },
  { name: "audit", title: "Audit", show: audit },
];
