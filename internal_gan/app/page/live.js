// Previews: whatever changes in a tool asks for one, and a newer wish ends an older one.

import { $, complain, tell } from "./dom.js";
import { previewOf } from "./server.js";

// Milliseconds; after a slower preview, none is drawn without being asked for. The first of a photo does
// not count, as the photo is read for it.
const SLOW = 5000;
const SETTLES = 40; // milliseconds from a change to its wish, since one may follow another

export class Live {
  // panel: returns the tool on the stage; its `wish()`, if it has one, tells what is to be drawn, or
  // null, and its `marks` keep what was drawn on the stage.
  constructor(stage, panel) {
    this.stage = stage;
    this.panel = panel;
    this.past = []; // what was shown before, with what was drawn for it
    this.asked = null;
    $("at-once").addEventListener("change", () => ($("at-once").checked ? this.draw() : this.clear()));
  }

  // Whether the tool on the stage draws previews.
  get isOn() {
    const { wish, by } = this.panel();
    return $("at-once").checked && Boolean(wish) && !(by && by.run);
  }

  // Soon draws what the tool wishes now.
  change() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), SETTLES);
  }

  // The next seed.
  another() {
    if (!this.isOn || !this.panel().wish()) return;
    this.panel().seed += 1;
    this.draw();
  }

  async draw() {
    clearTimeout(this.timer);
    this.end();
    const panel = this.panel();
    const wish = this.isOn && panel.wish();
    if (!wish) return this.clear();
    const asked = (this.asked = new AbortController());
    const begun = performance.now();
    this.stage.element.classList.add("drawing");
    try {
      const url = await previewOf(wish, panel.seed, asked.signal);
      if (asked !== this.asked) return;
      complain("");
      this.past.push({ panel, url, box: wish.box, seed: panel.seed, marks: panel.marks.map((one) => one.state) });
      if (await this.stage.preview(url, wish.box)) tell("Preview drawn");
      if (this.past.length > 1 && performance.now() - begun > SLOW) {
        $("at-once").checked = false;
        complain("That took long, so nothing more is drawn at once; the box below the picture turns it on again.");
        $("at-once").dispatchEvent(new Event("slow"));
      }
    } catch (error) {
      if (asked !== this.asked) return;
      this.clear();
      complain(error.message);
    } finally {
      if (asked === this.asked) this.end();
    }
  }

  // Shows what was shown before, or the photo, with what was drawn on the stage at that time.
  undo() {
    this.end();
    const panel = this.panel();
    const mine = this.past.filter((one) => one.panel === panel);
    if (!mine.length) return;
    const [before, last] = [mine.at(-2), mine.at(-1)];
    this.past = this.past.filter((one) => one !== last);
    URL.revokeObjectURL(last.url);
    panel.marks.forEach((mark, number) => (mark.state = before ? before.marks[number] : mark.first));
    if (before) panel.seed = before.seed;
    this.stage.preview(before && before.url, before && before.box);
  }

  // Stops waiting for a preview.
  end() {
    if (this.asked) this.asked.abort();
    this.asked = null;
    this.stage.element.classList.remove("drawing");
  }

  // Back to the photo.
  clear() {
    clearTimeout(this.timer);
    this.end();
    this.stage.preview(null);
  }

  // Forgets everything about a photo.
  forget() {
    this.clear();
    for (const one of this.past) URL.revokeObjectURL(one.url);
    this.past = [];
  }
}
