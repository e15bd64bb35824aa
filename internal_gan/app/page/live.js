// Previews: whatever changes in a tool asks for one, and a newer wish ends an older one.

import { $, complain, happens, tell, wrong } from "./dom.js";
import { endPreview, plansOf, previewOf } from "./server.js";

// Milliseconds; after a slower preview, none is drawn without being asked for. The first of a photo does
// not count, as the photo is read for it.
const SLOW = 5000;
const SETTLES = 40; // milliseconds from a change to its wish, since one may follow another

// Whether a tool draws previews now.
export const isLive = ({ wish, by }) => $("at-once").checked && Boolean(wish) && !by?.run;

export class Live {
  // panel: returns the tool on the stage; its `wish()`, if it has one, tells what is to be drawn, or
  // null, and its `marks` keep what was drawn on the stage. It may have `plans` to choose from, and
  // may want the photo on the stage: `keepsPhoto`.
  constructor(stage, panel) {
    this.stage = stage;
    this.panel = panel;
    this.past = []; // what was shown before, with what was drawn for it
    this.urls = []; // of all that was drawn
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
    const { plans } = panel;
    if (!wish) return this.clear(plans);
    this.end();
    const found = plans?.begin(JSON.stringify([wish.options, panel.marks.map((one) => one.state)]));
    const asked = (this.asked = new AbortController());
    const begun = performance.now();
    this.stage.element.classList.add("drawing");
    try {
      const { seed } = panel;
      const url = found?.urls[seed] ?? (await this.picture(wish, seed, asked.signal));
      complain("");
      if (this.past.at(-1)?.url !== url) this.past.push({ panel, url, box: wish.box, seed, plans: found, marks: panel.marks.map((one) => one.state) });
      if (await this.stage.preview(panel.keepsPhoto ? null : url, wish.box)) tell("Preview drawn");
      if (this.past.length > 1 && performance.now() - begun > SLOW) {
        $("at-once").checked = false;
        complain("That took long, so nothing more is drawn at once; the box below the picture turns it on again.");
        happens($("at-once"), "slow");
      } else if (plans) {
        found.urls[seed] = url;
        await this.fill(plans, wish, asked.signal);
      }
    } catch (error) {
      if (asked !== this.asked) return;
      this.clear(plans);
      wrong(error);
    } finally {
      if (asked === this.asked) this.end();
    }
  }

  async picture(wish, seed, signal) {
    const url = await previewOf(wish, seed, signal);
    this.urls.push(url);
    signal.throwIfAborted();
    return url;
  }

  // Tells what the plans for a wish do, and draws those to choose from.
  async fill(plans, wish, signal) {
    const found = plans.state;
    if (!found.words.length) found.words = await plansOf(wish, signal);
    signal.throwIfAborted();
    plans.state = found;
    for (let seed = plans.missing; seed >= 0; seed = plans.missing) {
      found.urls[seed] = await this.picture(wish, seed, signal);
      plans.show();
    }
  }

  // Shows what was shown before, or the photo, with what was drawn on the stage at that time.
  undo() {
    this.stop();
    const panel = this.panel();
    const [last, before] = this.past.filter((one) => one.panel === panel).reverse();
    if (!last) return;
    this.past = this.past.filter((one) => one !== last);
    panel.marks.forEach((mark, number) => (mark.state = before?.marks[number]));
    if (before) panel.seed = before.seed;
    if (panel.plans) panel.plans.state = before?.plans;
    this.stage.preview(panel.keepsPhoto ? null : before?.url, before?.box);
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

  // Back to the photo, and without plans.
  clear(plans) {
    this.stop();
    this.stage.preview(null);
    if (plans) plans.state = undefined;
  }

  // Forgets everything about a photo.
  forget() {
    this.clear();
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.past = [];
    this.urls = [];
  }
}
