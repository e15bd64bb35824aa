// The stage: one picture, fitted or enlarged, and the photo in front of its left part.

import { ARROWS, make } from "./dom.js";

const MAX_SCALE = 16; // screen pixels per pixel of the picture
const MIN_SCALE = 0.25; // of the fitted size
const MAX_FITTED = 3; // small pictures are enlarged to fill the stage up to this

export class Stage {
  constructor(element) {
    this.element = element;
    this.picture = make("img", { className: "picture", alt: "" });
    this.before = make("img", { className: "before", alt: "" });
    this.content = make("div", { className: "content" }, this.before, this.picture);
    this.line = make("input", { type: "range", className: "line", min: 0, max: 100, step: 0.1, value: 0, "aria-label": "Compare with the photo" });
    element.append(this.content, this.line);
    this.size = this.repeats = [1, 1];
    this.pointers = new Map();
    this.line.addEventListener("input", () => this.place());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.begin(event), true);
    element.addEventListener("pointermove", (event) => this.move(event), true);
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => this.pointers.delete(event.pointerId), true);
    element.addEventListener("dblclick", (event) => this.toggle(event));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("keydown", (event) => this.key(event));
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
      await (film ? new Promise((resolve) => next.addEventListener("loadedmetadata", resolve, { once: true })) : next.decode());
    } catch {
      return; // replaced while it was loaded
    }
    if (this.url !== url) return;
    const [down, across] = repeats;
    const own = film ? [next.videoWidth, next.videoHeight] : [next.naturalWidth * across, next.naturalHeight * down];
    const size = photo ? [photo.size[1], photo.size[0]] : own;
    if (photo) Object.assign(next.dataset, { whole: photo.whole, across: photo.size[1] });
    const same = size[0] === this.size[0] && size[1] === this.size[1];
    const copies = make("div", { className: "picture", role: "img", "aria-label": `${alt}, repeated` });
    copies.style.backgroundImage = `url("${url}")`;
    copies.style.backgroundSize = `${100 / across}% ${100 / down}%`;
    const picture = down * across > 1 ? copies : next;
    this.picture.replaceWith(picture);
    this.picture = picture;
    this.size = size;
    this.repeats = repeats;
    this.content.style.width = `${size[0]}px`;
    this.content.style.height = `${size[1]}px`;
    await this.compare(before, at);
    if (!same) this.fit();
    this.line.value = film ? 0 : (100 * (this.x + (size[0] * this.scale) / 2)) / this.element.clientWidth;
    this.place();
  }

  async compare(before, at) {
    this.compares = false;
    if (before) {
      if (this.before.dataset.whole !== before.whole) this.before.src = before.url;
      Object.assign(this.before.dataset, { whole: before.whole, across: before.size[1] });
      await this.before.decode().catch(() => null);
      const [width, height] = this.size;
      const [h, w] = before.size;
      const alike = Math.abs((width * h) / (height * w) - 1) < 0.02;
      this.compares = at !== null || alike;
      const [left, top, wide, high] = at ? [...at, w, h] : [0, 0, width, height];
      Object.assign(this.before.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${high}px` });
    }
    this.before.hidden = this.line.hidden = !this.compares;
  }

  // Shows a preview in front of the picture, in a box of its pixels, [left, top, width, height]; by
  // default, as wide as the picture. Returns whether it is shown: a newer one may have come.
  async preview(url, box = null) {
    this.previews = url;
    const next = url && make("img", { className: "preview", src: url, alt: "Preview" });
    if (next) await next.decode().catch(() => null);
    if (this.previews !== url) return false;
    this.content.querySelector(".preview")?.remove();
    this.element.classList.toggle("previewed", Boolean(next));
    if (!next) return false;
    const [width] = this.size;
    const [left, top, wide, high] = box || [0, 0, width, (width * next.naturalHeight) / next.naturalWidth];
    Object.assign(next.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${high}px` });
    this.picture.after(next);
    return true;
  }

  // Puts a tool's element on the picture, in the picture's pixels, or takes it away.
  overlay(element) {
    if (this.over === element) return;
    if (this.over) this.over.remove();
    this.over = element;
    if (element) this.content.append(element);
  }

  // Fits the picture, with some more room around it for a tool.
  fit(room = this.room || 0) {
    this.room = room;
    const [width, height] = this.size;
    const box = this.element.getBoundingClientRect();
    const scale = Math.min(box.width / (width * (1 + 2 * room)), box.height / (height * (1 + 2 * room)), MAX_FITTED);
    this.fitted = this.scale = scale;
    this.x = (box.width - width * scale) / 2;
    this.y = (box.height - height * scale) / 2;
    this.isFitted = true;
    this.place();
  }

  // One pixel of the picture for each of the screen.
  actual(x, y) {
    this.zoom(1 / devicePixelRatio / this.scale, x, y);
  }

  // Shows a box, [left, top, width, height] in the picture's pixels, with some of what is around it.
  jump([left, top, width, height]) {
    const box = this.element.getBoundingClientRect();
    this.scale = Math.min(box.width / (width * 1.6), box.height / (height * 1.6), 2 * MAX_FITTED);
    this.x = box.width / 2 - (left + width / 2) * this.scale;
    this.y = box.height / 2 - (top + height / 2) * this.scale;
    this.isFitted = false;
    this.place();
  }

  zoom(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE * this.fitted, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.isFitted = false;
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
    this.element.dispatchEvent(new Event("placed"));
  }

  // Loads the whole photo once the screen shows more than its smaller copy has.
  sharpen() {
    for (const image of [this.picture, this.before]) {
      const { whole, across } = image.dataset;
      if (!whole || image.hidden || image.getAttribute("src") === whole) continue;
      const shown = image.offsetWidth * this.scale * devicePixelRatio;
      if (Math.min(shown, across) > image.naturalWidth) image.src = whole;
    }
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...this.at(event));
  }

  // One finger or the mouse moves the picture, unless there is something to draw or drag; two fingers
  // and the right button always do.
  begin(event) {
    const busy = event.target.closest("input, button, canvas, video");
    if (this.pointers.size === 0 && busy && event.button === 0) {
      if (event.pointerType === "mouse" || event.target.closest("input, button, video")) return;
      this.pointers.set(event.pointerId, { at: this.at(event), draws: true });
      return;
    }
    this.pointers.set(event.pointerId, { at: this.at(event) });
    if (this.over && this.over.cancel) this.over.cancel();
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
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    if (!others.length && pointer.draws) return;
    event.stopPropagation();
    if (others.length) {
      const [otherX, otherY] = others[0][1].at;
      const before = Math.hypot(fromX - otherX, fromY - otherY);
      if (before > 0) this.zoom(Math.hypot(x - otherX, y - otherY) / before, (x + otherX) / 2, (y + otherY) / 2);
    }
    const share = others.length ? 0.5 : 1;
    this.x += (x - fromX) * share;
    this.y += (y - fromY) * share;
    this.isFitted = false;
    this.place();
  }

  toggle(event) {
    if (event.target.closest("input, button, canvas, video")) return;
    if (this.isFitted) this.actual(...this.at(event));
    else this.fit();
  }

  key(event) {
    if (event.target !== this.element || !(event.key in ARROWS)) return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = ARROWS[event.key];
    this.x -= 40 * x;
    this.y -= 40 * y;
    this.isFitted = false;
    this.place();
  }
}
