// The plans for a photo in another format, side by side: a picture of each, and in words what it does.

import { happens, make, put } from "./dom.js";

const SHOWN = 3;

export class Plans {
  // panel: the tool whose plans these are; its `seed` is the number of the one that it takes.
  constructor(panel) {
    this.panel = panel;
    this.element = make("div", { className: "plans", role: "group", "aria-label": "Plans" });
    this.state = undefined;
  }

  // What they are of, a `key`; what they do, in words; and the addresses of their pictures, by seed.
  get state() {
    return this.next;
  }

  set state(found = { key: null, words: [], urls: [] }) {
    this.next = this.found = found;
    this.show();
  }

  // Begins those of something: until they are there, the ones before cannot be taken any more.
  begin(key) {
    if (key !== this.next.key) {
      this.next = { key, words: [], urls: [] };
      this.panel.seed = 0;
    }
    this.element.inert = this.next !== this.found;
    return this.next;
  }

  // The first seed to show that has no picture yet; -1 if there is none.
  get missing() {
    return this.found.words.slice(0, SHOWN).findIndex((_, seed) => !this.found.urls[seed]);
  }

  // There are more seeds than plans: they draw other new canvas.
  show() {
    const { words, urls } = this.found;
    const { seed: taken } = this.panel;
    const count = words.length && Math.max(Math.min(SHOWN, words.length), taken + 1);
    put(this.element, [...Array(count).keys()].map((seed) => [`${seed} ${words[seed]} ${urls[seed]}`, () => this.button(seed)]));
    [...this.element.children].forEach((one, seed) => one.setAttribute("aria-pressed", String(seed === taken)));
    this.element.inert = false;
  }

  button(seed) {
    const { words, urls } = this.found;
    const onclick = () => {
      this.panel.seed = seed;
      happens(this.element, "done");
    };
    const textContent = words[seed % words.length].replaceAll(" %", "\u00a0%");
    return make("button", { type: "button", onclick }, urls[seed] ? make("img", { src: urls[seed], alt: "" }) : null, make("span", { textContent }));
  }
}
