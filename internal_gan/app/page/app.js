// The page: a photo on the stage, the tools beside it, its results below. The page stores nothing
// that the server does not have.

import { $, boxOf, button, complain, loaded, make, random, wrong } from "./dom.js";
import { open, refreshHome } from "./home.js";
import { isLive, Live } from "./live.js";
import { ask, busy, start, state, tellRun } from "./server.js";
import { Stage } from "./stage.js";
import { facts, lookOf, picturesOf, showStrip, title } from "./strip.js";
import { TOOLS } from "./tools.js";

const stage = new Stage($("stage"));
const live = new Live(stage, panel);
const panels = new Map(); // keeps what was drawn and typed in other tools
let tool = "Variations";
let shown = null; // { run, file, url } of the result on the stage; null for the photo
let followed = null; // the newest run that was started, whose result is shown when it comes
let known = new Set(); // runs that the page has seen
let about = null; // what is told about the picture on the stage
let timer = null;

// ---- Tools

const NAMES = Object.keys(TOOLS);
const tabOf = (name) => `tab-${NAMES.indexOf(name)}`;

// Shows the tabs, and the panel of one.
function showTool() {
  $("tools").replaceChildren(...NAMES.map((name) => make("button", {
    id: tabOf(name), type: "button", textContent: name, role: "tab", tabIndex: name === tool ? 0 : -1,
    "aria-controls": "panel", "aria-selected": String(name === tool), onclick: () => choose(name),
  })));
  complain("");
  $("panel").setAttribute("aria-labelledby", tabOf(tool));
  $("panel").replaceChildren(...panel().settings);
  $("plans").replaceChildren(panel().plans?.element ?? "");
  renew();
  showOverlay();
}

function choose(name) {
  tool = name;
  showTool();
  if (panel().overlay || isLive(panel())) {
    followed = null; // no result takes the stage from what is drawn there
    showOnStage(null);
  }
  live.change();
  $(tabOf(name)).focus();
}

$("tools").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.stopPropagation();
  choose(NAMES.at((NAMES.indexOf(tool) + step) % NAMES.length));
});

// Made only once for a photo, so that no input is lost.
function panel() {
  const key = `${state.photo.photo} ${tool}`;
  if (!panels.has(key)) panels.set(key, TOOLS[tool]());
  return panels.get(key);
}

// Brings up to date what follows the photo's runs.
function renew() {
  for (const part of $("panel").querySelectorAll("*")) part.renew?.();
}

function showOverlay() {
  const { overlay = null, room = 0 } = shown ? {} : panel();
  stage.overlay(overlay);
  if (stage.room !== room) stage.fit(room);
}

// Letting go of the mouse, or of a slider, on the stage or in the settings, is asking for a preview.
for (const name of ["change", "done"]) {
  for (const part of [$("panel"), $("plans"), stage.element]) part.addEventListener(name, ({ target }) => {
    if (target === stage.line || target.closest("[data-plain]") || !isLive(panel())) return;
    followed = null; // a result that is still being made does not take the stage
    if (shown) showOnStage(null);
    const typed = target.matches("#panel [type=number], #panel select") && stage.element.querySelector(".frame:not([hidden])");
    if (typed) stage.follow(typed, typed);
    live.change();
  });
}
$("panel").addEventListener("another", another);

function another() {
  if (shown) showOnStage(null);
  live.another();
}

for (const name of ["change", "slow"]) $("at-once").addEventListener(name, renew);

// ---- The stage

// How often a picture that tiles is shown, [down, across].
function repeatsOf({ task, asked: { options } }) {
  const axes = options?.["sample.tileable"] || (task === "make_tileable" && (options?.["make_tileable.axes"] || "both"));
  return { both: [2, 2], true: [2, 2], x: [1, 2], y: [2, 1] }[axes];
}

async function showOnStage(run, result = null) {
  const wanted = run && { run: run.run, file: result.file, url: result.url };
  shown = wanted;
  live.clear();
  stage.overlay(null);
  const { photo } = state;
  const repeats = run ? repeatsOf(run) : undefined;
  const margins = run?.asked.options?.["extend.margins"];
  await stage.show(run ? {
    url: result.url, alt: title(run), before: repeats ? null : photo, repeats, at: margins ? [margins[3], margins[0]] : null,
  } : { url: photo.url, alt: photo.name, photo });
  if (shown !== wanted) return; // something else was chosen meanwhile
  showOverlay();
  showAbout(run, result);
  showStrip(shown, pick);
}

function pick(run, result) {
  followed = null;
  showOnStage(run, result);
}

// What is on the stage, and what can be done with it.
function showAbout(run, result) {
  const key = JSON.stringify([run && lookOf(run), result]);
  if (about === key) return; // so that no button loses the focus
  about = key;
  const [down, across] = stage.repeats;
  const [width, height] = [stage.size[0] / across, stage.size[1] / down];
  $("about").replaceChildren(
    make("strong", { textContent: run ? title(run) : state.photo.name }),
    make("span", { textContent: `${width} × ${height} pixels${down * across > 1 ? ", repeated" : ""}` }),
    run ? make("span", { className: "small", textContent: facts(run, result) }) : "",
  );
  $("actions").replaceChildren(...(run ? actions(run, result) : []));
  $("details").hidden = !run;
  $("command").textContent = run?.command ?? "";
  $("python").textContent = run?.python ?? "";
  Object.assign($("report"), { hidden: !run?.page, href: run?.page ?? "#" });
}

// A name for the file of a result, such as "sunset filled 2".
function called(run, result) {
  const words = title(run).toLowerCase().replaceAll(",", "");
  const number = picturesOf(run).findIndex((one) => one.file === result.file);
  return `${state.photo.name.replace(/\.\w+$/, "")} ${words}${number > 0 ? ` ${number + 1}` : ""}`;
}

function actions(run, result) {
  const mask = run.results.find((one) => one.kind === "mask");
  const still = !/\.(mp4|webp|gif)\?/.test(result.url);
  const name = called(run, result);
  const link = (textContent, suffix, more) => make("a", { className: "button", href: result.url, download: `${name}.${suffix}`, textContent, ...more });
  return [
    run.trains ? "" : button("Again, different", () => start(run.task, { ...run.asked.options, seed: random() }, { run: run.asked.run })),
    mask ? button("Show what changed", async () => {
      const image = await loaded(`${mask.url}&small`);
      stage.jump(boxOf(image, 0, 32).map((value) => (value * stage.size[0]) / image.width));
    }) : "",
    still ? button("Use as photo", async () => {
      location.hash = (await tellRun(run.run, "photo", { file: result.file, title: name })).photo;
    }) : "",
    link(still ? "PNG" : "Save", result.file.split(".").pop(), { id: "save" }),
    still ? link("JPEG", "jpg", { href: `${result.url}&format=jpg` }) : "",
    busy(run) ? "" : button("Delete", () => remove(run)),
  ];
}

async function remove(run) {
  const count = picturesOf(run).length;
  const model = run.can.length ? ", with its trained model" : "";
  if (!window.confirm(`Delete ${count === 1 ? "this result" : `these ${count} results`}${model}?`)) return;
  await tellRun(run.run, "delete");
  await showOnStage(null);
  await refresh();
}

$("show-keys").addEventListener("click", () => $("keys").showModal());
$("fit").addEventListener("click", () => stage.fit());
$("actual").addEventListener("click", () => stage.actual());
stage.element.addEventListener("placed", () => ($("zoom").textContent = `${Math.round(stage.scale * devicePixelRatio * 100)} %`));

// ---- A photo

async function showPhoto(id) {
  open(await ask(`/photos/${id}`));
  live.forget();
  shown = followed = null;
  known = new Set(state.photo.runs.map((run) => run.run));
  $("strip").replaceChildren();
  showTool();
  await showOnStage(null);
  stage.fit();
  live.change();
  await refresh();
}

async function refresh() {
  clearTimeout(timer);
  if (!state.photo) return;
  const id = state.photo.photo;
  try {
    const found = await ask(`/photos/${id}`);
    if (state.photo?.photo !== id) return;
    state.photo = found;
    renew();
    showStrip(shown, pick);
    await showNews();
  } catch (error) {
    wrong(error);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, state.photo?.runs.some(busy) ? 700 : 3000);
}

// Shows the first result of the newest run, and what grows on the stage.
async function showNews() {
  const unseen = state.photo.runs.filter((run) => !known.has(run.run));
  for (const run of unseen) known.add(run.run);
  if (unseen.length) followed = unseen[0].run;
  const run = state.photo.runs.find((one) => one.run === (followed || shown?.run));
  if (!run) return;
  const pictures = picturesOf(run);
  const result = (shown?.run === run.run && pictures.find((one) => one.file === shown.file)) || pictures[0];
  if (result && shown?.url !== result.url) await showOnStage(run, result);
  if (shown?.run === run.run) {
    showAbout(run, result);
    if (followed === run.run && !busy(run)) followed = null;
  }
}

// ---- Keys

const KEYS = {
  f: () => stage.fit(),
  1: () => stage.actual(),
  "+": () => stage.zoom(1.25),
  "-": () => stage.zoom(0.8),
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  r: another,
  Escape: () => live.clear(),
  d: () => $("save")?.click(),
  Delete: () => shown && remove(state.photo.runs.find((run) => run.run === shown.run)).catch(wrong),
  "?": () => $("keys").showModal(),
};

function step(by) {
  const buttons = [...$("strip").querySelectorAll("button[data-url]")];
  const next = buttons[buttons.findIndex((one) => one.dataset.url === (shown?.url ?? "")) + by];
  next?.click();
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const control = event.ctrlKey || event.metaKey;
  if (state.photo && control && event.key === "z" && !event.target.closest("input, select")) {
    event.preventDefault();
    live.undo();
  }
  if (!state.photo || control || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, canvas, summary")) return;
  if (event.key === " " && !event.target.closest("button, a")) {
    event.preventDefault();
    $("stage").classList.add("before");
  } else if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
});
document.addEventListener("keyup", (event) => {
  if (event.key === " ") $("stage").classList.remove("before");
});

async function route() {
  clearTimeout(timer);
  const id = location.hash.slice(1);
  try {
    if (!id) open(null);
    await (id ? showPhoto(id) : refreshHome());
  } catch (error) {
    location.hash = "";
    $("home-message").textContent = error.message;
  }
}

document.addEventListener("click", (event) => {
  // Buttons start and stop runs; the strip shows it at once.
  if (state.photo && event.target.closest("#panel button, #strip button, #actions button")) setTimeout(refresh, 150);
});
addEventListener("hashchange", route);
route();
