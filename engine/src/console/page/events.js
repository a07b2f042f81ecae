// The list of events, newest first: as they happen, or what a search finds.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { calmly, find, line, make, plainly, replace, seldom } from "./dom.js";
import { clock, count, took } from "./text.js";
import { windowed } from "./windowed.js";

const PORTION = 200;
const MOST = 10_000;
const SEARCH_MS = 250;
const AGAIN_MS = 1000;
const STATES = { waiting: "on its way", done: "done", failed: "failed", letter: "dead letter", refused: "refused" };

const search = find("search");
const state = find("state");
const note = find("events-note");
// Newest first. `byNumber` finds the one that a later summary replaces.
let events = [];
let byNumber = new Map();
let more = false;
let asking = null;
// What came while the list was being read, which its answer may lack.
let meanwhile = [];
let fresh = 0;

const list = windowed(find("events"), {
  height: 32,
  key: (one) => one.n,
  fill,
  open: (one) => tell("open", { event: one.n }),
  more: older,
});

export function start() {
  on("live", load);
  on("stream:event", arrived);
  on("opened", ({ event }) => list.mark(event ?? null));
  search.addEventListener("input", seldom(SEARCH_MS, load));
  state.addEventListener("change", load);
}

export const badge = (name) => make("span", { class: `badge ${STATES[name] ? name : ""}` }, STATES[name] ?? line(name));

function fill(element, event) {
  const text = JSON.stringify(event);
  if (element.text === text) return;
  element.text = text;
  element.className = `row event ${STATES[event.state] ? event.state : ""}`;
  element.title = plainly([event.title, event.id, event.why].filter(Boolean).join(", "));
  replace(
    element,
    make("time", {}, clock(event.at)),
    make("span", { class: "title" }, line(event.title)),
    make("span", { class: "id" }, line(event.id)),
    make("span", { class: "why" }, line(event.why)),
    make("span", { class: "ms" }, event.ms === null ? "" : took(event.ms)),
    make("span", { class: "state" }, STATES[event.state] ?? line(event.state)),
  );
}

const filtered = () => search.value.trim() !== "" || state.value !== "";

function query(before) {
  const words = new URLSearchParams({ limit: PORTION });
  if (before !== undefined) words.set("before", before);
  if (search.value.trim()) words.set("q", search.value.trim());
  if (state.value) words.set("state", state.value);
  return `/api/events?${words}`;
}

// Reads the newest ones again: what was here may have a gap, or be of another search.
export async function load() {
  const mine = (asking = Symbol("load"));
  meanwhile = [];
  try {
    const page = await ask(query());
    if (asking !== mine) return;
    events = page.events;
    more = page.more;
    byNumber = new Map(events.map((one) => [one.n, one]));
    if (!filtered()) meanwhile.forEach(take);
    fresh = 0;
    show();
  } catch (error) {
    if (asking === mine) note.textContent = error.message;
  } finally {
    if (asking === mine) asking = null;
  }
}

async function older() {
  if (!more || asking !== null || events.length === 0 || events.length >= MOST) return;
  const mine = (asking = Symbol("older"));
  try {
    const page = await ask(query(events.at(-1).n));
    if (asking !== mine) return;
    const added = page.events.filter(({ n }) => !byNumber.has(n));
    for (const one of added) byNumber.set(one.n, one);
    events = [...events, ...added].sort((a, b) => b.n - a.n);
    more = page.more && added.length > 0;
    show();
  } catch {
    more = false;
  } finally {
    if (asking === mine) asking = null;
  }
}

// With a search, the server says again what it finds; else the list has it at once.
const searchAgain = seldom(AGAIN_MS, load);
const showSoon = calmly(show);

function arrived(event) {
  tell("event", event);
  // A reader who has gone down in what was found stays there.
  if (filtered()) return find("events").scrollTop === 0 && searchAgain();
  if (asking !== null) meanwhile.push(event);
  take(event);
  showSoon();
}

function take(event) {
  if (byNumber.has(event.n)) Object.assign(byNumber.get(event.n), event);
  else {
    const at = events.findIndex(({ n }) => n < event.n);
    // Older than all that is here: it comes with its portion.
    if (at < 0 && more) return;
    byNumber.set(event.n, event);
    events.splice(at < 0 ? events.length : at, 0, event);
    fresh += 1;
    if (events.length > MOST) {
      for (const gone of events.splice(MOST)) byNumber.delete(gone.n);
      more = true;
    }
  }
}

function show() {
  const above = fresh;
  fresh = 0;
  list.show(events, above);
  const empty = find("events-empty");
  empty.hidden = events.length > 0;
  empty.textContent = filtered() ? "No event is like that." : "No events yet. Send one with the form, or from your own program.";
  const number = `${count(events.length)}${more ? "+" : ""} ${events.length === 1 ? "event" : "events"}`;
  note.textContent = events.length === 0 ? "" : filtered() ? `${number} found` : number;
}
