// Tabs, keys, the scheme of colours, and the address, which says what is open so that a reload shows it again.
import { on, tell } from "./bus.js";
import { find } from "./dom.js";
import { close, isOpen } from "./inspector.js";

const every = [...document.querySelectorAll('[role="tab"]')];
const help = find("help");
let opened = {};

export function start() {
  for (const tab of every) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", along);
  }
  document.addEventListener("keydown", pressed);
  find("show-help").addEventListener("click", () => help.showModal());
  find("show-send").addEventListener("click", form);
  find("close-send").addEventListener("click", () => document.body.classList.remove("has-send"));
  find("theme").addEventListener("click", theme);
  on("opened", (what) => {
    opened = what;
    if (what.event !== undefined || what.letter || what.row || what.part) document.body.classList.remove("has-send");
    address();
  });
  on("state", ({ where }) => lists(where));
  addEventListener("hashchange", follow);
  follow();
}

// A pipeline on AWS has other lists than one on this machine.
let place = null;
function lists(where) {
  if (place === where) return;
  place = where;
  for (const one of document.querySelectorAll("[data-of]")) one.hidden = one.dataset.of !== where;
  if (current().hidden) show(tabs()[0]);
}

const tabs = () => every.filter((tab) => !tab.hidden);

const current = () => every.find((tab) => tab.getAttribute("aria-selected") === "true");

function show(tab, focus = false) {
  for (const one of every) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", chosen);
    one.tabIndex = chosen ? 0 : -1;
    find(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (focus) tab.focus();
  address();
  tell("tab", tab.dataset.tab);
}

function along(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const all = tabs();
  const at = all.indexOf(event.target);
  if (by) show(all[(at + by + all.length) % all.length], true);
  else if (event.key === "Home") show(all[0], true);
  else if (event.key === "End") show(all.at(-1), true);
  else return;
  event.preventDefault();
}

function address() {
  const letter = opened.letter ? `/letter/${encodeURIComponent(opened.letter)}` : "";
  const what = opened.event === undefined ? letter : `/event/${opened.event}`;
  history.replaceState(null, "", `#/${current().dataset.tab}${what}`);
}

function follow() {
  const [name, kind, which] = location.hash.slice(2).split("/");
  const tab = every.find((one) => one.dataset.tab === name);
  if (kind === "event" && /^\d+$/.test(which)) tell("open", { event: Number(which) });
  if (kind === "letter" && which) tell("open", { letter: decodeURIComponent(which) });
  if (tab && !(place !== null && tab.hidden)) show(tab);
}

function form() {
  if (place === "AWS") return;
  close();
  document.body.classList.add("has-send");
  const field = document.querySelector("#send-form select, #send-form input");
  field?.focus();
}

function focusList() {
  const panel = find(current().getAttribute("aria-controls"));
  panel.querySelector('[role="listbox"], table button, pre, #stations')?.focus();
}

const KEYS = {
  "/": () => {
    const field = find(place === "AWS" ? "grep" : "search");
    show(find(field.closest('[role="tabpanel"]').getAttribute("aria-labelledby")));
    field.focus();
  },
  "?": () => help.showModal(),
  s: form,
  l: focusList,
  t: theme,
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (event.key === "Escape") return back(event.target, typing);
  if (typing) return;
  const tab = tabs()[Number(event.key) - 1];
  const work = KEYS[event.key] ?? (tab && (() => show(tab, true)));
  if (!work) return;
  event.preventDefault();
  work();
}

// One step back: out of a field, then what is open, then the form that lies over the list.
function back(target, typing) {
  if (target.type === "search" && target.value !== "") {
    target.value = "";
    target.dispatchEvent(new Event("input"));
  } else if (typing) {
    target.blur();
    if (!document.body.classList.contains("has-send")) focusList();
  } else if (isOpen()) {
    close();
    focusList();
  } else {
    document.body.classList.remove("has-send");
    focusList();
  }
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("pipe-theme", root.dataset.theme);
  } catch {
    // It holds until the page is left.
  }
}
