// A frame around the photo, whose sides are dragged: margins to add.

import { ARROWS, happens, make } from "./dom.js";

const SIDES = ["top", "right", "bottom", "left"];
const HANDLES = [...SIDES, "top left", "top right", "bottom left", "bottom right"];
const MOST = 2; // times its side is a margin at most

export class Frame {
  // size: [height, width] of the photo.
  constructor(size) {
    this.size = size;
    this.element = make("div", { className: "frame" }, ...HANDLES.map((name) => this.handle(name)));
    this.state = [0, 0, 0, 0];
  }

  handle(name) {
    let last = null;
    const drag = (x, y) => {
      const outwards = { top: -y, bottom: y, left: -x, right: x };
      this.state = SIDES.map((side, number) => this.margins[number] + (name.split(" ").includes(side) ? outwards[side] : 0));
    };
    const done = () => happens(button, "done");
    const onpointerdown = (event) => {
      event.stopPropagation();
      button.setPointerCapture(event.pointerId);
      last = [event.clientX, event.clientY];
    };
    const onpointermove = (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      const scale = this.element.getBoundingClientRect().width / this.element.offsetWidth || 1;
      drag((event.clientX - last[0]) / scale, (event.clientY - last[1]) / scale);
      last = [event.clientX, event.clientY];
    };
    const onkeydown = (event) => {
      if (!(event.key in ARROWS)) return;
      event.preventDefault();
      event.stopPropagation();
      drag(...ARROWS[event.key].map((one) => 0.02 * Math.max(...this.size) * one));
      done();
    };
    const button = make("button", { type: "button", className: name, "aria-label": `Move the ${name} of the frame: drag, or use the arrow keys`, onpointerdown, onpointermove, onpointerup: done, onkeydown });
    return button;
  }

  get state() {
    return this.margins;
  }

  // The margins in the photo's pixels: top, right, bottom, left.
  set state(margins = [0, 0, 0, 0]) {
    this.margins = margins.map((margin, side) => {
      const length = this.size[side % 2];
      return Math.min(MOST * length, Math.max(0, margin));
    });
    SIDES.forEach((side, number) => (this.element.style[side] = `${-this.margins[number]}px`));
    this.element.dispatchEvent(new Event("change"));
  }

  // In whole pixels.
  get rounded() {
    return this.margins.map(Math.round);
  }

  // [height, width] of the frame.
  get extent() {
    const [top, right, bottom, left] = this.rounded;
    return [this.size[0] + top + bottom, this.size[1] + left + right];
  }
}
