// Without a signal the scanned poster opens from what is kept on the phone; other codes need the network, and the page says so.
const form = document.getElementById("scan-form");
const POSTER = /^(?:https?:\/\/[^/]+)?(\/S\/[0-9A-HJKMNP-TV-Z]{14})(?:[?#].*)?$/i;

form.addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const poster = form.elements.namedItem("text").value.trim().match(POSTER);
  if (poster) location.href = poster[1].toUpperCase();
  else document.getElementById("scan-no-signal").hidden = false;
}, true);
