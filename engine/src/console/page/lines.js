// Lines of the logs of a pipeline on AWS, newest first.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { calmly, find, line, make, plainly, replace, seldom, shown } from "./dom.js";
import { clock, count, plural } from "./text.js";
import { windowed } from "./windowed.js";

const MOST = 2000;
const FILTER_MS = 200;
const LOOK = { WARN: "warn", WARNING: "warn", ERROR: "bad", CRITICAL: "bad", FATAL: "bad" };

const grep = find("grep");
const note = find("lines-note");
let lines = [];
let missing = [];
let fresh = true;
// How many have come in above those that a reader sees.
let above = 0;

const list = windowed(find("lines"), { height: 32, key: (one) => one.n, fill, open: (one) => tell("open", { line: one }) });

export function start() {
  on("state", ({ where }) => where !== "local" && fresh && load());
  on("live", () => {
    lines = [];
    fresh = true;
  });
  on("stream:lines", (told) => {
    if (told.more || fresh) return load();
    take([...told.lines].reverse());
    missing = told.missing;
    showSoon();
  });
  on("opened", ({ line }) => list.mark(line?.n ?? null));
  grep.addEventListener("input", seldom(FILTER_MS, show));
  find("trace-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = find("trace").value.trim();
    if (id !== "") tell("open", { trace: id });
  });
}

const showSoon = calmly(show);

async function load() {
  fresh = false;
  try {
    const page = await ask("/api/lines");
    take(page.lines);
    missing = page.missing;
    show();
  } catch (error) {
    fresh = true;
    note.textContent = error.message;
  }
}

// Newest first; those that are here already stay.
function take(more) {
  const known = new Set(lines.map(({ n }) => n));
  const added = more.filter(({ n }) => !known.has(n));
  above += added.filter(wanted).length;
  lines = [...added, ...lines].sort((a, b) => b.n - a.n).slice(0, MOST);
}

const wanted = (one) => text(one).includes(grep.value.trim());

const text = ({ part, level, message, fields }) => [part, level, message, fields ? JSON.stringify(fields) : ""].join(" ");

function show() {
  const filtered = grep.value.trim() !== "";
  const found = filtered ? lines.filter(wanted) : lines;
  list.show(found, above);
  above = 0;
  const empty = find("lines-empty");
  empty.hidden = found.length > 0;
  empty.textContent = filtered ? "No line has this text." : "No lines yet.";
  const number = found.length === 0 ? "" : `${plural(found.length, "line")}${filtered ? ` of ${count(lines.length)}` : ""}`;
  replace(note, number, missing.length > 0 && number !== "" && " · ", missing.length > 0 && make("span", { class: "bad" }, shown(missing.join("; "))));
}

function fill(element, one) {
  element.className = `row log-line ${LOOK[one.level] ?? ""}`;
  element.title = plainly(one.message);
  const pair = ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
  const rest = ["", ...Object.entries(one.fields ?? {}).filter(([, value]) => value !== null).map(pair)].join(" ");
  replace(
    element,
    make("time", {}, clock(Date.parse(one.at))),
    make("span", { class: "id" }, line(one.part)),
    make("span", { class: "level" }, line(one.level)),
    make("span", { class: "said" }, line(one.message + rest)),
  );
}
