// The rider's own code, made on the phone every 30 seconds, with or without a signal.
//   "8" alg(1) handle(10) step%100(2) MACsrv(10) MACstn(8) Damm(1) = 33 digits, QR version 1 (docs: app/codes/kinds/personal.py)
// The key comes once, is kept as a key that cannot be read out again, and stays in this phone's IndexedDB.
import { bars } from "./bars.js";
import { csrf } from "./outbox.js";
import { ask } from "./reach.js";

const STEP_S = 30;
const DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];
const HMAC = { name: "HMAC", hash: "SHA-256" };
const bytes = (text) => new TextEncoder().encode(text);
const key = (raw) => crypto.subtle.importKey("raw", raw, HMAC, false, ["sign"]);
const mac = (by, text) => crypto.subtle.sign("HMAC", by, bytes(text));

/** The first 8 bytes as a number, its last `width` digits. */
const digits = (raw, width) => String(new DataView(raw).getBigUint64(0) % 10n ** BigInt(width)).padStart(width, "0");
const checked = (body) => body + [...body].reduce((state, digit) => Number(DAMM[state][digit]), 0);
const cityDay = (step) => new Date((step * STEP_S + 8 * 3600) * 1000).toISOString().slice(0, 10);

/** The 33 digits of a device {handle, alg, key} in one step. */
export async function code(device, step) {
  const dayKey = await key(await mac(device.key, `day|${cityDay(step)}`));
  const server = digits(await mac(device.key, `srv|${device.handle}|${step}`), 10);
  const station = digits(await mac(dayKey, `stn|${device.handle}|${step}`), 8);
  return checked(`8${device.alg}${device.handle}${String(step % 100).padStart(2, "0")}${server}${station}`);
}

const store = (mode, work) => new Promise((resolve, reject) => {
  const request = indexedDB.open("fengxing-code", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("devices", { keyPath: "person" });
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const database = request.result;
    const transaction = database.transaction("devices", mode);
    const asked = work(transaction.objectStore("devices"));
    transaction.oncomplete = () => { database.close(); resolve(asked.result); };
    transaction.onerror = () => { database.close(); reject(transaction.error); };
  };
});

const nameOfPhone = () => (navigator.userAgent.match(/; ([^;)]{2,40}?)(?: Build|\))/)?.[1] ?? navigator.platform ?? "").slice(0, 80) || "手机";

/** What the server says of my phones, and how far this clock is off; null without a connection. */
async function askState(url) {
  const began = Date.now();
  const answer = await ask(url), state = answer?.body;
  return answer?.ok && state ? { ...state, offset: Date.parse(state.server_time) - (began + Date.now()) / 2 } : null;
}

const hex = (raw) => Array.from(new Uint8Array(raw), (each) => each.toString(16).padStart(2, "0")).join("");

/** Ask for a key, under a claim that is kept first: if the answer gets lost on the way, this phone knows the new number as its own and gets the same key again. */
async function fetchDevice(person, url, known) {
  const claim = known?.claim ?? hex(crypto.getRandomValues(new Uint8Array(16)));
  await store("readwrite", (devices) => devices.put({ ...known, person, claim }));
  const began = Date.now();
  const answer = await ask(url, { method: "POST", headers: { "X-CSRF-TOKEN": csrf(), "Content-Type": "application/json" }, body: JSON.stringify({ device_name: nameOfPhone(), claim }) });
  const given = answer?.ok ? answer.body : null;
  if (!given) return null;
  const raw = Uint8Array.from(atob(given.key.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const middle = (began + Date.now()) / 2;
  const device = { person, handle: given.handle, alg: given.alg, key: await key(raw), offset: Date.parse(given.server_time) - middle, renewAt: Date.parse(given.valid_until) };
  await store("readwrite", (devices) => devices.put(device));
  return device;
}

const box = document.querySelector("[data-personal]");
const person = document.body.dataset.person;

// A phone that has drawn its code once gets the page without the server's picture. When it cannot draw after all, /code brings that back.
const own = box && "own" in box.dataset;
const again = () => (own ? navigator.onLine && location.replace("/code") : setTimeout(() => location.reload(), Number(box.dataset.again)));

/** Another phone shows the code. It is not taken over unasked: until then the server draws it here. */
function elsewhere(device, state) {
  if (own) { again(); return; }
  const note = box.querySelector("[data-elsewhere]");
  note.querySelector("span").textContent = note.dataset.words.replace("{device}", state.device_name);
  note.hidden = false;
  const timer = again();
  note.querySelector("button").addEventListener("click", async () => {
    clearTimeout(timer);
    await fetchDevice(person, box.dataset.personal, device);
    location.reload();
  });
}

function tellClock(offset) {
  const off = Math.round(Math.abs(offset) / 1000), note = box.querySelector("[data-clock]");
  if (!note || off <= 30) return;
  note.textContent = note.dataset.words.replace("{off}", off);
  note.hidden = false;
}

/** The device as the server knows it now: renewed, its clock put right (so that it stays right without a signal). Null: another phone shows the code. */
async function upToDate(device, state) {
  if (state.handle && !state.renew && state.handle !== device?.handle) {
    if (!device?.claim || state.claimed !== hex(await crypto.subtle.digest("SHA-256", bytes(device.claim)))) { elsewhere(device, state); return null; }
    device = { person, claim: device.claim }; // the number is this phone's, only its answer got lost; the one before has ended
  }
  if (!device?.key || state.renew) return (await fetchDevice(person, box.dataset.personal, device).catch(() => null)) ?? device;
  if (device.offset === state.offset) return device;
  device.offset = state.offset;
  await store("readwrite", (devices) => devices.put(device)).catch(() => {});
  return device;
}

/** The answer came after the code was drawn. A key that another phone has replaced makes no code that counts: it goes. */
async function catchUp(device, state) {
  const known = await upToDate(device, state);
  if (known === device) { tellClock(device.offset); return; }
  if (known === null) await store("readwrite", (devices) => devices.delete(person)).catch(() => {});
  location.reload();
}

/** Nothing to draw with. What the server drew counts for half a minute: on a page that the phone has kept it is no code any more. */
function withoutKey() {
  if (document.body.dataset.kept !== undefined) {
    for (const part of box.children) part.hidden = part.dataset.notYet === undefined;
  }
  again(); // else the picture stays, and the page renews itself
}

const SOON_MS = 1500;
const soon = () => new Promise((resolve) => { setTimeout(resolve, navigator.onLine ? SOON_MS : SOON_MS / 5, null); });

async function main() {
  let device = await store("readonly", (devices) => devices.get(person)).catch(() => null);
  const asked = askState(box.dataset.personal);
  // Who has a code need not wait for a weak signal, and not at all where nothing else is there to be looked at.
  const state = await (device?.key ? own ? null : Promise.race([asked, soon()]) : asked);
  if (state) {
    device = await upToDate(device, state);
    if (device === null) return;
  } else if (device?.key) asked.then((late) => late && catchUp(device, late));
  if (!device?.key) { withoutKey(); return; }
  tellClock(device.offset);
  navigator.storage?.persist?.().catch(() => {});
  const { generate, correction } = await import(box.dataset.drawing);
  const picture = box.querySelector(".qr"), typed = box.querySelector("[data-digits]"), tick = box.querySelector(".tick i"), lines = box.querySelector(".bars svg");
  const canvas = document.createElement("canvas");
  let shown = -1;
  const draw = async () => {
    const seconds = (Date.now() + device.offset) / 1000, step = Math.floor(seconds / STEP_S);
    tick.style.width = `${100 - ((seconds % STEP_S) / STEP_S) * 100}%`;
    if (step === shown) return;
    shown = step;
    const text = await code(device, step);
    generate(text, { minCorrectionLevel: correction.M }).toCanvas(canvas, { padX: 4, padY: 4, on: [26, 29, 31, 255], off: [255, 255, 255, 255] });
    if (lines) {
      const { path, side } = bars(text);
      lines.setAttribute("viewBox", `0 0 ${side} 48`);
      lines.replaceChildren(lines.querySelector("rect"), document.createElementNS(lines.namespaceURI, "path"));
      lines.querySelector("rect").setAttribute("width", side);
      lines.querySelector("path").setAttribute("d", path);
    }
    typed.textContent = text.replace(/(.{4})(?=.)/g, "$1 ");
    canvas.dataset.step = step;
  };
  await draw();
  picture.replaceChildren(canvas); // picture, digits and bars change from the server's code to the phone's as one
  if (!own) ask("/renew?draws=yes"); // from now on the page comes without them
  setInterval(draw, 500);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
  navigator.wakeLock?.request("screen").catch(() => {});
}

const able = box && person && globalThis.crypto?.subtle && "indexedDB" in globalThis && box.dataset.drawing;
if (able) main().catch(() => own && again());
else if (own || box?.dataset.again) again();
