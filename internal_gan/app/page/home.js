// The first page: photos to open, and new ones.

import { $, make, put } from "./dom.js";
import { ask, state } from "./server.js";

let timer = null;

export async function showHome() {
  state.photo = null;
  $("home").hidden = false;
  $("work").hidden = true;
  $("photo-name").textContent = "";
  $("what").hidden = false;
  document.title = "internal-gan";
  await refreshHome();
}

export function leaveHome() {
  clearTimeout(timer);
}

async function add(files) {
  $("home-message").textContent = "";
  for (const file of files) {
    try {
      const path = `/photos?name=${encodeURIComponent(file.name)}`;
      const found = await ask(path, { method: "POST", body: file });
      if (files.length === 1) {
        location.hash = found.photo;
        return;
      }
    } catch (error) {
      $("home-message").textContent = error.message;
    }
  }
  await refreshHome();
}

$("files").addEventListener("change", () => {
  const files = [...$("files").files];
  $("files").value = ""; // so that the same one can be chosen again
  add(files);
});
$("sample").addEventListener("click", async () => {
  const photo = await (await fetch("/page/meadow.jpg")).blob();
  add([new File([photo], "meadow.jpg")]);
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });
}

async function refreshHome() {
  clearTimeout(timer);
  if (state.photo) return;
  try {
    const found = await ask("/photos");
    if (!state.photo) showPhotos(found);
  } catch (error) {
    $("home-message").textContent = error.message;
  }
  timer = setTimeout(refreshHome, 3000);
}

function showPhotos(found) {
  const chosenOnes = new Set(chosenPhotos());
  const before = new Map([...$("photos").children].map((card) => [card.dataset.text, card]));
  $("no-photos").hidden = found.photos.length > 0;
  $("many").hidden = !found.photos.length;
  put($("photos"), found.photos.map((one) => {
    const text = JSON.stringify({ ...one, training: one.training !== null });
    const card = before.get(text) || photoCard(one, chosenOnes.has(one.photo));
    card.dataset.text = text;
    if (one.training !== null) card.querySelector("progress").value = one.training;
    return card;
  }));
  $("others-section").hidden = !found.others.length;
  $("others").replaceChildren(...found.others.map((one) => make("li", {}, make("a", { href: one.page, target: "_blank", textContent: one.run }))));
}

function photoCard(one, checked) {
  const progress = one.training === null ? null : make("progress", { value: one.training, max: 1, "aria-label": `Training on ${one.name}` });
  const box = make("input", { type: "checkbox", value: one.photo, checked, "aria-label": `Select ${one.name}` });
  const text = make("span", { textContent: `${one.name}, ${one.count} ${one.count === 1 ? "run" : "runs"}` });
  return make("li", {}, make("a", { href: `#${one.photo}` }, make("img", { src: one.small, alt: "" }), text), box, progress);
}

function chosenPhotos() {
  return [...$("photos").querySelectorAll("input:checked")].map((box) => box.value);
}

$("many").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("home-message").textContent = chosenPhotos().length ? "" : "Select photos first, with the boxes on them.";
  for (const id of chosenPhotos()) {
    try {
      const [task, model] = $("many-task").value.split(" ");
      const body = JSON.stringify({ task, model });
      await ask(`/photos/${id}/runs`, { method: "POST", body });
    } catch (error) {
      $("home-message").textContent = error.message;
    }
  }
  await refreshHome();
});
