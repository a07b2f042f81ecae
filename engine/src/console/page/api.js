// Asks the console's server, and listens to it.
import { tell } from "./bus.js";

const AGAIN_MS = 1000;
// A browser has six connections to a server, for all of its tabs: one that nobody looks at gives its own back.
const HIDDEN_MS = 15_000;

const KEPT = "pipe-token";

// The address that `pipe` prints has the token, which opens the page. The tab keeps it, and it goes out of the address, which others see.
const given = new URLSearchParams(location.search).get("token");
let token = given ?? kept() ?? "";
if (given !== null) {
  keep();
  history.replaceState(null, "", location.pathname + location.hash);
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, token);
  } catch {
    // It holds until the page is left.
  }
}

let source = null;
let timer = null;
// Whoever has the port may be another by now.
let known = true;

// A refusal, or no answer at all.
export class Refusal extends Error {
  constructor(text, hint, status) {
    super(text);
    this.hint = hint ?? null;
    this.status = status ?? null;
  }
}

const gone = () => new Refusal("`pipe` does not answer", "start it again: this page comes back by itself");

export async function ask(path, { body } = {}) {
  if (!known) throw gone();
  const headers = { "X-Pipe-Token": token };
  const options = { headers, cache: "no-store" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  let answer, text;
  try {
    answer = await fetch(path, options);
    text = await answer.text();
  } catch {
    throw gone();
  }
  const value = parsed(text);
  if (answer.ok && value !== undefined) return value;
  throw new Refusal(value?.error ?? `the server answered ${answer.status}`, value?.hint, answer.status);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Listens until the server goes, and then asks for it until it is there again. Each beginning is told as `live`: what came
// between is not repeated, so whoever keeps a list reads it again.
export function listen() {
  clearTimeout(timer);
  source?.close();
  const mine = new EventSource(`/api/stream?token=${encodeURIComponent(token)}`);
  source = mine;
  mine.onopen = () => tell("live");
  mine.onerror = lost;
  mine.addEventListener("gone", lost);
  for (const name of ["state", "figures", "event", "status", "lines"]) {
    mine.addEventListener(name, (event) => tell(`stream:${name}`, JSON.parse(event.data)));
  }
}

function lost() {
  source?.close();
  source = null;
  known = false;
  tell("lost");
  clearTimeout(timer);
  timer = setTimeout(again, AGAIN_MS);
}

// `pipe dev` has the same token when it is started again for the same spec.
async function again() {
  try {
    if (await isOurs()) {
      known = true;
      listen();
      return;
    }
    tell("barred");
  } catch {
    // Nobody is there yet.
  }
  timer = setTimeout(again, AGAIN_MS);
}

const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");

// Whether whoever answers knows the token, before it is shown to anybody.
async function isOurs() {
  const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
  const { proof } = await (await fetch(`/api/proof?nonce=${nonce}`, { cache: "no-store" })).json();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${nonce}:${token}`));
  return proof === hex(new Uint8Array(digest));
}

function rest() {
  clearTimeout(timer);
  source?.close();
  source = null;
  known = false;
}

let resting = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) resting = setTimeout(rest, HIDDEN_MS);
  else if (source === null) again();
});
// A page that was left may stay in the browser's memory, and would keep its connection.
addEventListener("pagehide", rest);
addEventListener("pageshow", (event) => event.persisted && again());
