// The tools: what each shows on the stage, its settings, and what its buttons start.

import { Board } from "./board.js";
import { button, checkbox, choice, field, lasting, make, note, number, random, row, slider } from "./dom.js";
import { Frame } from "./frame.js";
import { model, start, state, trainingFor, upload } from "./server.js";

const KEYS = "With the keyboard: the arrow keys move the cursor, the space bar draws.";
const SHAPES = ["1:1", "4:5", "3:2", "16:9", "21:9", "9:16"];
const RESHAPING = 0.2; // the freedom that leaves things about where they are
const USUAL = { animate: 1024 }; // the long side of results, in pixels; 2048 in other tasks

// Each returns its settings and, if any, the element on the stage and how much room it needs there.
// `needs` is the task for which there must be a model.
export const TOOLS = {
  variations: { title: "Variations", needs: "sample", show: variations },
  remove: { title: "Remove", show: remove },
  extend: { title: "Extend", show: extend },
  tile: { title: "Tile", show: tile },
  retarget: { title: "Retarget", needs: "retarget", show: retarget },
  edit: { title: "Edit and paint", needs: "edit", show: edit },
  animate: { title: "Animate", needs: "animate", show: animate },
  enlarge: { title: "Enlarge", show: enlarge },
};

function variations() {
  const count = number(3, { min: 1, max: 16 });
  const freedom = slider(1, { min: 0, max: 1, step: 0.05 });
  const looked = resolution("preview");
  const look = [
    row(field("How many", count), field("Freedom of the layout", freedom)), ...looked.rows,
    row(button("Draw", () => start("preview", {
      "preview.count": Number(count.value), "preview.freedom": Number(freedom.value), seed: random(), "finish.resolution": looked.value,
    }), true)),
  ];
  const run = model("sample");
  if (!run) {
    return { settings: [note("Made of the photo's patches, in seconds."), ...look, ...training("sample", { "sample.count": 4 }, "With a model you can also edit, paint and animate.")] };
  }
  const drawn = number(3, { min: 1, max: 16 });
  const [width, height] = [number("", { min: 16 }), number("", { min: 16 })];
  const at = resolution("sample", ([h, w]) => Object.assign(width, { placeholder: w }) && Object.assign(height, { placeholder: h }));
  const stages = state.photo.runs.find((one) => one.run === run).stages || 1;
  const kept = [["0", "nothing"], ["1", "the layout"], ["2", "everything except the detail"]];
  const keep = choice(kept.slice(0, stages), "0");
  const tiles = choice([["false", "no"], ["true", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]], "false");
  const draw = () => start("sample", {
    "sample.count": Number(drawn.value),
    "sample.size": sizeOf(height.value, width.value),
    "sample.start_scale": Number(keep.value),
    "sample.tileable": { false: false, true: true }[tiles.value] ?? tiles.value,
    seed: random(),
    "finish.resolution": at.value,
  }, { run });
  return {
    settings: [
      note("Drawn by the model, then made of the photo's pixels."),
      row(field("How many", drawn)), ...at.rows, row(field("Width", width), field("Height", height)),
      row(field("Keep from the photo", keep)), row(field("Repeats without a seam", tiles)), row(button("Draw", draw, true)),
      make("details", {}, make("summary", { textContent: "Without the model" }), ...look),
    ],
  };
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
  const hole = async () => {
    if (drawn.hole.isEmpty) throw new Error("First brush over what should go.");
    return { "mask.file": await sent(drawn.hole), "mask.dilate": Number(grown.value) || null };
  };
  const fill = async () => start("fill", { ...(await hole()), "fill.avoid": await sent(drawn.avoid) });
  const train = async () => start("inpaint", {
    ...(await hole()),
    "mask.source": await sent(drawn.avoid, "source"),
    "inpaint.edges": await sent(drawn.lines),
  });
  return {
    overlay: boards,
    settings: [
      note("Brush over what should go. Then fill it at once with the photo's patches."),
      row(field("Mark", draws)), ...brushes(current), row(field("Grow by pixels", grown)), row(button("Fill", fill, true)),
      make("details", {}, make("summary", { textContent: "Better: with lines and training" }),
        note("A model learns the rest of the photo for one to two minutes, and continues its lines into the hole, or those that you draw."),
        row(button("Train and fill", train))),
    ],
  };
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
  return {
    overlay: layers,
    room: 0.35,
    settings: [
      note("Drag the frame outwards. What is new is made of the photo's patches; every pixel of the photo is kept."),
      row(field("Shape", shape), size), row(...inputs.slice(0, 2).map((one) => field(...one))), row(...inputs.slice(2).map((one) => field(...one))),
      row(button("Extend", async () => {
        if (!frame.rounded.some(Boolean)) throw new Error("First drag a side of the frame outwards.");
        return start("extend", { "extend.margins": frame.rounded, "extend.avoid": await sent(board) });
      }, true)),
      make("details", {}, make("summary", { textContent: "Don't use parts" }), row(field("Brush over what must not be used", box)), ...brushes(() => board)),
    ],
  };
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

function reshaping(size) {
  return { "preview.count": 1, "preview.freedom": RESHAPING, "preview.size": size };
}

// The margins of each photo's frame, which outlast a training.
const reshaped = new Map();

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
  frame.element.addEventListener("change", () => {
    show();
    reshaped.set(url, frame.margins);
  });
  const at = resolution("retarget", ([h]) => {
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
  else if (reshaped.has(url)) frame.setAll(reshaped.get(url));
  const size = () => [Number(rows.value), Number(columns.value)];
  const options = async () => ({
    "retarget.shape": size(),
    "retarget.protect": await sent(board),
  });
  const run = model("retarget");
  const look = () => start("preview", { ...reshaping(size()), "finish.resolution": at.value });
  return {
    overlay: layers,
    room: 0.25,
    settings: [
      note("Drag the frame to another shape. Things keep their sizes: there are more or fewer of them."),
      row(field("Shape", shape)), ...at.rows, row(field("Width", columns), field("Height", rows)),
      row(button("First look", look, !run), run ? button("Retarget", async () => start("retarget", await options(), { run }), true) : null),
      make("details", {}, make("summary", { textContent: "Protect parts" }), row(field("Brush over what must keep its shape", box)), ...brushes(() => board)),
      ...(run ? [] : training("retarget", options, "With a model, which learns the photo once:")),
    ],
  };
}

function edit() {
  const run = model("edit");
  if (!run) return { settings: [...example("edit.jpg", "A tree and a ridge are copied; the model blends them in."), ...training("edit", { "sample.count": 1 })] };
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
    const strokes = fills && (await sent(board));
    const filled = strokes && (await start("fill", { "mask.file": strokes }, { look: "edit" }));
    await board.lift(state.photo.url, filled && filled.results.find((one) => one.kind === "result").url);
    board.pasting = moves.checked = true;
  };
  const at = resolution("paint");
  const how = choice([["edit", "blend my changes into the photo"], ["harmonize", "give my changes the photo's light and texture"], ["paint", "turn the whole painting into a photo"]], "edit");
  const sized = make("div", { hidden: true }, ...at.rows);
  how.addEventListener("change", () => (sized.hidden = how.value !== "paint"));
  const go = async () => {
    if (board.isEmpty) throw new Error("Paint or paste something first.");
    const drawn = await board.drawn();
    const options = { [`${how.value}.image`]: await upload(drawn, "paint"), seed: random() };
    if (how.value === "paint") options["finish.resolution"] = at.value;
    else options[`${how.value}.mask`] = await upload(drawn, "mask");
    return start(how.value, options, { run });
  };
  return {
    overlay: board.canvas,
    settings: [
      ...brushes(() => board), row(field("Colour", colour), pick),
      row(field("Paste a picture", file)), row("Brushed:", button("Copy it", lift(false)), button("Move it", lift(true))),
      row(field("Its size", scale), field("Drag it", moves)),
      row(field("Then", how)), sized, row(button("Go", go, true)),
    ],
  };
}

function animate() {
  const run = model("animate");
  if (!run) return { settings: [...example("animate.webp", "The photo moves a little, in a loop."), ...training("animate", { "sample.count": 1 })] };
  const seconds = number(4, { min: 1, max: 30 });
  const loop = checkbox(true);
  const format = choice([["webp", "WebP"], ["gif", "GIF"], ["mp4", "MP4"]], "webp");
  const at = resolution("animate");
  return {
    settings: [
      row(field("Seconds", seconds), field("Loop", loop)), row(field("Format", format)), ...at.rows,
      row(button("Animate", () => start("animate", {
        "animate.seconds": Number(seconds.value), "animate.loop": loop.checked, "animate.format": format.value, seed: random(), "finish.resolution": at.value,
      }, { run }), true)),
    ],
  };
}

function enlarge() {
  const factor = number(2, { min: 1.1, max: 8, step: 0.1 });
  return {
    settings: [
      note("For small photos. This trains a model of the photo's detail first, which takes minutes."),
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

// The id of what is drawn on a board, once it is uploaded; null if that is nothing.
async function sent(board, kind = "mask") {
  return board.isEmpty ? null : upload(await board.drawn(), kind);
}

// How to train a model for a task. `options` are of the pictures that it draws first.
function training(task, options, why = "This needs a model of the photo. Training it once is enough.") {
  const going = trainingFor(task);
  if (going) return [note("The model is being trained; its picture improves as it goes.")];
  const families = state.photo.models[task];
  const which = choice(families.map((one, n) => [n, one.title]), 0);
  const how = choice([["", ""], ["preview", "roughly, about 20 s"]], "");
  const family = () => families[Number(which.value)];
  const name = () => (how.options[0].textContent = `fully, ${family().time}`);
  which.addEventListener("change", name);
  name();
  const train = async () => {
    const drawn = typeof options === "function" ? await options() : options;
    const fits = Object.keys(drawn).every((option) => option.startsWith(`${family().task}.`));
    return start(family().task, { ...(fits ? drawn : {}), trainer: how.value || null }, { model: family().name });
  };
  return [
    note(why), families.length > 1 ? row(field("Model", which)) : "",
    row(field("Train", how), button("Train", train, !TOOLS_WITH_LOOK.has(task))),
  ];
}
const TOOLS_WITH_LOOK = new Set(["sample", "retarget"]);

function brushes(board) {
  const width = slider(24, { min: 4, max: 120 });
  width.addEventListener("input", () => (board().width = Number(width.value)));
  const erase = checkbox();
  erase.addEventListener("change", () => (board().erases = erase.checked));
  return [
    row(field("Brush", width), field("Erase", erase)),
    row(button("Undo", () => board().undo()), button("Clear", () => board().clear())),
  ];
}

function example(file, text) {
  return [
    make("img", { className: "example", src: `/page/${file}`, alt: "" }),
    note(`An example: ${text[0].toLowerCase()}${text.slice(1)} Photo: Aitzol Berasategi, CC BY 4.0.`),
  ];
}

// The size of a task's results: the usual one, or the photo's own. `changed` is told the size,
// [height, width].
function resolution(task, changed = () => null) {
  const { size } = state.photo;
  const factor = Math.min(1, (USUAL[task] || 2048) / Math.max(...size));
  const sizes = { "": size.map((side) => Math.round(side * factor)), photo: size };
  const said = (name) => `${sizes[name][1]} × ${sizes[name][0]}`;
  const select = choice([["", said("")], ["photo", `${said("photo")}, the photo's own`]], "");
  const time = note("");
  const change = () => {
    changed(sizes[select.value]);
    const option = (run, name) => (run.asked.options || {})[name] || "";
    const last = state.photo.runs.find((run) => run.task === task && run.seconds && !run.trains && option(run, "finish.resolution") === select.value);
    time.textContent = last ? `The last took ${lasting(last.seconds / (option(last, `${task}.count`) || 1))} each.` : "";
  };
  select.addEventListener("change", change);
  change();
  const rows = factor < 1 ? [row(field("Size", select)), time] : [note(`Size: ${said("photo")}, the photo's own.`)];
  return { rows, get value() { return select.value || null; } };
}

// A side left empty follows from the other by the photo's aspect ratio.
function sizeOf(rows, columns) {
  if (!rows && !columns) return null;
  const [height, width] = state.photo.size;
  return [Number(rows) || Math.round((columns * height) / width), Number(columns) || Math.round((rows * width) / height)];
}
