// Without a signal the scanned poster opens from what is kept on the phone; other codes need the network, and the page says so.
const form = document.getElementById("scan-form"), noSignal = document.getElementById("scan-no-signal");
const POSTER = /^(?:https?:\/\/[^/]+)?(\/S\/[0-9A-HJKMNP-TV-Z]{14})(?:[?#].*)?$/i;

form.addEventListener("submit", (event) => {
  const poster = form.elements.namedItem("text").value.trim().match(POSTER);
  if (!poster && (navigator.serviceWorker?.controller || navigator.onLine)) return; // the service worker sends it, and leads back here without a signal
  event.preventDefault();
  event.stopImmediatePropagation();
  if (poster) location.href = poster[1].toUpperCase();
  else noSignal.hidden = false;
}, true);

noSignal.hidden = location.hash !== "#no-signal";
