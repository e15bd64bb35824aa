// Makes elements of the page.

export const $ = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// An image, once it can be drawn.
export async function loaded(src) {
  const image = make("img", { src });
  await image.decode();
  return image;
}

// Steps to the right and down.
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// An input with its name; a slider also shows its number.
export function field(text, input) {
  if (input.type !== "range") return make("label", {}, `${text} `, input);
  const value = make("span", { className: "value", textContent: input.value, "aria-hidden": "true" });
  input.addEventListener("input", () => (value.textContent = input.value));
  return make("label", {}, `${text} `, input, value);
}

// `properties` of all inputs may have what is to happen, such as `onchange`.
export const number = (value, properties) => make("input", { type: "number", value, ...properties });
export const slider = (value, properties) => make("input", { type: "range", ...properties, value }); // after its bounds, which round it
export const checkbox = (properties) => make("input", { type: "checkbox", ...properties });

export function choice(options, properties = {}) {
  return make("select", properties, ...options.map(([value, textContent]) => make("option", { value, textContent })));
}

export const row = (...children) => make("div", { className: "row" }, ...children);
export const note = (textContent) => make("p", { textContent, className: "small" });

// A part that is opened by a click on its title.
export const folded = (title, ...children) => make("details", {}, make("summary", { textContent: title }), ...children);

// A button that is disabled while its work is done, and that shows errors.
export function button(textContent, work, main = false) {
  const onclick = async () => {
    complain("");
    element.disabled = true;
    await Promise.resolve().then(work).catch(wrong);
    element.disabled = false;
  };
  const element = make("button", { type: "button", textContent, className: main ? "main" : "", onclick });
  return element;
}

export const complain = (text) => ($("message").textContent = text);
export const wrong = (error) => complain(error.message);

// For screen readers.
export const tell = (text) => ($("said").textContent = text);

// Tells the element, and what it is in, that something has happened.
export const happens = (element, name) => element.dispatchEvent(new Event(name, { bubbles: true }));

// Lays an element on its parent: [left, top, width, height] in pixels.
export function lay({ style }, box) {
  ["left", "top", "width", "height"].forEach((name, number) => (style[name] = `${box[number]}px`));
}

// The box of a picture, [left, top, width, height], in which a channel is at least so high.
export function boxOf(picture, channel, least) {
  const { width, height } = picture;
  const pen = make("canvas", { width, height }).getContext("2d");
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let at = 0; at < width * height; at++) {
    if (data[4 * at + channel] < least) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  }
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}

// Makes a child of each [text, made] in an element; those whose text is there already stay untouched.
export function put(list, wanted) {
  const before = new Map([...list.children].map((one) => [one.dataset.text, one]));
  wanted.forEach(([text, made], place) => {
    const element = before.get(text) || made();
    element.dataset.text = text;
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] || null);
  });
  while (list.children.length > wanted.length) list.lastChild.remove();
}

export function lasting(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export const random = () => Math.floor(Math.random() * 2 ** 31);
