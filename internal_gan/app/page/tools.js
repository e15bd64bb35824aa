// The tools: what each shows on the stage, its settings, and what its buttons start.

import { Board } from "./board.js";
import { $, button, checkbox, choice, field, lasting, make, note, number, random, row, slider } from "./dom.js";
import { Frame } from "./frame.js";
import { grant, model, previewOf, start, state, trainingFor } from "./server.js";

const KEYS = "With the keyboard: the arrow keys move the cursor, the space bar draws.";
const SHAPES = ["1:1", "4:5", "3:2", "16:9", "21:9", "9:16"];
const USUAL = { animate: 1024 }; // the long side of results, in pixels; 2048 in other tasks

// Each returns its settings and, if any, the element on the stage and how much room it needs there.
// Those whose pictures are previewed also return `wish()`, what is to be drawn, or null, with the
// `box` of the photo that the picture covers; who draws, `by`; the `seed`; and `marks`, what keeps
// what is drawn on the stage.
export const TOOLS = {
  variations: { title: "Variations", show: variations },
  remove: { title: "Remove", show: remove },
  extend: { title: "Extend", show: extend },
  tile: { title: "Tile", show: tile },
  retarget: { title: "Retarget", show: retarget },
  edit: { title: "Edit and paint", show: edit },
  animate: { title: "Animate", show: animate },
  enlarge: { title: "Enlarge", show: enlarge },
};

function variations() {
  const count = number(1, { min: 1, max: 16 });
  const [width, height] = [number("", { min: 16 }), number("", { min: 16 })];
  const by = drawnBy("sample");
  const at = resolution("sample", by, ([h, w]) => Object.assign(width, { placeholder: w }) && Object.assign(height, { placeholder: h }));
  const keep = choice([["", "nothing"], ["1", "the layout"], ["2", "everything except the detail"]], "");
  const tiles = choice([["", "no"], ["true", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]], "");
  const wish = () => ({ task: "sample", options: {
    "sample.count": Number(count.value),
    "sample.size": sizeOf(height.value, width.value),
    "sample.start_scale": Number(keep.value) || null,
    "sample.tileable": tiles.value === "true" || tiles.value || null,
    "finish.resolution": at.value,
  } });
  const panel = { wish, by, varies: true, seed: random(), marks: [] };
  return Object.assign(panel, {
    settings: [
      note("Put together from the photo's patches, in seconds."),
      row(field("How many", count)), ...at.rows, row(field("Width", width), field("Height", height)),
      row(field("Keep from the photo", keep)), row(field("Repeats without a seam", tiles)), by.row,
      going("Draw", panel),
      training("sample", "singan", "For many drawings: train a model", (time) => `SinGAN learns the photo in ${time}. From then on, a drawing takes 0.07 s in place of seconds, before it is made of the photo's pixels.`, "Train and draw", panel),
    ],
  });
}

// The chosen shapes, which stay for other photos.
const shapes = { extend: "", retarget: "" };

// A choice among shapes. `set` gives the frame the shape [w, h]; dragging the frame makes it free.
function shapeOf(tool, frame, set) {
  const shape = choice([["", "free"], ...SHAPES.map((one) => [one, one])], shapes[tool]);
  const change = () => {
    const wanted = shape.value;
    if (wanted) set(...wanted.split(":").map(Number));
    shape.value = shapes[tool] = wanted;
  };
  frame.element.addEventListener("change", () => (shape.value = shapes[tool] = ""));
  shape.addEventListener("change", change);
  return { shape, change };
}

const AVOID = "rgb(40 90 230)"; // the colour of strokes over what must not be used

function remove() {
  const names = { hole: "what should go", avoid: "don't use this", lines: "lines that go on inside" };
  const board = (label, colour) => Object.assign(new Board(state.photo.size, "mask", `${label} ${KEYS}`), colour && { colour });
  const drawn = {
    hole: board("Mark what should go."),
    avoid: board("Mark what must not be used.", AVOID),
    lines: Object.assign(board("Draw lines inside the marked area.", "rgb(255 220 40)"), { width: 4 }),
  };
  const boards = make("div", { className: "boards" }, ...Object.values(drawn).map((one) => one.canvas));
  const draws = choice(Object.entries(names), "hole");
  const current = () => drawn[draws.value];
  const choose = () => {
    for (const one of Object.values(drawn)) one.canvas.classList.toggle("idle", one !== current());
    boards.cancel = current().canvas.cancel;
  };
  draws.addEventListener("change", choose);
  choose();
  const grown = slider(0, { min: 0, max: 100 });
  grown.addEventListener("input", () => {
    drawn.hole.grown = Number(grown.value);
    drawn.hole.redraw();
  });
  const by = drawnBy("fill", true);
  const wish = () => drawn.hole.isEmpty ? null : {
    task: "fill",
    options: { "mask.dilate": Number(grown.value) || null },
    boards: { "mask.file": [drawn.hole, "mask"], "fill.avoid": [drawn.avoid, "mask"], "fill.edges": [drawn.lines, "mask"] },
  };
  const panel = { wish, by, lacks: "First brush over what should go.", seed: 0, marks: Object.values(drawn) };
  return Object.assign(panel, {
    overlay: boards,
    settings: [
      note("Brush over what should go. It is filled with the photo's patches."),
      plain(field("Mark", draws)), ...brushes(current), row(field("Grow by pixels", grown)), by.row, going("Fill", panel),
      training("fill", "edgeconnect", "Better in large holes: with lines and training", (time) => `EdgeConnect learns the rest of the photo in ${time}, and continues its lines into the hole. In test photos, it erred 14 % less than patches in boxes, and as much in strokes.`, "Train and fill", panel),
    ],
  });
}

function extend() {
  const frame = new Frame(state.photo.size, { least: 0, most: 2, handles: ["top", "right", "bottom", "left", "top left", "top right", "bottom left", "bottom right"] });
  const inputs = ["Top", "Right", "Bottom", "Left"].map((name) => [name, number(0, { min: 0 })]);
  const board = Object.assign(new Board(state.photo.size, "mask", `Mark what must not be used. ${KEYS}`), { colour: AVOID });
  const { layers, box } = inTurn(frame, board);
  const size = make("output");
  frame.element.addEventListener("change", () => {
    frame.rounded.forEach((margin, side) => (inputs[side][1].value = margin));
    size.textContent = `${frame.extent[1]} × ${frame.extent[0]} pixels`;
  });
  const { shape, change } = shapeOf("extend", frame, (w, h) => {
    const [height, width] = state.photo.size;
    const [down, across] = [Math.max(0, (width * h) / w - height) / 2, Math.max(0, (height * w) / h - width) / 2];
    frame.setAll([down, across, down, across]);
  });
  for (const [, input] of inputs) input.addEventListener("change", () => frame.setAll(inputs.map(([, one]) => Number(one.value))));
  if (shape.value) change();
  else frame.setAll([0, 0.15 * state.photo.size[1], 0, 0.15 * state.photo.size[1]]);
  const wish = () => frame.rounded.some(Boolean) ? {
    task: "extend",
    options: { "extend.margins": frame.rounded },
    boards: { "extend.avoid": [board, "mask"] },
    box: [-frame.rounded[3], -frame.rounded[0], frame.extent[1], frame.extent[0]],
  } : null;
  const panel = { wish, lacks: "First drag a side of the frame outwards.", seed: 0, marks: [frame, board] };
  return Object.assign(panel, {
    overlay: layers,
    room: 0.35,
    settings: [
      note("Drag the frame outwards. What is new is made of the photo's patches; every pixel of the photo is kept."),
      row(field("Shape", shape), size), row(...inputs.slice(0, 2).map((one) => field(...one))), row(...inputs.slice(2).map((one) => field(...one))),
      going("Extend", panel),
      make("details", {}, make("summary", { textContent: "Don't use parts" }), plain(field("Brush over what must not be used", box)), ...brushes(() => board)),
    ],
  });
}

function tile() {
  const axes = choice([["both", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]], "both");
  return {
    settings: [
      note("Changes the photo only along its borders, so that copies of it meet without a seam."),
      row(field("Repeats", axes)),
      row(button("Make it tile", () => start("make_tileable", { "make_tileable.axes": axes.value, seed: random() }), true)),
    ],
  };
}

function retarget() {
  const { size: [height, width], url } = state.photo;
  let most = 1; // pixels of the result for each of the photo
  const frame = new Frame([height, width], { least: -0.9, most: 3, handles: ["right", "bottom", "bottom right"], picture: url });
  const board = new Board([height, width], "mask", `Mark what must keep its shape. ${KEYS}`);
  const { layers, box } = inTurn(frame, board);
  const [columns, rows] = [number(width, { min: 16 }), number(height, { min: 16 })];
  const show = () => {
    rows.value = Math.max(16, Math.round(frame.extent[0] * most));
    columns.value = Math.max(16, Math.round(frame.extent[1] * most));
  };
  frame.element.addEventListener("change", show);
  const by = drawnBy("retarget");
  const at = resolution("retarget", by, ([h]) => {
    most = h / height;
    show();
  });
  const set = (h, w) => frame.setAll([0, w / most - width, h / most - height, 0]);
  for (const input of [rows, columns]) input.addEventListener("change", () => set(Number(rows.value), Number(columns.value)));
  const { shape, change } = shapeOf("retarget", frame, (w, h) => {
    const area = height * width * most * most;
    set(Math.sqrt((area * h) / w), Math.sqrt((area * w) / h));
  });
  if (shape.value) change();
  const wish = () => ({
    task: "retarget",
    options: { "retarget.shape": [Number(rows.value), Number(columns.value)] },
    boards: { "retarget.protect": [board, "mask"] },
    box: [0, 0, frame.extent[1], frame.extent[0]],
  });
  const panel = { wish: () => frame.rounded.some(Boolean) ? wish() : null, by, lacks: "First drag a side of the frame.", seed: 0, marks: [frame, board] };
  return Object.assign(panel, {
    overlay: layers,
    room: 0.25,
    settings: [
      note("Drag the frame to another shape. Things keep their sizes: there are more or fewer of them."),
      row(field("Shape", shape)), ...at.rows, row(field("Width", columns), field("Height", rows)),
      by.row, going("Retarget", panel),
      make("details", {}, make("summary", { textContent: "Protect parts" }), plain(field("Brush over what must keep its shape", box)), ...brushes(() => board)),
      training("retarget", "ingan", "Another way: train a model", (time) => `InGAN learns the photo in ${time}, and then reshapes it. Which of the two is better depends on the photo.`, "Train and retarget", { wish }),
    ],
  });
}

function edit() {
  const board = new Board(state.photo.size, "paint", `Paint on the photo. ${KEYS}`);
  const colour = make("input", { type: "color", value: board.colour });
  colour.addEventListener("input", () => (board.colour = colour.value));
  const pick = button("Pick from the photo", () => board.pick(state.photo.url, (found) => (board.colour = colour.value = found)));
  const file = make("input", { type: "file", accept: "image/*" });
  const scale = slider(1, { min: 0.1, max: 3, step: 0.05 });
  const moves = checkbox();
  moves.addEventListener("change", () => (board.pasting = moves.checked));
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    await board.paste(URL.createObjectURL(file.files[0]));
    board.pasting = moves.checked = true;
  });
  scale.addEventListener("input", () => board.resizePasted(Number(scale.value)));
  // What is brushed becomes a piece to drag; if it moves, its old place is filled first.
  const lift = (fills) => async () => {
    if (!board.strokes.some((stroke) => !stroke.image && !stroke.erases)) throw new Error("First brush over what you want to copy or move.");
    const filled = fills && (await previewOf({ task: "fill", boards: { "mask.file": [board, "mask"] } }, 0));
    await board.lift(state.photo.url, filled);
    board.pasting = moves.checked = true;
  };
  const by = drawnBy("edit");
  const at = resolution("paint", by);
  const how = choice([["edit", "blend my changes into the photo"], ["harmonize", "give my changes the photo's light and texture"], ["paint", "turn the whole painting into a photo"]], "edit");
  const sized = make("div", { hidden: true }, ...at.rows);
  how.addEventListener("change", () => (sized.hidden = how.value !== "paint"));
  const wish = () => {
    if (board.isEmpty) return null;
    const boards = how.value === "paint" ? { "paint.image": [board, "paint"] } : { "edit.image": [board, "paint"], "mask.file": [board, "mask"] };
    return { task: how.value, options: how.value === "paint" ? { "finish.resolution": at.value } : {}, boards };
  };
  const panel = { wish, by, varies: true, lacks: "Paint or paste something first.", seed: random(), marks: [board] };
  return Object.assign(panel, {
    overlay: board.canvas,
    settings: [
      ...brushes(() => board), plain(field("Colour", colour), pick),
      plain(field("Paste a picture", file)), row("Brushed:", button("Copy it", lift(false)), button("Move it", lift(true))),
      row(field("Its size", scale)), plain(field("Drag it", moves)),
      row(field("Then", how)), sized, by.row, going("Go", panel),
    ],
  });
}

function animate() {
  const seconds = number(4, { min: 1, max: 30 });
  const loop = checkbox(true);
  const loops = field("Loop", loop);
  const format = choice([["webp", "WebP"], ["gif", "GIF"], ["mp4", "MP4"]], "webp");
  const by = drawnBy("animate", false, () => (loops.hidden = !by.run)); // a film by patches always closes
  const at = resolution("animate", by);
  return {
    settings: [
      note("The photo itself moves a little, in a loop."),
      row(field("Seconds", seconds), loops), row(field("Format", format)), ...at.rows, by.row,
      row(button("Animate", () => start("animate", {
        "animate.seconds": Number(seconds.value), "animate.loop": by.run ? loop.checked : null, "animate.format": format.value, seed: random(), "finish.resolution": at.value,
      }, { run: by.run }), true)),
    ],
  };
}

function enlarge() {
  const factor = number(2, { min: 1.1, max: 8, step: 0.1 });
  return {
    settings: [
      note("For small photos. New detail is drawn out of the photo's patches."),
      row(field("Factor", factor), button("Enlarge", () => start("super_resolution", { "super_resolution.factor": Number(factor.value) }), true)),
    ],
  };
}

// ---- Parts of settings

// A frame and a board over it, and the check box that turns from one to the other.
function inTurn(frame, board) {
  const layers = make("div", { className: "boards" }, frame.element, board.canvas);
  const box = checkbox();
  const choose = () => {
    frame.element.hidden = box.checked;
    board.canvas.classList.toggle("idle", !box.checked);
    layers.cancel = box.checked ? board.canvas.cancel : null;
  };
  box.addEventListener("change", choose);
  choose();
  return { layers, box };
}

// The button that makes the picture of a panel's wish, and the one for another preview. Pictures that
// vary have another seed each time, unless a preview shows the seed's.
function going(name, panel) {
  const isLive = () => $("at-once").checked && !(panel.by && panel.by.run);
  const go = button(name, async () => {
    const wish = panel.wish();
    if (!wish) throw new Error(panel.lacks);
    if (panel.varies && !isLive()) panel.seed = random();
    const run = panel.by ? panel.by.run : null;
    return grant(wish, panel.varies || !run ? { seed: panel.seed } : {}, { run });
  }, true);
  const another = make("button", { type: "button", title: "Another one (R)", textContent: "Another" });
  another.addEventListener("click", () => another.dispatchEvent(new Event("another", { bubbles: true })));
  return following(row(go, another), () => {
    another.hidden = !isLive();
    go.textContent = isLive() ? "Keep" : name;
  });
}

// A part of the settings that follows the runs of the photo: `renew` is called whenever they change.
function following(element, renew) {
  element.dataset.follows = "";
  element.renew = renew;
  return element;
}

// A choice of who draws, once there is a model for a task: a `run`, or null for the photo's patches.
// `prefers`: whether a model is chosen when it comes. `changed` is called at every choice.
function drawnBy(task, prefers = false, changed = () => null) {
  const by = choice([["", "the photo's patches"]], "");
  by.addEventListener("change", () => changed());
  const renew = () => {
    const run = model(task);
    const last = by.options[1];
    if ((last ? last.value : null) !== run) {
      if (last) last.remove();
      if (run) by.append(make("option", { value: run, textContent: `${titleOf(task, run)}, trained` }));
      by.value = run && (prefers || by.value) ? run : "";
    }
    shown.hidden = !run;
    changed();
  };
  const shown = following(row(field("Drawn by", by)), renew);
  return { row: shown, get run() { return by.value || null; } };
}

function titleOf(task, run) {
  const { asked } = state.photo.runs.find((one) => one.run === run);
  return state.photo.models[task][asked.model].title;
}

// What a model that is trained for a task gives, in how much time, and a button that trains it and
// then does what a panel wishes.
function training(task, family, title, gives, name, { wish, lacks }) {
  const train = button(name, async () => {
    const wished = wish();
    if (!wished) throw new Error(lacks);
    return grant(wished, {}, { model: family });
  });
  const going = note("");
  const renew = () => (going.textContent = trainingFor(task) ? "A model is being trained; its picture improves as it goes." : "");
  const what = note(gives(state.photo.models[task][family].time));
  return following(make("details", {}, make("summary", { textContent: title }), what, row(train), going), renew);
}

// Settings that change no picture by themselves.
function plain(...children) {
  const element = row(...children);
  element.dataset.plain = "";
  return element;
}

function brushes(board) {
  const width = slider(24, { min: 4, max: 120 });
  width.addEventListener("input", () => (board().width = Number(width.value)));
  const erase = checkbox();
  erase.addEventListener("change", () => (board().erases = erase.checked));
  return [
    plain(field("Brush", width), field("Erase", erase)),
    row(button("Undo", () => board().undo()), button("Clear", () => board().clear())),
  ];
}

// The size of a task's results: the usual one, or the photo's own. `by` says who draws them, and
// `changed` is told the size, [height, width].
function resolution(task, by, changed = () => null) {
  const { size } = state.photo;
  const factor = Math.min(1, (USUAL[task] || 2048) / Math.max(...size));
  const sizes = { "": size.map((side) => Math.round(side * factor)), photo: size };
  const said = (name) => `${sizes[name][1]} × ${sizes[name][0]}`;
  const select = choice([["", said("")], ["photo", `${said("photo")}, the photo's own`]], "");
  const time = following(note(""), () => {
    const option = (run, name) => (run.asked.options || {})[name] || "";
    const last = state.photo.runs.find((run) => run.task === task && run.seconds && !run.trains && run.asked.run === by.run && option(run, "finish.resolution") === select.value);
    time.textContent = last ? `The last took ${lasting(last.seconds / (option(last, `${task}.count`) || 1))} each.` : "";
  });
  select.addEventListener("change", () => {
    changed(sizes[select.value]);
    time.renew();
  });
  changed(sizes[""]);
  const rows = factor < 1 ? [row(field("Size", select)), time] : [note(`Size: ${said("photo")}, the photo's own.`)];
  return { rows, get value() { return select.value || null; } };
}

// A side left empty follows from the other by the photo's aspect ratio.
function sizeOf(rows, columns) {
  if (!rows && !columns) return null;
  const [height, width] = state.photo.size;
  return [Number(rows) || Math.round((columns * height) / width), Number(columns) || Math.round((rows * width) / height)];
}
