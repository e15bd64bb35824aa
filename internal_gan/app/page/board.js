// A canvas over the photo to draw on with a brush, by mouse, pen, finger or keyboard.

import { ARROWS, loaded, make } from "./dom.js";

const LONGEST = 2048; // pixels a side; the server scales a drawing to the photo's size

export class Board {
  // size: [height, width] of the photo; kind: "mask" marks an area, "paint" draws colours.
  constructor([height, width], kind, label) {
    this.colour = kind === "mask" ? "rgb(220 30 60)" : "#3a7d44";
    this.erases = false;
    this.grown = 0; // pixels of the photo by which strokes will grow, shown around them
    this.strokes = [];
    this.canvas = make("canvas", { className: `board ${kind}`, tabIndex: 0, role: "application", "aria-label": label });
    this.width = 24;
    const factor = (this.factor = Math.min(1, LONGEST / Math.max(height, width)));
    this.canvas.width = Math.max(1, Math.round(width * factor));
    this.canvas.height = Math.max(1, Math.round(height * factor));
    this.cursor = [this.canvas.width / 2, this.canvas.height / 2];
    this.canvas.cancel = () => this.cancel();
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // The brush's width in screen pixels, shown as a ring around the pointer.
  set width(width) {
    this.brush = width;
    const [side, middle] = [width + 4, width / 2 + 2];
    const ring = (radius, colour) => `<circle cx="${middle}" cy="${middle}" r="${radius}" fill="none" stroke="${colour}"/>`;
    const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${ring(middle - 2, "black")}${ring(middle - 1, "white")}</svg>`;
    this.canvas.style.cursor = `url("data:image/svg+xml,${encodeURIComponent(drawn)}") ${middle} ${middle}, crosshair`;
  }

  get width() {
    return this.brush;
  }

  // Drawing pixels per screen pixel.
  get scale() {
    return this.canvas.width / (this.canvas.getBoundingClientRect().width || this.canvas.width);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.scale, (event.clientY - box.top) * this.scale];
  }

  // Puts a picture in the middle; dragging moves the latest one.
  async paste(url) {
    const image = await loaded(url);
    const size = 0.4 * Math.min(this.canvas.width / image.naturalWidth, this.canvas.height / image.naturalHeight);
    this.pasted = { image, size, points: [[this.canvas.width / 2, this.canvas.height / 2]] };
    this.strokes.push(this.pasted);
    this.redraw();
    this.done();
  }

  // Makes a piece of the photo, to be dragged, where strokes are, in place of them. What is shown of
  // `behind`, another picture, stays there.
  async lift(photo, behind = null) {
    const images = this.strokes.filter((stroke) => stroke.image);
    this.strokes = this.strokes.filter((stroke) => !stroke.image);
    this.redraw(false, true);
    const places = this.strokes.flatMap(({ points, width }) => points.map(([x, y]) => [x, y, width / 2]));
    const extent = (axis, length) => [
      Math.max(0, Math.floor(Math.min(...places.map((one) => one[axis] - one[2])))),
      Math.min(length, Math.ceil(Math.max(...places.map((one) => one[axis] + one[2])))),
    ];
    const [[left, right], [top, bottom]] = [extent(0, this.canvas.width), extent(1, this.canvas.height)];
    const cut = async (url) => {
      const image = await loaded(url);
      const piece = make("canvas", { width: right - left, height: bottom - top });
      const pen = piece.getContext("2d");
      pen.drawImage(this.canvas, -left, -top);
      pen.globalCompositeOperation = "source-in";
      pen.drawImage(image, -left, -top, this.canvas.width, this.canvas.height);
      return { image: piece, size: 1, points: [[(left + right) / 2, (top + bottom) / 2]] };
    };
    const back = behind ? [await cut(behind)] : [];
    this.pasted = await cut(photo);
    this.strokes = [...images, ...back, this.pasted];
    this.redraw();
    this.done();
  }

  resizePasted(factor) {
    if (!this.pasted) return;
    this.pasted.factor = factor;
    this.redraw();
  }

  // Calls `found` with the colour of a picture at the place that is clicked next.
  async pick(url, found) {
    const image = await loaded(url);
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
    if (this.picks) {
      this.picks(x, y);
      return;
    }
    this.canvas.setPointerCapture(event.pointerId);
    this.moves = this.pasted && this.pasting && [this.pasted.points[0][0] - x, this.pasted.points[0][1] - y];
    if (this.moves) return;
    this.stroke = this.dot(x, y);
    this.draw(this.stroke);
  }

  // A new stroke, of one point so far.
  dot(x, y) {
    const stroke = { points: [[x, y]], width: this.width * this.scale, colour: this.colour, erases: this.erases };
    this.strokes.push(stroke);
    return stroke;
  }

  go(event) {
    if (this.moves) {
      const [x, y] = this.place(event);
      this.pasted.points[0] = [x + this.moves[0], y + this.moves[1]];
      this.redraw();
    }
    if (!this.stroke) return;
    const [x, y] = this.place(event);
    this.stroke.points.push([x, y]);
    this.draw(this.stroke);
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
    if (changed && this.grown) this.redraw();
    if (changed) this.done();
  }

  // Tells that what is drawn has changed.
  done() {
    this.canvas.dispatchEvent(new Event("done", { bubbles: true }));
  }

  get first() {
    return [];
  }

  get state() {
    return this.strokes.map((stroke) => ({ ...stroke, points: [...stroke.points] }));
  }

  set state(strokes) {
    this.strokes = strokes.map((stroke) => ({ ...stroke, points: [...stroke.points] }));
    this.pasted = this.pasted && this.strokes.findLast((stroke) => stroke.image);
    this.redraw();
  }

  // The arrow keys move a cursor, the space bar draws there.
  key(event) {
    const step = this.canvas.width / 40;
    if (event.key in ARROWS) {
      const [x, y] = ARROWS[event.key];
      this.cursor[0] = Math.min(Math.max(this.cursor[0] + x * step, 0), this.canvas.width);
      this.cursor[1] = Math.min(Math.max(this.cursor[1] + y * step, 0), this.canvas.height);
    } else if (event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (this.picks && event.key === " ") {
      this.picks(...this.cursor);
    } else if (this.pasted && this.pasting && event.key !== " ") {
      this.pasted.points[0] = [...this.cursor];
    } else if (event.key === " " || event.shiftKey) {
      this.dot(...this.cursor);
    }
    this.redraw(true);
    if (event.key === " " || event.shiftKey || this.pasted) this.done();
  }

  draw(stroke, grown = 0) {
    const pen = this.canvas.getContext("2d");
    pen.globalCompositeOperation = stroke.erases ? "destination-out" : "source-over";
    if (stroke.image) {
      const factor = stroke.size * (stroke.factor || 1);
      const [width, height] = [stroke.image.width * factor, stroke.image.height * factor];
      pen.drawImage(stroke.image, stroke.points[0][0] - width / 2, stroke.points[0][1] - height / 2, width, height);
      return;
    }
    pen.strokeStyle = pen.fillStyle = stroke.colour;
    pen.lineWidth = stroke.width + 2 * grown;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    const [first, ...rest] = stroke.points;
    if (!rest.length) {
      pen.arc(first[0], first[1], pen.lineWidth / 2, 0, 7);
      pen.fill();
      return;
    }
    pen.moveTo(...first);
    for (const point of rest) pen.lineTo(...point);
    pen.stroke();
  }

  redraw(cursor = false, plain = false) {
    const pen = this.canvas.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.grown && !plain) {
      pen.globalAlpha = 0.4;
      for (const stroke of this.strokes) this.draw(stroke, this.grown * this.factor);
      pen.globalAlpha = 1;
    }
    for (const stroke of this.strokes) this.draw(stroke);
    if (cursor) {
      pen.globalCompositeOperation = "source-over";
      pen.lineWidth = Math.max(2, this.canvas.width / 300);
      pen.strokeStyle = "#fff";
      pen.strokeRect(this.cursor[0] - 8, this.cursor[1] - 8, 16, 16);
    }
  }

  undo() {
    if (this.strokes.pop() === this.pasted) this.pasted = null;
    this.redraw();
    this.done();
  }

  clear() {
    this.strokes = [];
    this.pasted = null;
    this.redraw();
    this.done();
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
