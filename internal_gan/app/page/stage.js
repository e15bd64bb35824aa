// The stage: one picture, fitted or enlarged, and the photo in front of its left part.

import { ARROWS, happens, lay, make } from "./dom.js";

const MAX_SCALE = 16; // screen pixels per pixel of the picture
const MIN_SCALE = 0.25; // of the fitted size
const MAX_FITTED = 3; // small pictures are enlarged to fill the stage up to this

export class Stage {
  constructor(element) {
    this.element = element;
    this.picture = make("img", { className: "picture", alt: "" });
    this.before = make("img", { className: "before", alt: "" });
    this.content = make("div", { className: "content" }, this.before, this.picture);
    this.line = make("input", { type: "range", className: "line", min: 0, max: 100, step: 0.1, value: 0, "aria-label": "Compare with the photo", oninput: () => this.place() });
    element.append(this.content, this.line);
    this.size = this.repeats = [1, 1];
    this.pointers = new Map();
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...this.at(event));
    }, { passive: false });
    element.addEventListener("pointerdown", (event) => this.begin(event), true);
    element.addEventListener("pointermove", (event) => this.move(event), true);
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => this.pointers.delete(event.pointerId), true);
    element.addEventListener("dblclick", (event) => {
      if (event.target.closest("input, button, canvas, video")) return;
      if (this.isFitted) this.actual(...this.at(event));
      else this.fit();
    });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("keydown", (event) => {
      if (event.target !== element || !(event.key in ARROWS)) return;
      event.preventDefault();
      event.stopPropagation();
      this.pan(...ARROWS[event.key].map((step) => -40 * step));
    });
    element.addEventListener("done", ({ target }) => target.closest("button") && this.follow(target));
    new ResizeObserver(() => (this.isFitted ? this.fit() : this.place())).observe(element);
  }

  // Shows a picture or film, fitted if its size is another, or several copies of it side by side:
  // `repeats`, [down, across]. `photo` tells that `url` is a smaller copy of the photo. `before`, the
  // photo in front of the picture, if any, begins at its pixel `at`, [x, y].
  async show({ url, alt, photo = null, before = null, at = null, repeats = [1, 1] }) {
    this.url = url;
    const film = /\.mp4(\?|$)/.test(url);
    const next = film ? make("video", { className: "picture", src: url, controls: true, loop: true, muted: true, autoplay: true }) : make("img", { className: "picture", src: url, alt });
    try {
      await (film ? new Promise((resolve, reject) => Object.assign(next, { onloadedmetadata: resolve, onerror: reject })) : next.decode());
    } catch {
      return; // replaced while it was loaded, or gone
    }
    if (this.url !== url) return;
    next.photo = photo;
    const [down, across] = repeats;
    const own = film ? [next.videoWidth, next.videoHeight] : [next.naturalWidth * across, next.naturalHeight * down];
    const size = photo ? [photo.size[1], photo.size[0]] : own;
    const same = size[0] === this.size[0] && size[1] === this.size[1];
    const style = `background: url("${url}") 0 0 / ${100 / across}% ${100 / down}%`;
    const picture = down * across > 1 ? make("div", { className: "picture", role: "img", "aria-label": `${alt}, repeated`, style }) : next;
    this.picture.replaceWith(picture);
    Object.assign(this, { picture, size, repeats });
    lay(this.content, [0, 0, ...size]);
    this.compares = false;
    if (before) {
      if (this.before.photo?.whole !== before.whole) this.before.src = before.url;
      this.before.photo = before;
      await this.before.decode().catch(() => null);
      const [h, w] = before.size;
      this.compares = at !== null || Math.abs((size[0] * h) / (size[1] * w) - 1) < 0.02;
      lay(this.before, at ? [...at, w, h] : [0, 0, ...size]);
    }
    this.before.hidden = this.line.hidden = !this.compares;
    if (!same) this.fit();
    this.line.value = film ? 0 : (100 * (this.x + (size[0] * this.scale) / 2)) / this.element.clientWidth;
    this.place();
  }

  // Shows a preview in place of the picture, in a box of its pixels, [left, top, width, height]; by
  // default, as large as the picture has room. Returns whether it is shown: a newer one may have come.
  async preview(url, box = null) {
    this.previews = url;
    const next = url && make("img", { className: "preview", src: url, alt: "Preview" });
    if (next) await next.decode().catch(() => null);
    if (this.previews !== url) return false;
    this.content.querySelector(".preview")?.remove();
    this.element.classList.toggle("previewed", Boolean(next));
    if (!next) return false;
    const [[width, height], own] = [this.size, [next.naturalWidth, next.naturalHeight]];
    const [across, down] = own.map((side) => side * Math.min(width / own[0], height / own[1]));
    lay(next, box || [(width - across) / 2, (height - down) / 2, across, down]);
    this.picture.after(next);
    return true;
  }

  // Puts a tool's element on the picture, in the picture's pixels, or takes it away.
  overlay(element) {
    if (this.over === element) return;
    this.over?.remove();
    this.over = element;
    if (element) this.content.append(element);
  }

  // Fits the picture, with some more room around it for a tool.
  fit(room = this.room || 0) {
    this.room = room;
    this.jump([0, 0, ...this.size], 1 + 2 * room, MAX_FITTED);
    this.fitted = this.scale;
    this.isFitted = true;
  }

  // One pixel of the picture for each of the screen.
  actual(x, y) {
    this.zoom(1 / devicePixelRatio / this.scale, x, y);
  }

  // Shows a box, [left, top, width, height] in the picture's pixels, with some of what is around it.
  jump([left, top, width, height], wider = 1.6, most = 2 * MAX_FITTED) {
    const box = this.element.getBoundingClientRect();
    const scale = Math.min(box.width / (width * wider), box.height / (height * wider), most);
    this.put(scale, box.width / 2 - (left + width / 2) * scale, box.height / 2 - (top + height / 2) * scale);
  }

  // Shows all of a frame if what was moved, by default a handle of it, is not all on the stage.
  follow(moved, frame = moved.parentElement) {
    const [one, all] = [moved, this.element].map((part) => part.getBoundingClientRect());
    if (one.left >= all.left && one.right <= all.right && one.top >= all.top && one.bottom <= all.bottom) return;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = frame;
    this.jump([offsetLeft, offsetTop, offsetWidth, offsetHeight], 1.2, MAX_FITTED);
  }

  zoom(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE * this.fitted, this.scale * factor));
    const by = scale / this.scale;
    this.put(scale, x - (x - this.x) * by, y - (y - this.y) * by);
  }

  pan(right, down) {
    this.put(this.scale, this.x + right, this.y + down);
  }

  put(scale, x, y) {
    Object.assign(this, { scale, x, y, isFitted: false });
    this.place();
  }

  place() {
    const [width] = this.size;
    this.content.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.content.style.setProperty("--screen-pixel", `${1 / this.scale}px`);
    this.content.classList.toggle("large", this.scale > 2);
    const cut = Math.min(width, Math.max(0, ((this.line.value / 100) * this.element.clientWidth - this.x) / this.scale));
    this.picture.style.clipPath = this.compares ? `inset(0 0 0 ${cut}px)` : "";
    this.sharpen();
    happens(this.element, "placed");
  }

  // Loads the whole photo once the screen shows more than its smaller copy has.
  sharpen() {
    for (const image of [this.picture, this.before]) {
      if (!image.photo || image.hidden || image.getAttribute("src") === image.photo.whole) continue;
      const shown = image.offsetWidth * this.scale * devicePixelRatio;
      if (Math.min(shown, image.photo.size[1]) > image.naturalWidth) image.src = image.photo.whole;
    }
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // One finger or the mouse moves the picture, unless there is something to draw or drag; two fingers
  // and the right button always do.
  begin(event) {
    const pointer = { at: this.at(event) };
    const drawn = event.target.closest("canvas");
    const busy = drawn || event.target.closest("input, button, video");
    if (this.pointers.size === 0 && busy && event.button === 0) {
      if (drawn && event.pointerType !== "mouse") this.pointers.set(event.pointerId, { ...pointer, drawn });
      return;
    }
    for (const one of this.pointers.values()) one.drawn?.cancel();
    this.pointers.set(event.pointerId, pointer);
    this.element.setPointerCapture(event.pointerId);
    event.stopPropagation();
    event.preventDefault();
    this.element.focus({ preventScroll: true });
  }

  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const [x, y] = this.at(event);
    const [fromX, fromY] = pointer.at;
    pointer.at = [x, y];
    const other = [...this.pointers.values()].find((one) => one !== pointer);
    if (!other && pointer.drawn) return;
    event.stopPropagation();
    if (other) {
      const [otherX, otherY] = other.at;
      const before = Math.hypot(fromX - otherX, fromY - otherY);
      if (before > 0) this.zoom(Math.hypot(x - otherX, y - otherY) / before, (x + otherX) / 2, (y + otherY) / 2);
    }
    const share = other ? 0.5 : 1;
    this.pan((x - fromX) * share, (y - fromY) * share);
  }
}
