// On the counter while there is a signal: an enrolled device is heard each minute, keeps its lease fresh, and knows the way to the offline counter.
import { device, lease, renew, upload } from "./station-log.js";

const station = location.pathname.split("/")[2], offline = `/station/${station}/offline`;
const FRESH_MS = 4 * 3600_000;

async function keepPage() {
  const answer = await fetch(offline, { credentials: "same-origin" }); // only a page of ours says that it may be kept
  if (answer.ok && answer.headers.get("X-Keep")) await (await caches.open("pages")).put(offline, answer);
}

async function hear() {
  const mine = await device();
  if (!mine || mine.station !== station || localStorage.getItem("fengxing-station-dark") === "yes") return;
  const told = await upload(), held = await lease();
  if (told?.items.length) { location.href = offline; return; } // what was noted without a signal is shown, never only sent
  if (!held || Date.now() - held.offset > held.takenAt + FRESH_MS) await renew();
}

document.getElementById("scan-form")?.addEventListener("submit", (event) => {
  if (navigator.serviceWorker?.controller || navigator.onLine) return; // the service worker sends it, and knows the way without a signal
  event.preventDefault();
  event.stopImmediatePropagation();
  location.href = offline;
}, true);

const quietly = () => hear().then(() => { document.body.dataset.heard = "yes"; }).catch(() => {});
quietly();
keepPage().catch(() => {});
setInterval(quietly, 60_000);
