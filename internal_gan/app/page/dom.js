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

export function number(value, properties = {}) {
  return make("input", { type: "number", value, ...properties });
}

export function slider(value, properties = {}) {
  return make("input", { type: "range", ...properties, value }); // after its bounds, which round it
}

export function checkbox(checked = false) {
  return make("input", { type: "checkbox", checked });
}

export function choice(options, value) {
  const select = make("select");
  for (const [name, text] of options) select.append(make("option", { value: name, textContent: text }));
  select.value = value;
  return select;
}

export function row(...children) {
  return make("div", { className: "row" }, ...children);
}

export function note(textContent) {
  return make("p", { textContent, className: "small" });
}

// A button that is disabled while its work is done, and that shows errors.
export function button(text, work, main = false) {
  const element = make("button", { type: "button", textContent: text, className: main ? "main" : "" });
  element.addEventListener("click", async () => {
    complain("");
    element.disabled = true;
    try {
      await work();
    } catch (error) {
      complain(error.message);
    }
    element.disabled = false;
  });
  return element;
}

export function complain(text) {
  $("message").textContent = text;
}

// For screen readers.
export function tell(text) {
  $("said").textContent = text;
}

// Makes these the children of an element, without touching those already in place.
export function put(list, wanted) {
  wanted.forEach((element, place) => {
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] || null);
  });
  while (list.children.length > wanted.length) list.lastChild.remove();
}

export function lasting(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function random() {
  return Math.floor(Math.random() * 2 ** 31);
}
