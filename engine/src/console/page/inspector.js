// What was opened: an event with its steps, a letter, a row, or a part of the pipeline.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { body } from "./body.js";
import { find, icon, link, make, replace, seldom, shown } from "./dom.js";
import { badge } from "./events.js";
import { attribute, brief } from "./item.js";
import { age, bytes, clock, count, moment, plural, took } from "./text.js";

const AGAIN_MS = 300;
const LINES = 200;
// In characters: of a fact or a heading, and of a line of a log.
const LONG = 600;
const LONG_LINE = 2000;
const BAD = /^(ERROR|CRITICAL|FATAL)$/;
// Functions have the ids of the spec on AWS.
const OF_PART = { consumer: "function" };

const pane = find("inspector");
const content = find("opened");
let opened = null;
let kinds = new Map();
// Which bodies a reader has opened, by step and title, so that they stay open when more of the event is known.
let unfolded = new Set();

export function start() {
  on("state", (state) => {
    kinds = new Map(state.parts.map((part) => [part.id, part.kind]));
    // A trace reads logs, which costs.
    if (opened?.trace === undefined) refreshSoon();
  });
  on("open", open);
  on("live", () => opened?.event !== undefined && refresh());
  on("event", (event) => event.n === opened?.event && refreshSoon());
  on("taken", (letters) => letters.includes(opened?.letter) && close());
  find("close").addEventListener("click", close);
}

export const isOpen = () => opened !== null;

export function close() {
  opened = null;
  unfolded = new Set();
  document.body.classList.remove("has-opened");
  pane.hidden = true;
  tell("opened", {});
}

function open(what) {
  opened = what;
  unfolded = new Set();
  pane.hidden = false;
  document.body.classList.add("has-opened");
  tell("opened", what);
  content.scrollTop = 0;
  if (what.part) return put(part(what.part));
  if (what.row) return put(row(what.row));
  if (what.line) return put(logLine(what.line));
  put(make("p", { class: "empty" }, "Reading …"));
  refresh();
}

// What the server is asked for.
const KINDS = [
  { name: "event", path: "/api/events/", show: event },
  { name: "letter", path: "/api/letters/", show: letter },
  { name: "trace", path: "/api/trace?id=", show: way },
];

const put = (...children) => replace(content, ...children);

const refreshSoon = seldom(AGAIN_MS, refresh);

async function refresh() {
  const mine = opened;
  const kind = KINDS.find(({ name }) => mine?.[name] !== undefined);
  if (!kind) return;
  try {
    const around = mine.around ? `&around=${mine.around}` : "";
    const found = await ask(`${kind.path}${encodeURIComponent(mine[kind.name])}${around}`);
    if (opened !== mine) return;
    const at = content.scrollTop;
    put(kind.show(found));
    content.scrollTop = at;
  } catch (error) {
    if (opened === mine) put(refusal(error));
  }
}

export function refusal(error) {
  const hint = error.hint && make("span", { class: "hint" }, shown(error.hint));
  return make("p", { class: "refusal", role: "alert" }, shown(error.message), hint);
}

const heading = (title, badge) => make("header", { class: "heading" }, make("h2", {}, long(String(title), LONG)), badge);

function event({ summary, steps }) {
  const first = steps[0]?.at ?? summary.at;
  return [
    heading(summary.title, badge(summary.state)),
    facts([
      ["event", summary.id],
      ["at", moment(summary.at)],
      ["took", summary.ms === null ? null : took(summary.ms)],
      ...(summary.why ? [["why", summary.why]] : []),
    ]),
    make("ol", { class: "steps" }, steps.map((one, at) => step(one, at, first))),
  ];
}

function step(step, at, first) {
  const began = at === 0 ? clock(step.at) : `+${took(Math.max(0, step.at - first))}`;
  const lasted = step.ms === null || step.ms === undefined ? "" : ` · took ${took(step.ms)}`;
  return make(
    "li",
    { class: `step ${step.ok ? "fine" : "wrong"}` },
    make("span", { class: "dot" }, icon(kinds.get(step.part) ?? "stream")),
    make(
      "h3",
      {},
      shown(step.title),
      !step.ok && make("span", { class: "badge failed" }, "failed"),
      make("span", { class: "when", title: moment(step.at) }, began, lasted),
    ),
    facts(step.facts),
    (step.bodies ?? []).map((one) => folded(`${at} ${one.title}`, one)),
    log(step.log ?? []),
  );
}

// One line of a body, and all of it when it is opened.
function folded(key, one) {
  const start = one.text.slice(0, 200).replace(/\s+/g, " ");
  const size = make("span", { class: "size" }, bytes(one.bytes));
  const label = make("span", { class: "label" }, shown(one.title));
  const element = make("details", {}, make("summary", {}, label, make("code", {}, shown(start)), size));
  const unfold = () => element.children.length === 1 && element.append(body(one));
  element.addEventListener("toggle", () => {
    if (element.open) unfold();
    unfolded[element.open ? "add" : "delete"](key);
  });
  if (unfolded.has(key)) {
    unfold();
    element.open = true;
  }
  return element;
}

function log(lines) {
  if (lines.length === 0) return null;
  const all = make("pre", { class: "log", tabindex: "0", "aria-label": "log lines" });
  const look = (line) => (/\b(ERROR|error|panicked|Exception)\b/.test(line) ? "line bad" : "line");
  const paint = (some) => replace(all, some.map((line) => make("span", { class: look(line) }, long(line, LONG_LINE))));
  paint(lines.slice(0, LINES));
  const whole = (event) => {
    paint(lines);
    event.target.remove();
  };
  return [all, lines.length > LINES && link(`show all ${plural(lines.length, "line")}`, whole)];
}

function letter({ letter, facts: more, bodies }) {
  const again = () => tell("redrive", [letter.id]);
  return [
    heading(letter.reason, make("span", { class: "badge letter" }, "dead letter")),
    facts([
      ["message", letter.message],
      ["event", letter.event_id],
      ["source", letter.source],
      ["at", `${moment(letter.at)}, ${age(Date.now() - letter.at)} ago`],
      ...more,
    ]),
    make(
      "p",
      { class: "actions" },
      make("button", { type: "button", class: "primary", disabled: !letter.can_redrive, onclick: again }, "Redrive this letter"),
      !letter.can_redrive && make("span", { class: "hint" }, shown(letter.why_not)),
    ),
    (bodies ?? []).map(body),
  ];
}

// A line of a log, with the ids that lead on from it.
function logLine({ at, part, level, message, fields }) {
  const ids = Object.entries(fields ?? {}).filter(([name, value]) => /(^|_|-)id$|(Id|ID)$/.test(name) && typeof value === "string" && value !== "");
  return [
    heading(part, level && make("span", { class: `badge ${BAD.test(level) ? "failed" : ""}` }, shown(level))),
    facts([["at", moment(Date.parse(at))], ["message", message]]),
    ids.length > 0 && make("p", { class: "actions" }, ids.map(([name, id]) => traces(name, id, at))),
    fields && body({ title: "fields", text: JSON.stringify(fields) }),
  ];
}

const traces = (name, id, at) =>
  make("button", { type: "button", onclick: () => tell("open", { trace: id, around: Date.parse(at) }) }, "Trace ", shown(name));

// The way of an event, as far as AWS tells.
function way({ id, hops, unknown }) {
  const hop = ({ at, milliseconds, part, message, fields }) =>
    make(
      "li",
      { class: `step ${part === "dlq" || /^(ERROR|CRITICAL|FATAL) /.test(message) ? "wrong" : "fine"}` },
      make("span", { class: "dot" }, icon(kinds.get(part) ?? OF_PART[part] ?? "stream")),
      make(
        "h3",
        {},
        shown(part),
        at && make("span", { class: "when", title: moment(Date.parse(at)) }, clock(Date.parse(at)), milliseconds !== undefined && ` · +${took(milliseconds)}`),
      ),
      make("p", {}, long(message, LONG)),
      facts(Object.entries(fields ?? {}).filter(([, value]) => value !== null).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])),
    );
  return [
    heading(id),
    hops.length === 0 && make("p", { class: "empty" }, "Nothing of it was found, in the logs of the hour before it and since."),
    make("ol", { class: "steps" }, hops.map(hop)),
    unknown.map((one) => make("p", { class: "hint" }, "Not known: ", shown(one))),
  ];
}

function row({ key, item }) {
  const title = Object.values(key).map((value) => brief(attribute(value))).join(" · ");
  return [heading(title, make("span", { class: "badge done" }, "row")), body({ title: "item", text: attribute({ M: item }) })];
}

function part(part) {
  const cells = ({ id, records }) => [shown(id), count(records)].map((one) => make("td", {}, one));
  const shards = (part.shards ?? []).map((shard) => make("tr", {}, cells(shard)));
  const head = make("tr", {}, ["shard", "records handed on"].map((word) => make("th", { scope: "col" }, word)));
  return [
    heading(part.title, make("span", { class: "badge" }, shown(part.service))),
    facts([["name", part.name], ...part.facts]),
    shards.length > 0 && make("table", { class: "plain" }, make("thead", {}, head), make("tbody", {}, shards)),
  ];
}

function facts(pairs) {
  const known = (pairs ?? []).filter(([, text]) => text !== null && text !== undefined && text !== "");
  const pair = ([label, text]) => [make("dt", {}, shown(label)), make("dd", {}, long(String(text), LONG))];
  return known.length > 0 && make("dl", {}, known.map(pair));
}

// The beginning of a long text, until somebody asks for all of it.
function long(text, most) {
  if (text.length <= most) return shown(text, true);
  const element = make("span", {}, shown(text.slice(0, most), true), "… ");
  element.append(link(`show all, ${bytes(text.length)}`, () => replace(element, shown(text, true))));
  return element;
}
