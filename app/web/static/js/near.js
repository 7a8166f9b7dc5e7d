// "Nearest first": asks where the phone is when the button is pressed, then opens the list for that place.
import { locate, permission } from "./geolocate.js";

const form = document.querySelector("form[data-near]");
const rounded = (value) => value.toFixed(4); // some ten metres: enough for a distance, no more in the address

async function show() {
  const place = await locate();
  if (!place) { form.querySelector("[data-state]").textContent = form.dataset.failed; return; }
  form.elements.namedItem("lat").value = rounded(place.lat);
  form.elements.namedItem("lng").value = rounded(place.lng);
  form.submit();
}

if (form) {
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  if (form.dataset.auto !== undefined && (await permission()) === "granted") show();
}
