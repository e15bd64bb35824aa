// The page: a photo on the stage, the tools beside it, its results below. The page stores nothing
// that the server does not have.

import { $, button, complain, loaded, make, random } from "./dom.js";
import { leaveHome, showHome } from "./home.js";
import { Live } from "./live.js";
import { ask, start, state, tellRun } from "./server.js";
import { Stage } from "./stage.js";
import { busy, facts, picturesOf, showStrip, title } from "./strip.js";
import { TOOLS } from "./tools.js";

const stage = new Stage($("stage"));
const live = new Live(stage, panel);
const panels = new Map(); // keeps what was drawn and typed in other tools
let tool = "variations";
let shown = null; // { run, file, url } of the result on the stage; null for the photo
let followed = null; // the newest run that was started, whose result is shown when it comes
let known = new Set(); // runs that the page has seen
let about = null; // what is told about the picture on the stage
let timer = null;

// ---- Tools

function showTools() {
  $("tools").replaceChildren(...Object.entries(TOOLS).map(([name, { title: text }]) => {
    const tab = make("button", { id: `tab-${name}`, type: "button", textContent: text, role: "tab" });
    tab.setAttribute("aria-controls", "panel");
    tab.setAttribute("aria-selected", String(name === tool));
    tab.tabIndex = name === tool ? 0 : -1;
    tab.addEventListener("click", () => choose(name));
    return tab;
  }));
}

function choose(name) {
  tool = name;
  showTools();
  showPanel();
  if (panel().overlay || live.isOn) {
    followed = null; // no result takes the stage from what is drawn there
    showOnStage(null);
  }
  live.change();
  $(`tab-${name}`).focus();
}

$("tools").addEventListener("keydown", (event) => {
  const names = Object.keys(TOOLS);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.stopPropagation();
  choose(names[(names.indexOf(tool) + step + names.length) % names.length]);
});

// Made only once for a photo, so that no input is lost.
function panel() {
  const key = `${state.photo.photo} ${tool}`;
  if (!panels.has(key)) panels.set(key, TOOLS[tool].show());
  return panels.get(key);
}

function showPanel() {
  complain("");
  $("panel").setAttribute("aria-labelledby", `tab-${tool}`);
  $("panel").replaceChildren(...panel().settings);
  renew();
  showOverlay();
}

// Brings up to date what follows the photo's runs.
function renew() {
  for (const part of $("panel").querySelectorAll("[data-follows]")) part.renew();
}

function showOverlay() {
  const here = shown ? {} : panel();
  stage.overlay(here.overlay || null);
  const room = here.room || 0;
  if (stage.room !== room) stage.fit(room);
}

// Letting go of the mouse, or of a slider, on the stage or in the settings, is asking for a preview.
for (const name of ["change", "done"]) {
  for (const part of [$("panel"), stage.element]) part.addEventListener(name, ({ target }) => {
    if (target === stage.line || target.closest("[data-plain]") || !live.isOn) return;
    followed = null; // a result that is still being made does not take the stage
    if (shown) showOnStage(null);
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

async function showOnStage(run, result = null) {
  const wanted = run && { run: run.run, file: result.file, url: result.url };
  shown = wanted;
  live.clear();
  stage.overlay(null);
  const options = (run && run.asked.options) || {};
  const tiles = { both: [2, 2], true: [2, 2], x: [1, 2], y: [2, 1] }[options["sample.tileable"] || (run && run.task === "make_tileable" && (options["make_tileable.axes"] || "both"))];
  const margins = options["extend.margins"];
  await stage.show(run ? {
    url: result.url,
    alt: title(run),
    before: tiles ? null : state.photo,
    repeats: tiles,
    at: margins ? [margins[3], margins[0]] : null,
  } : { url: state.photo.url, alt: state.photo.name, photo: state.photo });
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
  const key = JSON.stringify([run && { ...run, share: null, seconds_left: null }, result]);
  if (about === key) return; // so that no button loses the focus
  about = key;
  const [down, across] = stage.repeats;
  const [width, height] = [stage.size[0] / across, stage.size[1] / down];
  const name = run ? title(run) : state.photo.name;
  $("about").replaceChildren(
    make("strong", { textContent: name }),
    make("span", { textContent: `${width} × ${height} pixels${down * across > 1 ? ", repeated" : ""}` }),
    run ? make("span", { className: "small", textContent: facts(run) }) : "",
  );
  $("actions").replaceChildren(...(run ? actions(run, result) : []));
  $("details").hidden = !run;
  $("command").textContent = (run && run.command) || "";
  $("python").textContent = (run && run.python) || "";
  $("report").hidden = !run || !run.page;
  $("report").href = (run && run.page) || "#";
}

// A name for the file of a result, such as "sunset filled 2".
function called(run, result) {
  const words = title(run).toLowerCase().replaceAll(",", "");
  const number = picturesOf(run).findIndex((one) => one.file === result.file);
  return `${state.photo.name.replace(/\.\w+$/, "")} ${words}${number > 0 ? ` ${number + 1}` : ""}`;
}

function actions(run, result) {
  const mask = run.results.find((one) => one.kind === "mask");
  const options = run.asked.options || {};
  const still = !/\.(mp4|webp|gif)\?/.test(result.url);
  const name = called(run, result);
  return [
    run.trains ? "" : button("Again, different", () => start(run.task, { ...options, seed: random() }, { run: run.asked.run })),
    mask ? button("Show what changed", async () => stage.jump(await boxOf(mask))) : "",
    still ? button("Use as photo", async () => {
      const made = await tellRun(run.run, "photo", { file: result.file, title: name });
      location.hash = made.photo;
    }) : "",
    make("a", { className: "button", href: result.url, download: `${name}.${result.file.split(".").pop()}`, textContent: still ? "PNG" : "Save", id: "save" }),
    still ? make("a", { className: "button", href: `${result.url}&format=jpg`, download: `${name}.jpg`, textContent: "JPEG" }) : "",
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

// The box of what is white in a mask, in the pixels of the picture on the stage.
async function boxOf(mask) {
  const image = await loaded(`${mask.url}&small`);
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const pen = make("canvas", { width, height }).getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)] < 32) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
  }
  const factor = stage.size[0] / width;
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)].map((value) => value * factor);
}

$("show-keys").addEventListener("click", () => $("keys").showModal());
$("fit").addEventListener("click", () => stage.fit());
$("actual").addEventListener("click", () => stage.actual());
stage.element.addEventListener("placed", () => ($("zoom").textContent = `${Math.round(stage.scale * devicePixelRatio * 100)} %`));

// ---- A photo

async function showPhoto(id) {
  leaveHome();
  state.photo = await ask(`/photos/${id}`);
  live.forget();
  shown = followed = null;
  known = new Set(state.photo.runs.map((run) => run.run));
  $("home").hidden = true;
  $("work").hidden = false;
  $("what").hidden = true;
  document.title = `${state.photo.name} · internal-gan`;
  $("photo-name").textContent = state.photo.name;
  $("strip").replaceChildren();
  showTools();
  showPanel();
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
    if (!state.photo || state.photo.photo !== id) return;
    state.photo = found;
    renew();
    showStrip(shown, pick);
    await showNews();
  } catch (error) {
    complain(error.message);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, state.photo && state.photo.runs.some(busy) ? 700 : 3000);
}

// Shows the first result of the newest run, and what grows on the stage.
async function showNews() {
  const unseen = state.photo.runs.filter((run) => !known.has(run.run));
  for (const run of unseen) known.add(run.run);
  if (unseen.length) followed = unseen[0].run;
  const run = state.photo.runs.find((one) => one.run === (followed || (shown && shown.run)));
  if (!run) return;
  const pictures = picturesOf(run);
  const same = shown && shown.run === run.run ? pictures.find((one) => one.file === shown.file) : null;
  const result = same || pictures[0];
  if (result && (!shown || shown.url !== result.url)) await showOnStage(run, result);
  if (shown && shown.run === run.run) {
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
  d: () => $("save") && $("save").click(),
  Delete: () => shown && remove(state.photo.runs.find((run) => run.run === shown.run)).catch((error) => complain(error.message)),
  "?": () => $("keys").showModal(),
};

function step(by) {
  const buttons = [...$("strip").querySelectorAll("button[data-url]")];
  const at = buttons.findIndex((one) => one.dataset.url === (shown ? shown.url : ""));
  const next = buttons[at + by];
  if (!next) return;
  next.click();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (state.photo && (event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest("input, select")) {
    event.preventDefault();
    live.undo();
  }
  if (!state.photo || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
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
    await (id ? showPhoto(id) : showHome());
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
