// A frame around or on the photo, whose sides are dragged: margins to add, or another shape.

import { ARROWS, make } from "./dom.js";

const SIDES = ["top", "right", "bottom", "left"];

export class Frame {
  // size: [height, width] of the photo. least, most: of a margin, as fractions of its side.
  // handles: the sides and corners to drag, such as "right" and "bottom right".
  constructor([height, width], { least, most, handles, picture = null }) {
    this.size = [height, width];
    this.least = least;
    this.most = most;
    this.margins = [0, 0, 0, 0];
    this.element = make("div", { className: "frame" });
    if (picture) this.element.style.backgroundImage = `url("${picture}")`;
    for (const handle of handles) this.element.append(this.handle(handle));
    this.place();
  }

  handle(name) {
    const sides = name.split(" ");
    const button = make("button", { type: "button", className: name, "aria-label": `Move the ${name} of the frame: drag, or use the arrow keys` });
    let last = null;
    button.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      button.setPointerCapture(event.pointerId);
      last = [event.clientX, event.clientY];
    });
    button.addEventListener("pointermove", (event) => {
      if (!last || !button.hasPointerCapture(event.pointerId)) return;
      const scale = this.element.getBoundingClientRect().width / this.element.offsetWidth || 1;
      this.drag(sides, (event.clientX - last[0]) / scale, (event.clientY - last[1]) / scale);
      last = [event.clientX, event.clientY];
    });
    button.addEventListener("pointerup", () => {
      last = null;
      this.done();
    });
    button.addEventListener("keydown", (event) => {
      if (!(event.key in ARROWS)) return;
      event.preventDefault();
      event.stopPropagation();
      const step = 0.02 * Math.max(...this.size);
      this.drag(sides, ...ARROWS[event.key].map((one) => step * one));
      this.done();
    });
    return button;
  }

  drag(sides, x, y) {
    const outwards = { top: -y, bottom: y, left: -x, right: x };
    for (const side of sides) this.set(SIDES.indexOf(side), this.margins[SIDES.indexOf(side)] + outwards[side]);
    this.change();
  }

  set(side, margin) {
    const length = this.size[side % 2];
    this.margins[side] = Math.min(this.most * length, Math.max(this.least * length, margin));
  }

  setAll(margins) {
    margins.forEach((margin, side) => this.set(side, margin));
    this.change();
  }

  // Tells that it is not being dragged any more.
  done() {
    this.element.dispatchEvent(new Event("done", { bubbles: true }));
  }

  get first() {
    return [0, 0, 0, 0];
  }

  get state() {
    return [...this.margins];
  }

  set state(margins) {
    this.setAll(margins);
  }

  // In whole pixels: top, right, bottom, left.
  get rounded() {
    return this.margins.map(Math.round);
  }

  // [height, width] of the frame.
  get extent() {
    const [top, right, bottom, left] = this.rounded;
    return [this.size[0] + top + bottom, this.size[1] + left + right];
  }

  change() {
    this.place();
    this.element.dispatchEvent(new Event("change"));
  }

  place() {
    SIDES.forEach((side, number) => (this.element.style[side] = `${-this.margins[number]}px`));
  }
}
