// A report is kept on the phone first, then sent. The photo is made small here (1280 px JPEG: no EXIF, no GPS), the place is asked
// at the shutter and shown before sending. Without this script the form is sent as it is.
import { fill, locate, permission } from "./geolocate.js";
import { drop, flush, items, keep, send } from "./outbox.js";

const form = document.querySelector("form[data-report]");
const person = document.body.dataset.person;
const SIDE = 1280;
let photo = null;
const EDGE = ["csrf_token", "idempotency_key", "happened_at"];

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
  return { blob, bytes: await blob.arrayBuffer() };
}

function watchPhoto() {
  const input = form.querySelector("input[type=file]");
  const tile = input.closest(".shot");
  input.addEventListener("change", async () => {
    photo = null;
    tile.querySelector("img")?.remove();
    if (!input.files[0]) return;
    try {
      photo = await smaller(input.files[0]);
      const image = new Image();
      image.alt = tile.dataset.taken;
      image.src = URL.createObjectURL(photo.blob);
      tile.prepend(image);
      tile.querySelector(".icon").setAttribute("hidden", "");
      tile.querySelector(".strong").textContent = tile.dataset.again;
    } catch { /* a format this browser cannot draw: the file goes as it is and the server decides */ }
  });
}

function watchPlace() {
  const line = form.querySelector("[data-place]");
  const button = form.querySelector("[data-locate]");
  if (!button) return; // the rider took the consent to the location back: nothing asks for it
  const find = async () => {
    line.textContent = line.dataset.looking;
    const place = await locate();
    fill(form, place);
    line.textContent = place ? line.dataset.found.replace("{m}", place.accuracy_m) : line.dataset.failed;
  };
  button.hidden = false;
  button.addEventListener("click", find);
  permission().then((state) => { if (state === "granted") find(); });
}

async function submit(event) {
  event.preventDefault();
  const input = form.querySelector("input[type=file]");
  const file = photo ? { name: input.name, type: "image/jpeg", bytes: photo.bytes }
    : input.files[0] ? { name: input.name, type: input.files[0].type, bytes: await input.files[0].arrayBuffer() } : null;
  const key = crypto.randomUUID?.() ?? form.elements.namedItem("idempotency_key").value; // a page from the cache may hold a used one
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && value !== "" && !EDGE.includes(name));
  fields.push(["idempotency_key", key]);
  const item = { key, person, url: form.getAttribute("action"), fields, file };
  try { await keep(item); } catch { form.submit(); return; }
  const { ok, gone, body } = await send(item);
  if (ok) { await drop(item.key); location.href = body.location; return; }
  if (gone) { await drop(item.key); form.submit(); return; } // the server's own page names the faults
  form.hidden = true;
  document.getElementById("kept").hidden = false;
  document.getElementById("kept").focus();
}

if (form && person) {
  watchPhoto();
  watchPlace();
  form.addEventListener("submit", submit);
}

// The list of reports shows first what is still on this phone.
const waiting = document.querySelector("[data-waiting]");
if (waiting && person) {
  const show = async () => {
    const mine = await items(person);
    waiting.hidden = !mine.length;
    const rows = mine.map((item) => {
      const row = document.getElementById("waiting-row").content.firstElementChild.cloneNode(true);
      row.querySelector("[data-when]").textContent = new Date(item.madeAt).toLocaleString(document.documentElement.lang);
      if (item.refused) row.querySelector("[data-why]").textContent = item.refused;
      row.querySelector("button").addEventListener("click", async () => { await drop(item.key); show(); });
      row.querySelector("button").hidden = !item.refused;
      return row;
    });
    waiting.querySelector("ul").replaceChildren(...rows);
  };
  show();
  document.addEventListener("outbox-sent", () => { location.reload(); });
  flush(person);
}
