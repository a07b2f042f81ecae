// The rows of the tables.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { find, link, make, plainly, replace, seldom, shown } from "./dom.js";
import { attribute, brief } from "./item.js";

const LIMIT = 50;
const COLUMNS = 8;
const CUT = 200;
const AGAIN_MS = 1500;

const select = find("table");
const box = find("rows");
let tables = [];
let rows = [];
let next = null;
let shownTable = null;
let asking = null;

export function start() {
  on("state", (state) => {
    tables = state.tables;
    const before = select.value;
    replace(select, tables.map(({ id, name }) => make("option", { value: id }, plainly(name))));
    if (tables.some(({ id }) => id === before)) select.value = before;
    select.hidden = tables.length < 2;
    load();
  });
  // A reader who has asked for more keeps it.
  on("event", ({ state }) => state === "done" && rows.length <= LIMIT && box.closest("[hidden]") === null && soon());
  on("tab", (name) => name === "rows" && rows.length <= LIMIT && load());
  select.addEventListener("change", load);
  find("rows-again").addEventListener("click", load);
}

const soon = seldom(AGAIN_MS, load);

async function load() {
  next = null;
  await portion();
}

async function portion() {
  const table = tables.find(({ id }) => id === select.value) ?? tables[0];
  if (!table) return replace(box, make("p", { class: "empty" }, "This pipeline has no table."));
  const mine = (asking = Symbol("rows"));
  const words = new URLSearchParams({ table: table.id, limit: LIMIT });
  if (next !== null) words.set("start", next);
  try {
    const page = await ask(`/api/rows?${words}`);
    if (asking !== mine) return;
    const before = JSON.stringify([shownTable, rows]);
    rows = words.has("start") ? [...rows, ...page.rows] : page.rows;
    next = page.next;
    shownTable = table;
    // What is the same stays, with the focus in it.
    if (JSON.stringify([table, rows]) !== before || rows.length === 0) show(table);
  } catch (error) {
    if (asking !== mine) return;
    rows = [];
    replace(box, make("p", { class: "empty" }, shown(error.message)));
  }
}

function show(table) {
  if (rows.length === 0) return replace(box, make("p", { class: "empty" }, "The table has no rows yet."));
  const others = new Set(rows.flatMap(({ item }) => Object.keys(item)));
  for (const key of table.keys) others.delete(key);
  const columns = [...table.keys, ...[...others].slice(0, COLUMNS - table.keys.length)];
  const head = make("tr", {}, columns.map((name) => make("th", { scope: "col" }, shown(name))));
  const body = rows.map((one) => {
    const open = () => tell("open", { row: one });
    const cells = columns.map((name, at) => cell(one.item[name], at === 0 ? open : null));
    return make("tr", { onclick: open }, cells);
  });
  const left = others.size + table.keys.length - columns.length;
  const scroll = box.firstElementChild?.scrollLeft ?? 0;
  replace(
    box,
    make("div", { class: "scroller", tabindex: "-1" }, make("table", {}, make("thead", {}, head), make("tbody", {}, body))),
    make(
      "p",
      { class: "foot" },
      `${rows.length}${next === null ? "" : "+"} ${rows.length === 1 ? "row" : "rows"}`,
      left > 0 && `, ${left} more ${left === 1 ? "attribute" : "attributes"} in each when it is opened`,
      next !== null && link("more", portion),
    ),
  );
  box.firstElementChild.scrollLeft = scroll;
}

function cell(value, open) {
  const text = value === undefined ? "" : brief(attribute(value)).slice(0, CUT);
  const pressed = (event) => {
    event.stopPropagation();
    open();
  };
  return make("td", {}, open ? link(shown(text), pressed) : shown(text));
}
