// Previews: whatever changes in a tool asks for one, and a newer wish ends an older one.

import { $, complain, happens, tell, wrong } from "./dom.js";
import { endPreview, previewOf } from "./server.js";

// Milliseconds; after a slower preview, none is drawn without being asked for. The first of a photo does
// not count, as the photo is read for it.
const SLOW = 5000;
const SETTLES = 40; // milliseconds from a change to its wish, since one may follow another

// Whether a tool draws previews now.
export const isLive = ({ wish, by }) => $("at-once").checked && Boolean(wish) && !by?.run;

export class Live {
  // panel: returns the tool on the stage; its `wish()`, if it has one, tells what is to be drawn, or
  // null, and its `marks` keep what was drawn on the stage.
  constructor(stage, panel) {
    this.stage = stage;
    this.panel = panel;
    this.past = []; // what was shown before, with what was drawn for it
    $("at-once").addEventListener("change", () => ($("at-once").checked ? this.draw() : this.clear()));
    window.addEventListener("pagehide", () => this.stop());
  }

  // Soon draws what the tool wishes now.
  change() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), SETTLES);
  }

  // The next seed.
  another() {
    const panel = this.panel();
    if (!isLive(panel) || !panel.wish()) return;
    panel.seed += 1;
    this.draw();
  }

  async draw() {
    clearTimeout(this.timer);
    const panel = this.panel();
    const wish = isLive(panel) && panel.wish();
    if (!wish) return this.clear();
    this.end();
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
        happens($("at-once"), "slow");
      }
    } catch (error) {
      if (asked !== this.asked) return;
      this.clear();
      wrong(error);
    } finally {
      if (asked === this.asked) this.end();
    }
  }

  // Shows what was shown before, or the photo, with what was drawn on the stage at that time.
  undo() {
    this.stop();
    const panel = this.panel();
    const [last, before] = this.past.filter((one) => one.panel === panel).reverse();
    if (!last) return;
    this.past = this.past.filter((one) => one !== last);
    URL.revokeObjectURL(last.url);
    panel.marks.forEach((mark, number) => (mark.state = before?.marks[number]));
    if (before) panel.seed = before.seed;
    this.stage.preview(before?.url, before?.box);
  }

  // Stops waiting for a preview.
  end() {
    this.asked?.abort();
    this.asked = null;
    this.stage.element.classList.remove("drawing");
  }

  // Ends what is being drawn, or would be soon.
  stop() {
    clearTimeout(this.timer);
    if (this.asked) endPreview();
    this.end();
  }

  // Back to the photo.
  clear() {
    this.stop();
    this.stage.preview(null);
  }

  // Forgets everything about a photo.
  forget() {
    this.clear();
    for (const one of this.past) URL.revokeObjectURL(one.url);
    this.past = [];
  }
}
