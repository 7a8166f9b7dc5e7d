// The page behind a poster. Opening it credits nothing; it sends its form by itself only where the location permission was given before.
import { fill, locate, permission } from "./geolocate.js";

const form = document.querySelector("form[data-checkin]");
const state = document.querySelector("[data-state]");

async function go() {
  if (form.dataset.sentAt) return;
  state.textContent = state.dataset.looking;
  fill(form, await locate());
  form.requestSubmit ? form.requestSubmit() : form.submit();
}

if (form) {
  form.addEventListener("submit", (event) => {
    if (form.elements.namedItem("lat").value || form.dataset.located) return;
    event.preventDefault();
    form.dataset.located = "yes";
    go();
  });
  if (form.dataset.auto !== undefined && (await permission()) === "granted") {
    form.dataset.located = "yes";
    go();
  }
}
