// Begins: parts of the page, then the server's state, then what it says as it happens.
import { ask, listen } from "./api.js";
import { on, tell } from "./bus.js";
import { find, make, plainly, replace, shown } from "./dom.js";
import * as events from "./events.js";
import * as graph from "./graph.js";
import * as inspector from "./inspector.js";
import * as keys from "./keys.js";
import * as letters from "./letters.js";
import * as lines from "./lines.js";
import * as rows from "./rows.js";
import * as send from "./send.js";
import * as status from "./status.js";
import { moment, plural } from "./text.js";

const link = find("link");
// A console of AWS has another address when it is started again.
const GONE = { local: "`pipe` is gone, waiting for it", AWS: "`pipe console` is gone: start it again, and open the address that it prints" };
let place = "local";

on("live", () => said("live", "live"));
on("lost", () => said("lost", GONE[place]));
on("barred", () => said("lost", "this address has not the right token: open the one that `pipe` printed (`pipe console --local` prints that of `pipe dev` again)"));
on("live", state);
// A page that was too slow has lost something, so its lists are read again, too.
on("stream:state", ({ lost }) => (lost ? tell("live") : state()));
on("stream:figures", ({ missed }) => {
  find("missed").textContent = missed > 0 ? `${plural(missed, "fact")} came too fast to be shown` : "";
});
on("state", header);
on("state", problems);
on("state", plan);

for (const part of [graph, events, status, lines, inspector, letters, rows, send, keys]) part.start();
listen();

function said(name, text) {
  link.dataset.state = name;
  link.textContent = text;
  document.body.classList.toggle("lost", name === "lost");
}

async function state() {
  try {
    const state = await ask("/api/state");
    place = state.where;
    said("live", state.pipeline === null ? "starting" : "live");
    tell("state", state);
    if (state.figures) tell("stream:figures", state.figures);
  } catch (error) {
    // The stream says when the server is gone; this is about a server that answers with an error.
    if (error.status) said("lost", error.message);
  }
}

function header(state) {
  document.title = `${plainly(state.pipeline)} · pipe`;
  replace(find("pipeline"), shown(state.pipeline));
  replace(find("where"), state.where, " · ", shown(state.region), state.read_only && " · read only, but for redrive");
}

function problems({ problems }) {
  find("problems").hidden = problems.length === 0;
  const drawn = problems.map(({ text }) => make("pre", { tabindex: "0" }, shown(text, true)));
  replace(find("problem-texts"), drawn);
}

function plan({ plan }) {
  const box = find("plan-text");
  if (plan === null) return replace(box, make("p", { class: "empty" }, "Nothing was applied yet."));
  const outcome = make("p", { class: "foot" }, shown(plan.outcome), `, ${moment(plan.at)}`);
  replace(box, outcome, make("pre", { tabindex: "0" }, shown(plan.text, true)));
}
