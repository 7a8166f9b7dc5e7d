// The page behind a poster. Opening it credits nothing; it sends its form by itself only where the location permission was given before.
// The check-in is kept on the phone first, with the moment it was made; without a signal it waits there.
import { fill, locate, permission } from "./geolocate.js";
import { clockAhead, drop, keep, send } from "./outbox.js";

const form = document.querySelector("form[data-checkin]");
const state = document.querySelector("[data-state]");
const person = document.body.dataset.person;
const field = (name) => form.elements.namedItem(name);

function made(key, madeAt, place) {
  const code = form.getAttribute("action"); // a path of ours; whose poster it is, the server finds out
  const position = place ? { lat: place.lat, lng: place.lng } : null;
  const accuracy = place ? Math.min(place.accuracy_m, 100_000) : null;
  const entry = { id: key, kind: "checkin", at: new Date(madeAt - clockAhead()).toISOString(), code, position, accuracy_m: accuracy };
  const fields = ["lat", "lng", "accuracy_m", "idempotency_key"].map((name) => [name, field(name).value]);
  return { key, person, kind: "checkin", madeAt, url: form.getAttribute("action"), fields, file: null, entry };
}

const leave = () => { form.dataset.sentAt = ""; form.submit(); };

async function go() {
  const madeAt = Date.now(), key = crypto.randomUUID?.();
  state.textContent = state.dataset.looking;
  const place = await locate();
  fill(form, place);
  if (!key || !person) { leave(); return; }
  field("idempotency_key").value = key;
  const item = made(key, madeAt, place);
  try { await keep(item); } catch { leave(); return; }
  const { ok, gone, body } = await send(item, false);
  if (ok) { await drop(key); arrive(body); return; }
  if (gone) { await drop(key); leave(); return; } // the server's own page says why
  kept();
}

// The result came with the answer: on a slow network it is there a third of a second sooner. Its address is its own.
function arrive({ location: address, page }) {
  const next = page && new DOMParser().parseFromString(page, "text/html").querySelector("main.result");
  if (!next) { location.href = address; return; }
  document.querySelector("main").replaceWith(next);
  document.title = next.querySelector("h1").textContent;
  history.replaceState(null, "", address);
  navigator.vibrate?.([60]);
}

function kept() {
  form.hidden = true;
  state.textContent = state.dataset.kept;
  document.querySelector("h1").textContent = state.dataset.keptWord;
  document.getElementById("kept").hidden = false;
  navigator.vibrate?.([60]);
}

if (form) {
  if (!form.getAttribute("action")) form.setAttribute("action", location.pathname); // the page kept for a start without a signal
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation(); // sent here, once
    if (form.dataset.located) return;
    form.dataset.located = "yes";
    go();
  }, true);
  if (form.dataset.auto !== undefined && (await permission()) === "granted" && !form.dataset.located) {
    form.dataset.located = "yes";
    go();
  }
}
