"use strict";
// The page stores nothing that the server does not have.

const $ = (id) => document.getElementById(id);
const HEADERS = { "X-Internal-Gan": "1" };
let photo = null; // what /photos/ID says about the open photo
let chosen = "variations";
let timer = null;

// ---- Small helpers

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: HEADERS });
  } catch {
    throw new Error("The server does not answer. Is internal-gan app still running?");
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.error || `The server answered with status ${answer.status}.`);
  return found;
}

function field(text, input) {
  return make("label", {}, `${text} `, input);
}

function number(value, properties = {}) {
  return make("input", { type: "number", value, ...properties });
}

function choice(options, value) {
  const select = make("select");
  for (const [name, text] of options) select.append(make("option", { value: name, textContent: text }));
  select.value = value;
  return select;
}

function minutes(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// A button that is disabled while its work is done, and that shows errors.
function button(text, work, main = false) {
  const element = make("button", { type: "button", textContent: text, className: main ? "main" : "" });
  element.addEventListener("click", async () => {
    $("message").textContent = "";
    element.disabled = true;
    element.textContent = "Working…";
    try {
      await work();
    } catch (error) {
      $("message").textContent = error.message;
    }
    element.disabled = false;
    element.textContent = text;
    await refresh();
  });
  return element;
}

// ---- Starting runs

function start(task, options, run = null, id = photo.photo, model = null) {
  const body = JSON.stringify({ task, options, run, model });
  return ask(`/photos/${id}/runs`, { method: "POST", body });
}

async function upload(blob, kind) {
  const path = `/photos/${photo.photo}/drawings?kind=${kind}`;
  return (await ask(path, { method: "POST", body: blob })).drawing;
}

// The newest trained model that can do a task.
function model(task) {
  const found = modelsFor(task).find((run) => run.state === "finished");
  return found ? found.run : null;
}

function trainingFor(task) {
  return modelsFor(task).find((run) => ["running", "waiting"].includes(run.state));
}

function modelsFor(task) {
  return photo.runs.filter((run) => run.can.includes(task));
}

// Shown instead of a task's controls until there is a model.
function untrained(task, more = []) {
  if (trainingFor(task)) return [make("p", { textContent: "The model is being trained. The picture below improves as it goes." })];
  const families = photo.models[task];
  const which = choice(families.map((one, n) => [n, one.title]), 0);
  const how = choice([["", ""], ["preview", "roughly, about 20 s"]], "");
  const family = () => families[Number(which.value)];
  const tell = () => (how.options[0].textContent = `in full quality, ${family().time}`);
  which.addEventListener("change", tell);
  tell();
  const train = () => start(family().task, { trainer: how.value || null }, null, photo.photo, family().name);
  return [
    ...more,
    make("p", { textContent: "This needs a model of the photo. Training it once is enough." }),
    make("div", { className: "row" }, families.length > 1 ? field("Model", which) : null, field("Train", how), button("Train", train, true)),
  ];
}

function brushes(board) {
  const width = make("input", { type: "range", min: 4, max: 120, value: board.width });
  width.addEventListener("input", () => (board.width = Number(width.value)));
  const erase = make("input", { type: "checkbox" });
  erase.addEventListener("change", () => (board.erases = erase.checked));
  return make("div", { className: "row" }, field("Brush", width), field("Erase", erase),
    make("button", { type: "button", textContent: "Undo", onclick: () => board.undo() }),
    make("button", { type: "button", textContent: "Clear", onclick: () => board.clear() }));
}

const HELP_DRAWING = "With the keyboard: the arrow keys move the cursor, the space bar draws.";

const TABS = {
  variations: ["Variations", () => {
    const count = number(3, { min: 1, max: 16 });
    const freedom = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.3 });
    const look = make("div", {}, make("p", { textContent: "A first look, without training:" }),
      make("div", { className: "row" }, field("How many", count), field("Freedom of the layout", freedom),
        button("First look", () => start("preview", { "preview.count": Number(count.value), "preview.freedom": Number(freedom.value), "preview.seed": random() }))));
    const run = model("sample");
    if (!run) return untrained("sample", [look]);
    const [height, width] = photo.size;
    const rows = number("", { min: 16, max: 8192, placeholder: height });
    const columns = number("", { min: 16, max: 8192, placeholder: width });
    const stages = photo.runs.find((one) => one.run === run).stages || 1;
    const freedoms = [["0", "nothing"], ["1", "the layout"], ["2", "everything except the detail"]];
    const keep = choice(freedoms.slice(0, stages), "0");
    const tiles = choice([["false", "no"], ["true", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]], "false");
    return [
      make("div", { className: "row" }, field("How many", count), field("Height", rows), field("Width", columns)),
      make("div", { className: "row" }, field("Keep from the photo", keep), field("Repeats without a seam", tiles)),
      make("div", { className: "row" }, button("Draw", () => start("sample", {
        "sample.count": Number(count.value),
        "sample.size": sizeOf(rows.value, columns.value),
        "sample.start_scale": Number(keep.value),
        "sample.tileable": tiles.value === "false" ? false : tiles.value === "true" ? true : tiles.value,
        "sample.seed": random(),
      }, run), true)),
    ];
  }],

  retarget: ["Retarget", () => {
    const run = model("retarget");
    if (!run) return untrained("retarget");
    const [height, width] = photo.size;
    const shown = Math.min(1, 360 / Math.max(height, width));
    const frame = make("div", { className: "frame" });
    frame.style.backgroundImage = `url("${photo.url}")`;
    const corner = make("button", { type: "button", "aria-label": "Drag to the new shape, or use the arrow keys" });
    const size = make("output");
    const rows = number(height, { min: 16, max: 8192 });
    const columns = number(width, { min: 16, max: 8192 });
    const most = Math.min(1, 2048 / Math.max(height, width));
    rows.value = Math.round(height * most);
    columns.value = Math.round(width * most);
    const apply = () => {
      frame.style.height = `${(rows.value / most) * shown}px`;
      frame.style.width = `${(columns.value / most) * shown}px`;
      size.textContent = `${columns.value} × ${rows.value} pixels`;
    };
    const set = (h, w) => {
      rows.value = Math.min(8192, Math.max(16, Math.round(h)));
      columns.value = Math.min(8192, Math.max(16, Math.round(w)));
      apply();
    };
    corner.addEventListener("pointerdown", (event) => corner.setPointerCapture(event.pointerId));
    corner.addEventListener("pointermove", (event) => {
      if (!corner.hasPointerCapture(event.pointerId)) return;
      const box = frame.getBoundingClientRect();
      set(((event.clientY - box.top) / shown) * most, ((event.clientX - box.left) / shown) * most);
    });
    corner.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [1, 0.95], ArrowRight: [1, 1.05], ArrowUp: [0.95, 1], ArrowDown: [1.05, 1] };
      if (!(event.key in moves)) return;
      event.preventDefault();
      set(rows.value * moves[event.key][0], columns.value * moves[event.key][1]);
    });
    frame.append(corner);
    for (const input of [rows, columns]) input.addEventListener("change", apply);
    const formats = choice([["", "custom"], ["1:1", "1:1"], ["4:5", "4:5"], ["16:9", "16:9"], ["9:16", "9:16"]], "");
    formats.addEventListener("change", () => {
      if (!formats.value) return;
      const [w, h] = formats.value.split(":").map(Number);
      const area = height * width * most * most;
      set(Math.sqrt((area * h) / w), Math.sqrt((area * w) / h));
    });
    apply();
    const board = new Board(photo.url, "mask", `Mark what must keep its shape. ${HELP_DRAWING}`);
    return [
      make("div", { className: "row" }, field("Format", formats), field("Height", rows), field("Width", columns), size),
      frame,
      make("details", {}, make("summary", { textContent: "Protect parts: brush over what must keep its shape" }), board.element, brushes(board)),
      make("div", { className: "row" }, button("Retarget", async () => start("retarget", {
        "retarget.shape": [Number(rows.value), Number(columns.value)],
        "retarget.protect": board.isEmpty ? null : await upload(await board.drawn(), "mask"),
      }, run), true)),
    ];
  }],

  extend: ["Extend", () => {
    const sides = ["Top", "Right", "Bottom", "Left"].map((name) => [name, number(name === "Right" || name === "Left" ? 10 : 0, { min: 0, max: 200 })]);
    const formats = choice([["", "by margins"], ["1:1", "1:1"], ["4:5", "4:5"], ["3:2", "3:2"], ["16:9", "16:9"], ["21:9", "21:9"], ["9:16", "9:16"]], "");
    const anchor = choice([["centre", "in the middle"], ["top", "at the top"], ["bottom", "at the bottom"], ["left", "at the left"], ["right", "at the right"]], "centre");
    const margins = make("div", { className: "row" }, ...sides.map(([name, input]) => field(`${name} %`, input)));
    const place = make("div", { className: "row", hidden: true }, field("The photo is", anchor));
    formats.addEventListener("change", () => {
      margins.hidden = formats.value !== "";
      place.hidden = formats.value === "";
    });
    return [
      make("p", { textContent: "Adds canvas around the photo and fills it with the photo's own patches, in seconds. Every pixel of the photo is kept." }),
      make("div", { className: "row" }, field("Format", formats)), margins, place,
      make("div", { className: "row" }, button("Extend", () => {
        const [height, width] = photo.size;
        const pixels = sides.map(([, input], side) => Math.round((input.value / 100) * (side % 2 ? width : height)));
        const wanted = formats.value ? { "extend.shape": formats.value, "extend.anchor": anchor.value } : { "extend.margins": pixels };
        return start("extend", wanted);
      }, true)),
    ];
  }],

  remove: ["Remove", () => {
    const board = new Board(photo.url, "mask", `Mark what should go. ${HELP_DRAWING}`);
    const lines = new Board(photo.url, "mask", `Draw lines inside the marked area. ${HELP_DRAWING}`);
    lines.width = 4;
    const hole = async () => {
      if (board.isEmpty) throw new Error("First brush over what should go.");
      return upload(await board.drawn(), "mask");
    };
    return [
      make("p", { textContent: "Brush over what should go. First look fills it in seconds, without training. Remove trains a model on the rest of the photo, which takes one to two minutes." }),
      board.element, brushes(board),
      make("details", {}, make("summary", { textContent: "Draw the lines that should continue inside" }), lines.element, brushes(lines)),
      make("div", { className: "row" }, button("First look", async () => {
        await start("fill", { "mask.file": await hole() });
      }), button("Remove", async () => {
        await start("inpaint", {
          "mask.file": await hole(),
          "inpaint.edges": lines.isEmpty ? null : await upload(await lines.drawn(), "mask"),
        });
      }, true)),
    ];
  }],

  edit: ["Edit and paint", () => {
    const run = model("edit");
    if (!run) return untrained("edit");
    const board = new Board(photo.url, "paint", `Paint on the photo. ${HELP_DRAWING}`);
    const colour = make("input", { type: "color", value: board.colour });
    colour.addEventListener("input", () => (board.colour = colour.value));
    const file = make("input", { type: "file", accept: "image/*" });
    const scale = make("input", { type: "range", min: 0.1, max: 3, step: 0.05, value: 1 });
    const moves = make("input", { type: "checkbox" });
    moves.addEventListener("change", () => (board.pasting = moves.checked));
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      await board.paste(URL.createObjectURL(file.files[0]));
      board.pasting = moves.checked = true;
    });
    scale.addEventListener("input", () => board.resizePasted(Number(scale.value)));
    const how = choice([["edit", "blend my changes into the photo"], ["harmonize", "give my changes the photo's light and texture"], ["paint", "turn the whole painting into a photo"]], "edit");
    return [
      board.element, brushes(board),
      make("div", { className: "row" }, field("Colour", colour), field("Paste a picture", file), field("Size of the picture", scale), field("Drag the picture", moves)),
      make("div", { className: "row" }, field("Then", how), button("Go", async () => {
        if (board.isEmpty) throw new Error("Paint or paste something first.");
        const drawn = await board.drawn();
        const options = { [`${how.value}.image`]: await upload(drawn, "paint") };
        if (how.value !== "paint") options[`${how.value}.mask`] = await upload(drawn, "mask");
        await start(how.value, options, run);
      }, true)),
    ];
  }],

  animate: ["Animate", () => {
    const run = model("animate");
    if (!run) return untrained("animate");
    const seconds = number(4, { min: 1, max: 30 });
    const loop = make("input", { type: "checkbox", checked: true });
    const format = choice([["webp", "WebP"], ["gif", "GIF"], ["mp4", "MP4"]], "webp");
    return [
      make("div", { className: "row" }, field("Seconds", seconds), field("Loop", loop), field("Format", format)),
      make("div", { className: "row" }, button("Animate", () => start("animate", {
        "animate.seconds": Number(seconds.value), "animate.loop": loop.checked, "animate.format": format.value, "animate.seed": random(),
      }, run), true)),
    ];
  }],

  enlarge: ["Enlarge", () => {
    const factor = number(2, { min: 1.1, max: 8, step: 0.1 });
    return [
      make("p", { textContent: "For small photos. This trains a model of the photo's detail first, which takes minutes." }),
      make("div", { className: "row" }, field("Factor", factor), button("Enlarge", () => start("super_resolution", { "super_resolution.factor": Number(factor.value) }), true)),
    ];
  }],

  tile: ["Tile", () => {
    const axes = choice([["both", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]], "both");
    return [
      make("p", { textContent: "Changes the photo only along its borders, so that copies of it meet without a seam." }),
      make("div", { className: "row" }, field("Repeats", axes), button("Make it tile", () => start("make_tileable", { "make_tileable.axes": axes.value, "make_tileable.seed": random() }), true)),
    ];
  }],
};

// A side left empty follows from the other by the photo's aspect ratio.
function sizeOf(rows, columns) {
  if (!rows && !columns) return null;
  const [height, width] = photo.size;
  return [Number(rows) || Math.round((columns * height) / width), Number(columns) || Math.round((rows * width) / height)];
}

function random() {
  return Math.floor(Math.random() * 2 ** 31);
}

// ---- Tabs

function showTabs() {
  const list = $("tabs");
  list.replaceChildren(...Object.entries(TABS).map(([name, [title]]) => {
    const tab = make("button", { id: `tab-${name}`, type: "button", textContent: title, role: "tab" });
    tab.setAttribute("aria-controls", "panel");
    tab.setAttribute("aria-selected", String(name === chosen));
    tab.tabIndex = name === chosen ? 0 : -1;
    tab.addEventListener("click", () => choose(name));
    return tab;
  }));
}

function choose(name) {
  chosen = name;
  showTabs();
  showPanel();
  $(`tab-${name}`).focus();
}

$("tabs").addEventListener("keydown", (event) => {
  const names = Object.keys(TABS);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) choose(names[(names.indexOf(chosen) + step + names.length) % names.length]);
});

function showPanel() {
  $("message").textContent = "";
  $("panel").setAttribute("aria-labelledby", `tab-${chosen}`);
  const state = panelState();
  if (!panels.has(state)) panels.set(state, make("div", {}, ...TABS[chosen][1]()));
  $("panel").replaceChildren(panels.get(state));
  $("panel").dataset.state = state;
}
// Keeps what was drawn and typed on other tabs.
const panels = new Map();

// The controls are rebuilt only when they change, so that no input is lost.
const NEEDS = { variations: "sample", retarget: "retarget", edit: "edit", animate: "animate" };
function panelState() {
  const task = NEEDS[chosen];
  if (!task) return JSON.stringify([photo.photo, chosen]);
  return JSON.stringify([photo.photo, chosen, model(task), !model(task) && Boolean(trainingFor(task))]);
}

// ---- Results

const TASKS = { preview: "A first look", sample: "Variations", retarget: "Retargeted", inpaint: "Removed", fill: "Removed, a first look", edit: "Edited", harmonize: "Harmonized", paint: "Painted", animate: "Animated", super_resolution: "Enlarged", make_tileable: "Tiled", extend: "Extended" };

function showResults() {
  const before = new Map([...$("results").children].map((card) => [card.dataset.run, card]));
  const wanted = photo.runs.map((run) => {
    // Progress alone makes no new card, since that would lose the focus.
    const text = JSON.stringify({ ...run, share: null, seconds_left: null });
    const old = before.get(run.run);
    const same = old && old.dataset.text === text ? old : card(run, text);
    showProgress(same, run);
    if (old && old.dataset.state !== run.state) tell(`${title(run)}: ${run.state}`);
    return same;
  });
  put($("results"), wanted.length ? wanted : [make("p", { textContent: "None yet." })]);
}

// Makes these the children of an element, without touching those already in place.
function put(list, wanted) {
  wanted.forEach((element, place) => {
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] || null);
  });
  while (list.children.length > wanted.length) list.lastChild.remove();
}

// For screen readers.
function tell(text) {
  $("said").textContent = text;
}

function title(run) {
  return run.trains ? `${TASKS[run.task] || run.task}, with a new model` : TASKS[run.task] || run.task || run.run;
}

function showProgress(card, run) {
  const bar = card.querySelector("progress");
  if (!bar) return;
  const left = run.seconds_left === null ? "Starting…" : `About ${minutes(run.seconds_left)} left`;
  bar.value = run.share;
  if (bar.nextSibling.textContent !== left) bar.nextSibling.textContent = left;
}

function card(run, text) {
  const element = make("article", { className: "run" });
  element.dataset.run = run.run;
  element.dataset.state = run.state;
  element.dataset.text = text;
  element.append(make("h3", { textContent: title(run) }));
  if (run.state === "waiting") element.append(make("p", { textContent: `Waiting, with ${run.place} before it in the queue.` }));
  if (run.state === "running") {
    if (run.trains) element.append(make("progress", { max: 1, "aria-label": "Training" }), make("p"));
    else element.append(make("p", { textContent: "Working…" }));
  }
  if (run.state === "stopped" && !run.results.length) element.append(make("p", { textContent: "Stopped before there was a result." }));
  if (run.error && run.state !== "finished") element.append(make("p", { className: "message", textContent: run.error }));
  const row = make("div", { className: "row" });
  const act = (name) => ask(`/runs/${run.run}/${name}`, { method: "POST" });
  if (["running", "waiting"].includes(run.state)) row.append(button("Stop", () => act("stop")));
  if (["stopped", "failed"].includes(run.state) && run.trains) row.append(button("Resume", () => act("resume")));
  if (run.page) row.append(make("a", { href: run.page, target: "_blank", textContent: "Report" }));
  const kinds = ["result", "film"];
  const shown = run.results.filter((result) => kinds.includes(result.kind));
  const growing = run.results.filter((result) => result.kind === "preview").slice(-1);
  element.append(pictures(run, shown.length ? shown : growing));
  if (row.childElementCount) element.append(row);
  return element;
}

function pictures(run, results) {
  const grid = make("div", { className: "pictures" });
  for (const result of results) {
    if (result.url.includes(".mp4?")) {
      grid.append(make("video", { src: result.url, controls: true, loop: true, muted: true }));
      continue;
    }
    const open = make("button", { type: "button" }, make("img", { src: result.url, alt: result.caption || `${TASKS[run.task] || "Result"}`, loading: "lazy" }));
    open.addEventListener("click", () => view(run, result));
    grid.append(open);
  }
  return grid;
}

// ---- A result at 100 %

function view(run, result) {
  $("over").src = result.url;
  $("under").src = photo.url;
  $("save-png").href = `${result.url}&download`;
  $("save-jpg").href = `${result.url}&format=jpg`;
  $("command").textContent = run.command || "";
  $("python").textContent = run.python || "";
  $("slider").value = 100;
  $("over").style.clipPath = "";
  $("over").onload = () => {
    $("under").style.width = `${$("over").naturalWidth}px`;
    $("under").style.height = `${$("over").naturalHeight}px`;
  };
  $("viewer").showModal();
}

$("slider").addEventListener("input", () => {
  $("over").style.clipPath = `inset(0 ${100 - $("slider").value}% 0 0)`;
});

// ---- Home

async function add(files) {
  $("home-message").textContent = "";
  for (const file of files) {
    try {
      const path = `/photos?name=${encodeURIComponent(file.name)}`;
      const found = await ask(path, { method: "POST", body: file });
      if (files.length === 1) {
        location.hash = found.photo;
        return;
      }
    } catch (error) {
      $("home-message").textContent = error.message;
    }
  }
  await showHome();
}

$("files").addEventListener("change", () => {
  const files = [...$("files").files];
  $("files").value = ""; // so that the same one can be chosen again
  add(files);
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (!photo && name === "drop" && event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });
}

async function showHome() {
  photo = null;
  $("home").hidden = false;
  $("work").hidden = true;
  document.title = "internal-gan";
  await refreshHome();
}

async function refreshHome() {
  clearTimeout(timer);
  try {
    const found = await ask("/photos");
    if (!photo) showPhotos(found);
  } catch (error) {
    if (!photo) $("home-message").textContent = error.message;
  }
  if (!photo) timer = setTimeout(refreshHome, 3000);
}

function showPhotos(found) {
  const chosenOnes = new Set(chosenPhotos());
  const before = new Map([...$("photos").children].map((card) => [card.dataset.text, card]));
  $("no-photos").hidden = found.photos.length > 0;
  $("many").hidden = !found.photos.length;
  put($("photos"), found.photos.map((one) => {
    const text = JSON.stringify({ ...one, training: one.training !== null });
    const card = before.get(text) || photoCard(one, chosenOnes.has(one.photo));
    card.dataset.text = text;
    if (one.training !== null) card.querySelector("progress").value = one.training;
    return card;
  }));
  $("others-section").hidden = !found.others.length;
  $("others").replaceChildren(...found.others.map((one) => make("li", {}, make("a", { href: one.page, target: "_blank", textContent: one.run }))));
}

function photoCard(one, checked) {
  const progress = one.training === null ? null : make("progress", { value: one.training, max: 1, "aria-label": `Training on ${one.name}` });
  const box = make("input", { type: "checkbox", value: one.photo, checked, "aria-label": `Select ${one.name}` });
  const text = make("span", { textContent: `${one.name}, ${one.count} ${one.count === 1 ? "run" : "runs"}` });
  return make("li", {}, make("a", { href: `#${one.photo}` }, make("img", { src: one.small, alt: "" }), text), box, progress);
}

function chosenPhotos() {
  return [...$("photos").querySelectorAll("input:checked")].map((box) => box.value);
}

$("many").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("home-message").textContent = chosenPhotos().length ? "" : "Select photos first, with the boxes below them.";
  for (const id of chosenPhotos()) {
    try {
      const body = JSON.stringify({ task: $("many-task").value });
      await ask(`/photos/${id}/runs`, { method: "POST", body });
    } catch (error) {
      $("home-message").textContent = error.message;
    }
  }
  await refreshHome();
});

// ---- A photo

async function showPhoto(id) {
  photo = await ask(`/photos/${id}`);
  $("home").hidden = true;
  $("work").hidden = false;
  document.title = `${photo.name} · internal-gan`;
  $("photo-name").textContent = photo.name;
  $("photo").src = photo.url;
  $("photo").alt = photo.name;
  $("photo-size").textContent = `${photo.size[1]} × ${photo.size[0]} pixels`;
  showTabs();
  showPanel();
  showResults();
  // Something to see immediately.
  if (!photo.runs.length) {
    firstLook().catch((error) => ($("message").textContent = error.message)).then(refresh);
  }
  await refresh();
}

// One picture as soon as possible, then two more.
async function firstLook() {
  const id = photo.photo;
  const asked = { "preview.count": 1, "preview.seed": 0, "finish.resolution": 1000 };
  await start("preview", asked, null, id);
  await refresh();
  await start("preview", { ...asked, "preview.count": 2, "preview.seed": 1 }, null, id);
}

async function refresh() {
  clearTimeout(timer);
  if (!photo) return;
  const id = photo.photo;
  try {
    const found = await ask(`/photos/${id}`);
    if (!photo || photo.photo !== id) return;
    photo = found;
    if ($("panel").dataset.state !== panelState()) showPanel();
    showResults();
  } catch (error) {
    $("message").textContent = error.message;
  }
  const busy = photo.runs.some((run) => ["running", "waiting"].includes(run.state));
  timer = setTimeout(refresh, busy ? 1000 : 4000);
}

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

addEventListener("hashchange", route);
route();
