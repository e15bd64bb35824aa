// The first page: photos to open, and new ones.

import { $, make, put } from "./dom.js";
import { ask, send, state } from "./server.js";

let timer = null;

const say = (text) => ($("home-message").textContent = text);

// Shows a photo, or this page.
export function open(photo) {
  state.photo = photo;
  $("home").hidden = $("what").hidden = Boolean(photo);
  $("work").hidden = !photo;
  $("photo-name").textContent = photo?.name ?? "";
  document.title = photo ? `${photo.name} · internal-gan` : "internal-gan";
}

async function add(files) {
  say("");
  for (const file of files) {
    try {
      const found = await send(`/photos?name=${encodeURIComponent(file.name)}`, file);
      if (files.length === 1) location.hash = found.photo;
    } catch (error) {
      say(error.message);
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

export async function refreshHome() {
  clearTimeout(timer);
  if (state.photo) return;
  try {
    const found = await ask("/photos");
    if (!state.photo) showPhotos(found);
  } catch (error) {
    say(error.message);
  }
  timer = setTimeout(refreshHome, 3000);
}

function showPhotos({ photos, others }) {
  const chosen = chosenPhotos();
  $("no-photos").hidden = photos.length > 0;
  $("many").hidden = !photos.length;
  put($("photos"), photos.map((one) => [JSON.stringify({ ...one, training: one.training !== null }), () => photoCard(one, chosen)]));
  photos.forEach(({ training }, place) => {
    if (training !== null) $("photos").children[place].querySelector("progress").value = training;
  });
  $("others-section").hidden = !others.length;
  $("others").replaceChildren(...others.map((one) => make("li", {}, make("a", { href: one.page, target: "_blank", textContent: one.run }))));
}

function photoCard({ photo, name, count, small, training }, chosen) {
  const progress = training === null ? null : make("progress", { max: 1, "aria-label": `Training on ${name}` });
  const box = make("input", { type: "checkbox", value: photo, checked: chosen.includes(photo), "aria-label": `Select ${name}` });
  const text = make("span", { textContent: `${name}, ${count} ${count === 1 ? "run" : "runs"}` });
  return make("li", {}, make("a", { href: `#${photo}` }, make("img", { src: small, alt: "" }), text), box, progress);
}

const chosenPhotos = () => [...$("photos").querySelectorAll("input:checked")].map((box) => box.value);

$("many").addEventListener("submit", async (event) => {
  event.preventDefault();
  say(chosenPhotos().length ? "" : "Select photos first, with the boxes on them.");
  const [task, model] = $("many-task").value.split(" ");
  if (task === "delete" && chosenPhotos().length && !window.confirm("Delete the selected photos, and all that was made of them?")) return;
  for (const id of chosenPhotos()) {
    const what = task === "delete" ? send(`/photos/${id}/delete`) : send(`/photos/${id}/runs`, JSON.stringify({ task, model }));
    await what.catch((error) => say(error.message));
  }
  await refreshHome();
});
