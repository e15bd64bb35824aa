// The strip of results: the photo, and a card for each run with its pictures.

import { $, button, lasting, make, put, row, tell } from "./dom.js";
import { busy, mustBeConfirmed, start, state, tellRun } from "./server.js";

const TITLES = { sample: "Variations", retarget: "Reformatted", fill: "Filled", edit: "Edited", harmonize: "Harmonized", paint: "Painted", animate: "Animated", super_resolution: "Enlarged", make_tileable: "Tiled", extend: "Extended" };
const UNSAID = ["seed", "margins", "confirm"]; // options that tell nothing about the picture
const MAX_SHOWN = 16; // pictures of a run

export const title = (run) => TITLES[run.task] || run.task || run.run;

// What a card or a title shows of a run: all but its progress.
export const lookOf = (run) => JSON.stringify({ ...run, share: null, seconds_left: null });

// The pictures of a run to look at; while it trains, the latest of its growing ones.
export function picturesOf(run) {
  const made = run.results.filter((result) => ["result", "film"].includes(result.kind));
  return made.length ? made.slice(0, MAX_SHOWN) : run.results.filter((result) => result.kind === "preview").slice(-1);
}

// When it was started, how long it took, its settings and, if told, what was done for a result, in words.
export function facts(run, result = null) {
  const found = [];
  if (run.started) found.push(new Date(run.started).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  if (run.seconds) found.push(lasting(run.seconds));
  if (run.trains || run.asked.run) found.push(run.trains ? "new model" : "by the model");
  for (const [option, value] of Object.entries(run.asked.options || {})) {
    const name = option.split(".").pop();
    if (value === null || UNSAID.includes(name) || /^[0-9a-f]{16}$/.test(value)) continue;
    found.push(`${name.replace("_", " ")} ${Array.isArray(value) ? `${value[1]} × ${value[0]}` : value}`);
  }
  if (run.task === "retarget" && result?.caption) found.push(result.caption.replace(/^.*?: /, ""));
  return found.join(" · ");
}

// Shows all results; `choose` is called with a run and a picture, or with null for the photo.
export function showStrip(shown, choose) {
  const { runs, small } = state.photo;
  const before = new Map([...$("strip").children].map((one) => [one.dataset.run, one.dataset.state]));
  const photo = () => card("Photo", {}, [picture("", small, "The photo", () => choose(null))]);
  // Progress alone makes no new card, since that would lose the focus.
  put($("strip"), [["", photo], ...runs.map((run) => [lookOf(run), () => runCard(run, choose)])]);
  runs.forEach((run, place) => {
    if (before.has(run.run) && before.get(run.run) !== run.state) tell(`${title(run)}: ${run.state}`);
    showProgress($("strip").children[place + 1], run);
  });
  for (const one of $("strip").querySelectorAll("button[data-url]")) {
    one.setAttribute("aria-pressed", String(one.dataset.url === (shown?.url ?? "")));
  }
}

function card(textContent, properties, pictures) {
  return make("article", properties, make("h3", { textContent }), make("div", { className: "pictures" }, ...pictures));
}

// A button with a picture, or a sign, that shows what has an address.
function picture(url, src, name, onclick) {
  const film = src.includes(".mp4?");
  return make("button", { type: "button", onclick, "data-url": url, ...(film && { "aria-label": name }) }, film ? "▶" : make("img", { src, alt: name, loading: "lazy" }));
}

function runCard(run, choose) {
  const shown = picturesOf(run).map((result, number) => picture(result.url, `${result.url}&small`, `${title(run)} ${number + 1}`, () => choose(run, result)));
  const element = card(title(run), { "data-run": run.run, "data-state": run.state }, shown);
  if (run.state === "running") element.append(make("progress", { max: 1, "aria-label": "Progress" }), make("p", { className: "small" }));
  else element.append(make("p", { className: run.state === "failed" ? "small wrong" : "small", textContent: told(run) }));
  const act = (name) => button(name, () => tellRun(run.run, name.toLowerCase()));
  if (busy(run)) element.append(row(act("Stop")));
  if (run.state === "failed" && mustBeConfirmed(run.error)) {
    element.append(row(button("Go on", () => goOn(run)), act("Delete")));
  } else if (["stopped", "failed"].includes(run.state)) element.append(row(run.trains ? act("Resume") : null, shown.length ? null : act("Delete")));
  return element;
}

// Starts a training again that was refused because its pictures would be very large.
async function goOn(run) {
  const { options, ...rest } = run.asked;
  await start(run.task, { ...options, confirm: "large" }, rest);
  await tellRun(run.run, "delete");
}

function told(run) {
  if (run.state === "waiting") return `Waits for ${run.place === 1 ? "one other training" : `${run.place} other trainings`}`;
  if (run.state === "failed") return (mustBeConfirmed(run.error) ? run.error.problem : run.error?.message) || "Failed";
  if (run.state === "stopped") return run.results.length ? "Stopped" : "Stopped before there was a result";
  return facts(run).split(" · ").slice(0, 3).join(" · ");
}

const seen = new Map(); // when runs that have not told their start were first seen

// How long a run without an estimate has taken, and how long the last of its kind took.
function soFar(run) {
  const last = state.photo.runs.find((one) => one.task === run.task && one.asked.run === run.asked.run && one.seconds && !one.trains);
  if (!seen.has(run.run)) seen.set(run.run, Date.now());
  const spent = (Date.now() - (run.started ? new Date(run.started) : seen.get(run.run))) / 1000;
  return `${lasting(spent)} so far${last && !run.trains ? `; the last took ${lasting(last.seconds)}` : ""}`;
}

function showProgress(card, run) {
  const bar = card.querySelector("progress");
  if (!bar) return;
  const what = run.trains ? "Training" : run.started ? "Drawing" : "Starting";
  const left = run.seconds_left === null ? `${what}, ${soFar(run)}` : `${what}, about ${lasting(run.seconds_left)} left`;
  if (run.seconds_left === null) bar.removeAttribute("value");
  else bar.value = run.share;
  if (bar.nextSibling.textContent !== left) bar.nextSibling.textContent = left;
}
