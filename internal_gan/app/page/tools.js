// The tools: what each shows on the stage, its settings, and what its buttons start.

import { Board } from "./board.js";
import { $, button, checkbox, choice, field, folded, happens, lasting, make, note, number, random, row, slider } from "./dom.js";
import { Frame } from "./frame.js";
import { isLive } from "./live.js";
import { Plans } from "./plans.js";
import { grant, modelFor, previewOf, start, state, trainingFor } from "./server.js";

const SHAPES = ["1:1", "4:5", "3:2", "16:9", "21:9", "9:16"];
const [FORMATS, FREE] = [["1:1", "4:5", "16:9", "9:16", "21:9"], "free"];
const [WHITE, BLACK] = ["#ffffff", "#000000"];
const USUAL = { animate: 1024 }; // the long side of results, in pixels; 2048 in other tasks

// Each returns its settings and, if any, the element on the stage and how much room it needs there.
// Those whose pictures are previewed also return `wish()`, what is to be drawn, or null, with the
// `box` of the photo that the picture covers; who draws, `by`; the `seed`; and `marks`, what keeps
// what is drawn on the stage. There may be `plans` to choose from.
export const TOOLS = {
  Variations: variations, Remove: remove, Extend: extend, Tile: tile, Format: format,
  "Edit and paint": edit, Animate: animate, Enlarge: enlarge,
};

function variations() {
  const count = number(1, { min: 1, max: 16 });
  const [width, height] = [number("", { min: 16 }), number("", { min: 16 })];
  const by = drawnBy("sample");
  const at = resolution("sample", by, ([h, w]) => [height.placeholder, width.placeholder] = [h, w]);
  const keep = choice([["", "nothing"], ["1", "the layout"], ["2", "everything except the detail"]]);
  const tiles = choice([["", "no"], ["true", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]]);
  const wish = () => ({ task: "sample", options: {
    "sample.count": Number(count.value),
    "sample.size": sizeOf(height.value, width.value),
    "sample.start_scale": Number(keep.value) || null,
    "sample.tileable": tiles.value === "true" || tiles.value || null,
    "finish.resolution": at.value,
  } });
  return wishing("Draw", { wish, by, varies: true, marks: [], settings: [
    note("Put together from the photo's patches, in seconds."),
    row(field("How many", count)), ...at.rows, row(field("Width", width), field("Height", height)),
    row(field("Keep from the photo", keep)), row(field("Repeats without a seam", tiles)), by.row,
  ] }, training("sample", "singan", "For many drawings: train a model", (time) => `SinGAN learns the photo in ${time}. From then on, a drawing takes a fraction of a second in place of seconds, before it is made of the photo's pixels.`, "Train and draw", { wish }));
}

// What is chosen in Extend and in Format stays for other photos.
let chosenShape = "";
let chosenFormat = null;

// A choice among shapes. `set` gives the frame the shape [w, h]; dragging the frame makes it free.
function shapeOf(frame, set) {
  const onchange = () => {
    const wanted = shape.value;
    if (wanted) set(...wanted.split(":").map(Number));
    shape.value = chosenShape = wanted;
  };
  const shape = choice([["", "free"], ...SHAPES.map((one) => [one, one])], { onchange });
  shape.value = chosenShape;
  frame.element.addEventListener("change", () => (shape.value = chosenShape = ""));
  onchange();
  return shape;
}

const AVOID = "rgb(40 90 230)"; // the colour of strokes over what must not be used

function remove() {
  const drawn = {
    hole: new Board("mask", "Mark what should go."),
    avoid: new Board("mask", "Mark what must not be used.", { colour: AVOID }),
    lines: new Board("mask", "Draw lines inside the marked area.", { colour: "rgb(255 220 40)", width: 4 }),
  };
  const marks = Object.values(drawn);
  const current = () => drawn[draws.value];
  const onchange = () => {
    marks.forEach((one) => one.canvas.classList.toggle("idle", one !== current()));
    brush.show();
  };
  const draws = choice([["hole", "what should go"], ["avoid", "don't use this"], ["lines", "lines that go on inside"]], { onchange });
  const brush = brushes(current);
  onchange();
  const oninput = () => {
    drawn.hole.grown = Number(grown.value);
    drawn.hole.redraw();
  };
  const grown = slider(0, { min: 0, max: 100, oninput });
  const by = drawnBy("fill", true);
  const wish = () => drawn.hole.isEmpty ? null : {
    task: "fill",
    options: { "mask.dilate": Number(grown.value) || null },
    boards: { "mask.file": [drawn.hole, "mask"], "fill.avoid": [drawn.avoid, "mask"], "fill.edges": [drawn.lines, "mask"] },
  };
  const lacks = "First brush over what should go.";
  return wishing("Fill", { wish, by, lacks, marks, overlay: make("div", { className: "boards" }, ...marks.map((one) => one.canvas)), settings: [
    note("Brush over what should go. It is filled with the photo's patches."),
    plain(field("Mark", draws)), ...brush.rows, row(field("Grow by pixels", grown)), by.row,
  ] }, training("fill", "edgeconnect", "Better in large holes: with lines and training", (time) => `EdgeConnect learns the rest of the photo in ${time}, and continues its lines into the hole. In test photos, it erred a little less than patches.`, "Train and fill", { wish, lacks }));
}

function extend() {
  const [height, width] = state.photo.size;
  const frame = new Frame([height, width]);
  const board = new Board("mask", "Mark what must not be used.", { colour: AVOID });
  const onchange = () => (frame.state = inputs.map((one) => Number(one.value)));
  const inputs = frame.state.map((margin) => number(margin, { min: 0, onchange }));
  const [top, right, bottom, left] = ["Top", "Right", "Bottom", "Left"].map((name, side) => field(name, inputs[side]));
  const size = make("output");
  frame.element.addEventListener("change", () => {
    frame.rounded.forEach((margin, side) => (inputs[side].value = margin));
    size.textContent = `${frame.extent[1]} × ${frame.extent[0]} pixels`;
  });
  const shape = shapeOf(frame, (w, h) => {
    const [down, across] = [Math.max(0, (width * h) / w - height) / 2, Math.max(0, (height * w) / h - width) / 2];
    frame.state = [down, across, down, across];
  });
  if (!shape.value) frame.state = [0, 0.15 * width, 0, 0.15 * width];
  const wish = () => frame.rounded.some(Boolean) ? {
    task: "extend",
    options: { "extend.margins": frame.rounded },
    boards: { "extend.avoid": [board, "mask"] },
    box: [-frame.rounded[3], -frame.rounded[0], frame.extent[1], frame.extent[0]],
  } : null;
  const turn = () => {
    frame.element.hidden = brushed.checked;
    board.canvas.classList.toggle("idle", !brushed.checked);
  };
  const brushed = checkbox({ onchange: turn });
  turn();
  const parts = folded("Don't use parts", plain(field("Brush over what must not be used", brushed)), ...brushes(() => board).rows);
  const overlay = make("div", { className: "boards" }, frame.element, board.canvas);
  return wishing("Extend", { wish, lacks: "First drag a side of the frame outwards.", marks: [frame, board], overlay, room: 0.35, settings: [
    note("Drag the frame outwards. What is new is made of the photo's patches; every pixel of the photo is kept."),
    row(field("Shape", shape), size), row(top, right), row(bottom, left),
  ] }, parts);
}

function tile() {
  const axes = choice([["both", "in both directions"], ["x", "left to right"], ["y", "top to bottom"]]);
  return { settings: [
    note("Changes the photo only along its borders, so that copies of it meet without a seam."),
    row(field("Repeats", axes)),
    row(button("Make it tile", () => start("make_tileable", { "make_tileable.axes": axes.value, seed: random() }), true)),
  ] };
}

function format() {
  const { size: [height, width], importance } = state.photo;
  let name = null;
  const buttons = [...FORMATS, FREE].map((one) => make("button", { type: "button", textContent: one, onclick: () => {
    chosen.state = [(chosenFormat = one), rows.value, columns.value];
    happens(free, "done");
  } }));
  const [columns, rows] = [number("", { min: 16, placeholder: width }), number("", { min: 16, placeholder: height })];
  const free = row(field("Width", columns), field("Height", rows));
  const chosen = {
    get state() {
      return [name, rows.value, columns.value];
    },
    set state([wanted = null, h = "", w = ""] = []) {
      [name, free.hidden, rows.value, columns.value] = [wanted, wanted !== FREE, h, w];
      for (const one of buttons) one.setAttribute("aria-pressed", String(one.textContent === name));
    },
  };
  chosen.state = [chosenFormat];
  const matters = new Board("matters", "Mark what matters more, or less.", { colour: WHITE });
  const whole = new Board("mask", "Mark what must stay whole.");
  const marks = [matters, whole];
  const current = () => (marked.value ? matters : whole);
  const choose = () => {
    matters.colour = marked.value || WHITE;
    marks.forEach((one) => one.canvas.classList.toggle("idle", one !== current()));
    brush.show();
  };
  const marked = choice([[WHITE, "what matters more"], [BLACK, "what matters less"], ["", "what must stay whole"]], { onchange: choose });
  const brush = brushes(current);
  choose();
  const map = make("img", { alt: "", draggable: false });
  const overlay = make("div", { className: "boards", hidden: true }, make("div", { className: "layer" }, map, matters.canvas), whole.canvas);
  const parts = make("div", { hidden: true }, plain(field("Mark", marked)), ...brush.rows);
  const shows = checkbox({ onchange: () => {
    map.src ||= importance;
    overlay.hidden = parts.hidden = !shows.checked;
  } });
  const by = drawnBy("retarget");
  const wished = (boards) => {
    const shape = name === FREE ? sizeOf(rows.value, columns.value) : name;
    return shape ? { task: "retarget", options: { "retarget.shape": shape }, boards: { "retarget.protect": [whole, "mask"], ...boards } } : null;
  };
  // What a model redraws does not depend on what matters.
  const wish = () => wished(by.run ? {} : { "retarget.importance": [matters, "importance"] });
  const lacks = "Choose a format first; free needs a width or a height.";
  const panel = { wish, by, lacks, marks: [chosen, ...marks], overlay, get keepsPhoto() { return shows.checked; }, settings: [
    note("What matters stays as it is; the rest is cropped, squeezed or continued."),
    make("div", { className: "row close", role: "group", "aria-label": "Format" }, ...buttons), free, by.row,
    row(field("Show what matters", shows)), parts,
  ] };
  panel.plans = new Plans(panel);
  return wishing("Go", panel, training("retarget", "ingan", "Another way: train a model", (time) => `InGAN learns the photo in ${time}, and then redraws it. Things keep their sizes: there are more or fewer of them.`, "Train and redraw", { wish: wished, lacks }));
}

function edit() {
  const board = new Board("paint", "Paint on the photo.");
  const colour = make("input", { type: "color", value: board.colour, oninput: () => (board.colour = colour.value) });
  const pick = button("Pick from the photo", () => board.pick((found) => (board.colour = colour.value = found)));
  const moves = checkbox({ onchange: () => (board.pasting = moves.checked) });
  const file = make("input", { type: "file", accept: "image/*", onchange: async () => {
    if (!file.files.length) return;
    await board.paste(URL.createObjectURL(file.files[0]));
    board.pasting = moves.checked = true;
  } });
  const scale = slider(1, { min: 0.1, max: 3, step: 0.05, oninput: () => board.resizePasted(Number(scale.value)) });
  // What is brushed becomes a piece to drag; if it moves, its old place is filled first.
  const lift = (fills) => async () => {
    if (!board.strokes.some((stroke) => !stroke.image && !stroke.erases)) throw new Error("First brush over what you want to copy or move.");
    await board.lift(fills && (await previewOf({ task: "fill", boards: { "mask.file": [board, "mask"] } }, 0)));
    board.pasting = moves.checked = true;
  };
  const by = drawnBy("edit");
  const at = resolution("paint", by);
  const sized = make("div", { hidden: true }, ...at.rows);
  const how = choice([["edit", "blend my changes into the photo"], ["harmonize", "give my changes the photo's light and texture"], ["paint", "turn the whole painting into a photo"]], { onchange: () => (sized.hidden = how.value !== "paint") });
  const wish = () => {
    if (board.isEmpty) return null;
    if (how.value === "paint") return { task: "paint", options: { "finish.resolution": at.value }, boards: { "paint.image": [board, "paint"] } };
    return { task: how.value, options: {}, boards: { "edit.image": [board, "paint"], "mask.file": [board, "mask"] } };
  };
  return wishing("Go", { wish, by, varies: true, lacks: "Paint or paste something first.", marks: [board], overlay: board.canvas, settings: [
    ...brushes(() => board).rows, plain(field("Colour", colour), pick),
    plain(field("Paste a picture", file)), row("Brushed:", button("Copy it", lift(false)), button("Move it", lift(true))),
    row(field("Its size", scale)), plain(field("Drag it", moves)),
    row(field("Then", how)), sized, by.row,
  ] });
}

function animate() {
  const seconds = number(4, { min: 1, max: 30 });
  const loop = checkbox({ checked: true });
  const loops = field("Loop", loop);
  const format = choice([["webp", "WebP"], ["gif", "GIF"], ["mp4", "MP4"]]);
  const by = drawnBy("animate", false, () => (loops.hidden = !by.run)); // a film by patches always closes
  const at = resolution("animate", by);
  return { settings: [
    note("The photo itself moves a little, in a loop."),
    row(field("Seconds", seconds), loops), row(field("Format", format)), ...at.rows, by.row,
    row(button("Animate", () => start("animate", {
      "animate.seconds": Number(seconds.value), "animate.loop": by.run ? loop.checked : null, "animate.format": format.value, seed: random(), "finish.resolution": at.value,
    }, { run: by.run }), true)),
  ] };
}

function enlarge() {
  const factor = number(2, { min: 1.1, max: 8, step: 0.1 });
  const { time } = state.photo.models.super_resolution.zssr;
  const by = (model) => () => start("super_resolution", { "super_resolution.factor": Number(factor.value) }, { model });
  return { settings: [
    note(`At once, by what the photo's patches have in common; or by a network that learns from the photo: a little truer, in ${time}.`),
    row(field("Factor", factor), button("Enlarge", by(null), true), button("Train, then enlarge", by("zssr"))),
  ] };
}

// ---- Parts of settings

// A panel with `more`, and before it the button that makes the picture of its wish, and the one for
// another preview. Pictures that vary have another seed each time, unless a preview shows the seed's.
function wishing(name, panel, ...more) {
  panel.seed = panel.varies ? random() : 0;
  const go = button(name, async () => {
    if (panel.varies && !isLive(panel)) panel.seed = random();
    if (panel.plans && !isLive(panel)) panel.seed = 0; // no other one is seen
    const run = panel.by?.run ?? null;
    return granted(panel, panel.varies || !run ? { seed: panel.seed } : {}, { run });
  }, true);
  const another = make("button", { type: "button", title: "Another one (R)", textContent: "Another", onclick: () => happens(another, "another") });
  panel.settings.push(following(row(go, another), () => {
    another.hidden = !isLive(panel);
    go.textContent = isLive(panel) ? "Keep" : name;
    if (panel.plans) panel.plans.element.hidden = !isLive(panel);
  }), ...more);
  return panel;
}

async function granted({ wish, lacks }, more, how) {
  const wished = wish();
  if (!wished) throw new Error(lacks);
  return grant(wished, more, how);
}

// A part of the settings that follows the runs of the photo: `renew` is called whenever they change.
const following = (element, renew) => Object.assign(element, { renew });

// A choice of who draws, once there is a model for a task: a `run`, or null for the photo's patches.
// `prefers`: whether a model is chosen when it comes. `changed` is called at every choice.
function drawnBy(task, prefers = false, changed = () => null) {
  const by = choice([["", "the photo's patches"]], { onchange: () => changed() });
  const shown = following(row(field("Drawn by", by)), () => {
    const { run: value, asked } = modelFor(task) || {};
    const last = by.options[1];
    if (last?.value !== value) {
      last?.remove();
      if (value) by.append(make("option", { value, textContent: `${state.photo.models[task][asked.model].title}, trained` }));
      by.value = value && (prefers || by.value) ? value : "";
    }
    shown.hidden = !value;
    changed();
  });
  return { row: shown, get run() { return by.value || null; } };
}

// What a model that is trained for a task gives, in how much time, and a button that trains it and
// then does what a panel wishes.
function training(task, family, title, gives, name, panel) {
  const train = button(name, () => granted(panel, {}, { model: family }));
  const going = note("");
  const renew = () => (going.textContent = trainingFor(task) ? "A model is being trained; its picture improves as it goes." : "");
  return following(folded(title, note(gives(state.photo.models[task][family].time)), row(train), going), renew);
}

// Settings that change no picture by themselves.
const plain = (...children) => make("div", { className: "row", "data-plain": "" }, ...children);

function brushes(board) {
  const width = slider(24, { min: 4, max: 120, oninput: () => (board().width = Number(width.value)) });
  const erase = checkbox({ onchange: () => (board().erases = erase.checked) });
  return {
    rows: [
      plain(field("Brush", width), field("Erase", erase)),
      row(button("Undo", () => board().undo()), button("Clear", () => board().clear())),
    ],
    // Shows how wide the board's brush is, and whether it erases.
    show() {
      width.value = board().brush;
      happens(width, "input"); // so that its number is shown
      erase.checked = board().erases;
    },
  };
}

// The size of a task's results: the usual one, or the photo's own. `by` says who draws them, and
// `changed` is told the size, [height, width].
function resolution(task, by, changed = () => null) {
  const { size } = state.photo;
  const factor = Math.min(1, (USUAL[task] || 2048) / Math.max(...size));
  const sizes = { "": size.map((side) => Math.round(side * factor)), photo: size };
  const said = (name) => `${sizes[name][1]} × ${sizes[name][0]}`;
  const onchange = () => {
    changed(sizes[select.value]);
    time.renew();
  };
  const select = choice([["", said("")], ["photo", `${said("photo")}, the photo's own`]], { onchange });
  const time = following(note(""), () => {
    const option = (run, name) => (run.asked.options || {})[name] || "";
    const last = state.photo.runs.find((run) => run.task === task && run.seconds && !run.trains && run.asked.run === by.run && option(run, "finish.resolution") === select.value);
    time.textContent = last ? `The last took ${lasting(last.seconds / (option(last, `${task}.count`) || 1))} each.` : "";
  });
  changed(sizes[""]);
  return {
    rows: factor < 1 ? [row(field("Size", select)), time] : [note(`Size: ${said("photo")}, the photo's own.`)],
    get value() { return select.value || null; },
  };
}

// A side left empty follows from the other by the photo's aspect ratio.
function sizeOf(rows, columns) {
  if (!rows && !columns) return null;
  const [height, width] = state.photo.size;
  return [Number(rows) || Math.round((columns * height) / width), Number(columns) || Math.round((rows * width) / height)];
}
