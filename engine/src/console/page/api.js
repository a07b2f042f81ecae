// Asks the console's server, and listens to it.
import { tell } from "./bus.js";

const AGAIN_MS = 1000;
// A browser has six connections to a server, for all of its tabs: one that nobody looks at gives its own back.
const HIDDEN_MS = 15_000;

let token = document.querySelector('meta[name="pipe-token"]').content;
let source = null;
let timer = null;

// A refusal, or no answer at all.
export class Refusal extends Error {
  constructor(text, hint, status) {
    super(text);
    this.hint = hint ?? null;
    this.status = status ?? null;
  }
}

export async function ask(path, { body } = {}) {
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
    throw new Refusal("`pipe` does not answer", "start it again: this page comes back by itself");
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
  for (const name of ["state", "figures", "event"]) {
    mine.addEventListener(name, (event) => tell(`stream:${name}`, JSON.parse(event.data)));
  }
}

function lost() {
  source?.close();
  source = null;
  tell("lost");
  clearTimeout(timer);
  timer = setTimeout(again, AGAIN_MS);
}

// A server that was started again has another token, which its page says.
async function again() {
  try {
    const page = await (await fetch("/", { cache: "no-store" })).text();
    token = /name="pipe-token" content="([^"]*)"/.exec(page)?.[1] ?? token;
  } catch {
    timer = setTimeout(again, AGAIN_MS);
    return;
  }
  listen();
}

function rest() {
  clearTimeout(timer);
  source?.close();
  source = null;
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
