// A canvas over the photo to draw on with a brush, by mouse, pen, finger or keyboard.

import { ARROWS, boxOf, happens, loaded, make } from "./dom.js";
import { state } from "./server.js";

const LONGEST = 2048; // pixels a side; the server scales a drawing to the photo's size
const KEYS = "With the keyboard: the arrow keys move the cursor, the space bar draws.";

const copied = (strokes) => strokes.map((stroke) => ({ ...stroke, points: [...stroke.points] }));

export class Board {
  // kind: "mask" marks an area, "paint" draws colours; more: the first `colour` and `width`.
  constructor(kind, label, more = {}) {
    const [height, width] = state.photo.size;
    this.factor = Math.min(1, LONGEST / Math.max(height, width));
    this.canvas = make("canvas", {
      className: `board ${kind}`, tabIndex: 0, role: "application", "aria-label": `${label} ${KEYS}`,
      width: Math.max(1, Math.round(width * this.factor)),
      height: Math.max(1, Math.round(height * this.factor)),
      onpointerdown: (event) => this.begin(event),
      onpointermove: (event) => this.go(event),
      onpointerup: () => this.end(),
      onpointercancel: () => this.end(),
      onkeydown: (event) => this.key(event),
    });
    this.canvas.cancel = () => this.cancel();
    this.pen = this.canvas.getContext("2d");
    this.cursor = [this.canvas.width / 2, this.canvas.height / 2];
    this.strokes = [];
    this.grown = 0; // pixels of the photo by which strokes will grow, shown around them
    Object.assign(this, { colour: kind === "mask" ? "rgb(220 30 60)" : "#3a7d44", width: 24, ...more });
  }

  // The brush's width in screen pixels, shown as a ring around the pointer.
  set width(width) {
    this.brush = width;
    const [side, middle] = [width + 4, width / 2 + 2];
    const ring = (radius, colour) => `<circle cx="${middle}" cy="${middle}" r="${radius}" fill="none" stroke="${colour}"/>`;
    const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${ring(middle - 2, "black")}${ring(middle - 1, "white")}</svg>`;
    this.canvas.style.cursor = `url("data:image/svg+xml,${encodeURIComponent(drawn)}") ${middle} ${middle}, crosshair`;
  }

  // Drawing pixels per screen pixel.
  get scale() {
    return this.canvas.width / (this.canvas.getBoundingClientRect().width || this.canvas.width);
  }

  place(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [(event.clientX - left) * this.scale, (event.clientY - top) * this.scale];
  }

  // Puts a picture in the middle; dragging moves the latest one.
  async paste(url) {
    const image = await loaded(url);
    const { width, height } = this.canvas;
    const size = 0.4 * Math.min(width / image.naturalWidth, height / image.naturalHeight);
    this.pasted = { image, size, points: [[width / 2, height / 2]] };
    this.strokes.push(this.pasted);
    this.changed();
  }

  // Makes a piece of the photo, to be dragged, where strokes are, in place of them. What is shown of
  // `behind`, another picture, stays there.
  async lift(behind) {
    const images = this.strokes.filter((stroke) => stroke.image);
    this.strokes = this.strokes.filter((stroke) => !stroke.image);
    this.redraw(false, true);
    const [left, top, width, height] = boxOf(this.canvas, 3, 1);
    const cut = async (url) => {
      const image = await loaded(url);
      const pen = make("canvas", { width, height }).getContext("2d");
      pen.drawImage(this.canvas, -left, -top);
      pen.globalCompositeOperation = "source-in";
      pen.drawImage(image, -left, -top, this.canvas.width, this.canvas.height);
      return { image: pen.canvas, size: 1, points: [[left + width / 2, top + height / 2]] };
    };
    const back = behind ? [await cut(behind)] : [];
    this.pasted = await cut(state.photo.url);
    this.strokes = [...images, ...back, this.pasted];
    this.changed();
  }

  resizePasted(factor) {
    if (this.pasted) this.pasted.factor = factor;
    this.redraw();
  }

  // Calls `found` with the colour of the photo at the place that is clicked next.
  async pick(found) {
    const image = await loaded(state.photo.url);
    this.picks = (x, y) => {
      const pen = make("canvas").getContext("2d");
      const [across, down] = [image.naturalWidth / this.canvas.width, image.naturalHeight / this.canvas.height];
      pen.drawImage(image, Math.floor(x * across), Math.floor(y * down), 1, 1, 0, 0, 1, 1);
      found(`#${[...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((one) => one.toString(16).padStart(2, "0")).join("")}`);
      this.picks = null;
    };
  }

  begin(event) {
    event.preventDefault();
    const [x, y] = this.place(event);
    if (this.picks) return this.picks(x, y);
    this.canvas.setPointerCapture(event.pointerId);
    this.moves = this.pasted && this.pasting && [this.pasted.points[0][0] - x, this.pasted.points[0][1] - y];
    if (!this.moves) this.draw((this.stroke = this.dot(x, y)));
  }

  dot(x, y) {
    const stroke = { points: [[x, y]], width: this.brush * this.scale, colour: this.colour, erases: this.erases };
    this.strokes.push(stroke);
    return stroke;
  }

  go(event) {
    const [x, y] = this.place(event);
    if (this.moves) {
      this.pasted.points[0] = [x + this.moves[0], y + this.moves[1]];
      this.redraw();
    } else if (this.stroke) {
      this.stroke.points.push([x, y]);
      this.draw(this.stroke);
    }
  }

  // The stroke so far, begun by the first of two fingers, was not meant.
  cancel() {
    if (this.stroke) this.strokes.pop();
    this.stroke = this.moves = null;
    this.redraw();
  }

  end() {
    const changed = this.stroke || this.moves;
    this.stroke = this.moves = null;
    if (changed) this.changed();
  }

  // Shows what is drawn, and tells that it has changed.
  changed() {
    this.redraw();
    happens(this.canvas, "done");
  }

  get state() {
    return copied(this.strokes);
  }

  set state(strokes = []) {
    this.strokes = copied(strokes);
    this.pasted = this.pasted && this.strokes.findLast((stroke) => stroke.image);
    this.redraw();
  }

  // The arrow keys move a cursor, the space bar draws there.
  key(event) {
    const draws = event.key === " ";
    if (!draws && !(event.key in ARROWS)) return;
    event.preventDefault();
    event.stopPropagation();
    const { width, height } = this.canvas;
    const [right, down] = (ARROWS[event.key] || [0, 0]).map((step) => (step * width) / 40);
    this.cursor = [Math.min(Math.max(this.cursor[0] + right, 0), width), Math.min(Math.max(this.cursor[1] + down, 0), height)];
    if (draws && this.picks) this.picks(...this.cursor);
    else if (!draws && this.pasted && this.pasting) this.pasted.points[0] = this.cursor;
    else if (draws || event.shiftKey) this.dot(...this.cursor);
    this.redraw(true);
    if (draws || event.shiftKey || this.pasted) happens(this.canvas, "done");
  }

  draw({ image, size, factor = 1, points: [first, ...rest], width, colour, erases }, grown = 0) {
    const { pen } = this;
    pen.globalCompositeOperation = erases ? "destination-out" : "source-over";
    if (image) {
      const [across, down] = [image.width * size * factor, image.height * size * factor];
      return pen.drawImage(image, first[0] - across / 2, first[1] - down / 2, across, down);
    }
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = width + 2 * grown;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    if (!rest.length) {
      pen.arc(...first, pen.lineWidth / 2, 0, 7);
      return pen.fill();
    }
    for (const point of [first, ...rest]) pen.lineTo(...point);
    pen.stroke();
  }

  redraw(cursor = false, plain = false) {
    const { pen } = this;
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.grown && !plain) {
      pen.globalAlpha = 0.4;
      for (const stroke of this.strokes) this.draw(stroke, this.grown * this.factor);
      pen.globalAlpha = 1;
    }
    for (const stroke of this.strokes) this.draw(stroke);
    if (!cursor) return;
    pen.globalCompositeOperation = "source-over";
    pen.lineWidth = Math.max(2, this.canvas.width / 300);
    pen.strokeStyle = "#fff";
    pen.strokeRect(this.cursor[0] - 8, this.cursor[1] - 8, 16, 16);
  }

  undo() {
    if (this.strokes.pop() === this.pasted) this.pasted = null;
    this.changed();
  }

  clear() {
    this.state = [];
    this.changed();
  }

  get isEmpty() {
    return !this.strokes.some((stroke) => !stroke.erases);
  }

  // Only what was drawn, transparent elsewhere.
  async drawn() {
    this.redraw(false, true);
    const blob = await new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
    this.redraw();
    return blob;
  }
}
