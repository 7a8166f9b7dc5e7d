// The offline counter: codes are verified with the keys of the day, goods go out within the lease, everything is noted in the log.
// Going offline happens by itself or by hand; coming back uploads all and says what became of each entry.
import { listen } from "./scan-gun.js";
import { reached } from "./reach.js";
import { append, device, digest, enrol, entries, forget, lease, missing, now, renew, saveLease, unsent, upload } from "./station-log.js";

const root = document.getElementById("dark");
const station = root.dataset.station;
const part = (name) => root.querySelector(`[data-part=${name}]`);
const words = Object.fromEntries([...root.querySelectorAll("[data-words] dt")].map((each) => [each.textContent, each.nextElementSibling.textContent]));
const CITY = "Asia/Shanghai";
const STEP_S = 30, MAX_SKEW_S = 90, WINDOW_MS = 4 * 3600_000, CITY_MS = 8 * 3600_000, SHOWN_MS = 120_000;
const AGAIN_MS = 3_000, LOOK_MS = 30_000, GUESSES = 5, GUESS_MS = 60_000;
const DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];
const whole = (digits) => [...digits].reduce((state, digit) => Number(DAMM[state][digit]), 0) === 0;
const cityDay = (ms) => new Date(ms + CITY_MS).toISOString().slice(0, 10);
const windowOf = (ms) => Math.floor((ms + CITY_MS) / WINDOW_MS);
const unpacked = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

let held = null, mine = null, chosen = null, guesses = [];

// --- what is on the screen ---

const BY_HAND = "fengxing-station-dark";
const byHand = () => localStorage.getItem(BY_HAND) === "yes";
let silent = !navigator.onLine; // a guess for the first picture; from then on it is what the request asked last found out
const isDark = () => byHand() || silent;
let asked = 0, heard = 0;
/** What a request found out about the signal. One that was asked earlier and is answered later is no news: the counter would come and go. */
function learn(turn, there) {
  if (turn < heard) return;
  heard = turn;
  silent = !there;
}

function fill(element, name, values) {
  element.textContent = Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), element.dataset[name]);
}

async function show() {
  [mine, held] = [await device(), await lease()];
  if (held) held = await forget(held);
  if (mine && mine.station !== station) mine = null;
  const log = mine ? await entries() : [], gone = mine ? await missing() : 0; // first all that takes time, then draw at once
  const dark = Boolean(mine && held && (isDark() || log.some((each) => each.state === "saved")));
  part("enrol").hidden = Boolean(mine);
  part("ready").hidden = !mine || !held || dark;
  part("scan").hidden = part("log").hidden = !dark;
  root.querySelector("[data-mode]").hidden = !dark;
  if (held) fill(part("ready").querySelector("[data-facts]"), "facts", { riders: held.riders.length, vouchers: held.vouchers.length, left: held.left,
    until: new Date(held.ends_at).toLocaleString(document.documentElement.lang, { timeZone: CITY, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" }) });
  fill(part("log").querySelector("[data-count]"), "count", { n: log.filter((each) => each.state === "saved").length });
  const note = part("log").querySelector("[data-missing]");
  note.hidden = !gone;
  fill(note, "missing", { n: gone });
  part("log").querySelector("[data-log]").replaceChildren(...log.slice(-8).reverse().map(row));
  root.dataset.state = !mine ? "enrol" : dark ? "dark" : "ready";
}

function row(entry) {
  const line = document.createElement("li"), grow = document.createElement("span"), tag = document.createElement("span");
  line.className = "cell"; grow.className = "grow"; tag.className = `tag ${{ counted: "ok", refused: "bad", review: "warn", waiting: "warn" }[entry.state] ?? ""}`;
  grow.textContent = [words[entry.kind], entry.what, new Date(entry.at).toLocaleTimeString(document.documentElement.lang, { timeZone: CITY, hour: "2-digit", minute: "2-digit" })].filter(Boolean).join(" · ");
  if (entry.words) { const small = document.createElement("small"); small.className = "muted"; small.textContent = entry.words; grow.append(document.createElement("br"), small); }
  tag.textContent = words[`state-${entry.state}`];
  line.append(grow, tag);
  return line;
}

const BEATS = { ok: [60], warn: [40, 80, 40], bad: [300] };
function verdict(tone, key, more = "") {
  const box = root.querySelector("[data-verdict]");
  box.hidden = false;
  box.className = `verdict ${tone}`;
  box.querySelector("span").textContent = [words[key] ?? key, more].filter(Boolean).join(" · ");
  navigator.vibrate?.(BEATS[tone]);
}
const fault = (text) => { const box = root.querySelector("[data-fault]"); box.hidden = !text; box.textContent = text ?? ""; };

// --- verifying ---

async function stationDigits(dayKey, handle, step) {
  const key = await crypto.subtle.importKey("raw", unpacked(dayKey), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const raw = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`stn|${handle}|${step}`));
  return String(new DataView(raw).getBigUint64(0) % 10n ** 8n).padStart(8, "0");
}

function nearestStep(shown, at) {
  const current = Math.floor(at / 1000 / STEP_S), ahead = (((shown - current) % 100) + 100) % 100;
  return current + (ahead >= 50 ? ahead - 100 : ahead);
}

/** {rider, step} of a genuine code shown just now, or the word that says why not. */
async function verify(code, at) {
  if (!whole(code)) return "checksum";
  const rider = held.riders.find((each) => each.handle === code.slice(2, 12) && each.alg === code[1]);
  if (!rider) return "unknown";
  const step = nearestStep(Number(code.slice(12, 14)), at);
  if (Math.abs(step - Math.floor(at / 1000 / STEP_S)) * STEP_S > MAX_SKEW_S) return "old";
  const key = rider.keys[held.days.indexOf(cityDay(step * STEP_S * 1000))];
  if (!key) return "no-lease";
  if ((await stationDigits(key, rider.handle, step)) === code.slice(24, 32)) return { rider, step };
  guesses.push(at);
  return "forged";
}

// One after the other: what is scanned while a hand-over is being noted must find it noted.
let last = Promise.resolve();
const inTurn = (work) => { last = last.then(work, work); };
const scanned = (text) => inTurn(() => take(text));

async function take(text) {
  const code = text.replace(/\s/g, ""), at = now(held);
  chosen = null;
  part("give").hidden = true;
  guesses = guesses.filter((each) => at - each < GUESS_MS);
  if (guesses.length >= GUESSES) { verdict("bad", "slow"); return; }
  if (at >= Date.parse(held.ends_at)) { verdict("bad", "no-lease"); return; }
  if (/^9[0-9]{25}$/.test(code)) await voucher(code, at);
  else if (/^8[0-9]{32}$/.test(code)) await rider(code, at);
  else verdict("bad", "format");
  await show();
}

async function rider(code, at) {
  const found = await verify(code, at);
  if (typeof found === "string") { verdict("bad", found); return; }
  const log = await entries(), { handle } = found.rider;
  const visits = log.filter((each) => each.kind === "scan" && each.handle === handle);
  const before = visits.find((each) => windowOf(each.at) === windowOf(at));
  if (before) verdict("warn", "already");
  else {
    await append({ kind: "scan", code }, { kind: "scan", handle, at });
    verdict("ok", "ok");
  }
  offer(code, found.rider, log, at);
}

async function voucher(code, at) {
  if (!whole(code)) { verdict("bad", "checksum"); return; }
  const mark = (await digest(`voucher|${code}`)).slice(0, 32), found = held.vouchers.find((each) => each.digest === mark);
  if (!found) { verdict("bad", "voucher-unknown"); return; }
  if ((await entries()).some((each) => each.mark === mark)) { verdict("warn", "voucher-used"); return; }
  if (at >= Date.parse(found.expires_at)) { verdict("bad", "expired"); return; }
  verdict("ok", "voucher-ok", found.reward);
  choices([found.reward], () => { chosen = { told: { kind: "voucher", code }, shown: { kind: "voucher", mark, what: found.reward }, until: at + SHOWN_MS }; });
}

// --- handing over: a tap on the item, then a tap on the button; no scan ever confirms ---

function offer(code, rider, log, at) {
  const today = log.filter((each) => each.kind === "redeem" && each.handle === rider.handle && cityDay(each.at) === cityDay(at));
  if (today.length >= held.per_rider_a_day) { verdict("warn", "one-a-day"); return; }
  const most = Math.min(held.left, rider.spend), fit = held.rewards.filter((each) => each.points <= most && each.free > 0);
  if (!fit.length) return;
  choices(fit.map((each) => `${each.name} ${part("give").querySelector("[data-rewards]").dataset.price.replace("{n}", each.points)}`), (place) => {
    const { id, name, points } = fit[place];
    chosen = { told: { kind: "redeem", code, reward_id: id }, shown: { kind: "redeem", handle: rider.handle, what: name }, points, reward: id, until: at + SHOWN_MS };
  });
}

function choices(names, choose) {
  const box = part("give"), confirm = box.querySelector("[data-do=confirm]");
  box.hidden = false;
  confirm.disabled = true;
  fill(box.querySelector("[data-left]"), "left", { n: held.left });
  box.querySelector("[data-rewards]").replaceChildren(...names.map((name, place) => {
    const label = document.createElement("label"), input = document.createElement("input"), span = document.createElement("span");
    Object.assign(input, { type: "radio", name: "reward", value: place });
    input.addEventListener("change", () => { choose(place); confirm.disabled = false; });
    span.textContent = name;
    label.append(input, span);
    return label;
  }));
}

function confirm() {
  const given = chosen, at = now(held);
  chosen = null;
  part("give").hidden = true;
  if (!given || at > given.until) { verdict("bad", "old"); return; }
  inTurn(() => handOver(given, at));
}

async function handOver(given, at) {
  await append(given.told, { ...given.shown, at });
  if (given.points) {
    held = await lease(); // coming back may have brought another one meanwhile
    held.left -= given.points;
    for (const item of held.rewards) if (item.id === given.reward) item.free -= 1;
    for (const rider of held.riders) if (rider.handle === given.shown.handle) rider.spend -= given.points;
    await saveLease(held);
  }
  verdict("ok", "given", given.shown.what);
  await show();
}

// --- going and coming back ---

// By itself or by hand. Somebody may note more, or go offline by hand, while it is under way: both are respected.
let coming = false;
async function comeBack(byButton) {
  if (coming) return;
  coming = true;
  try { await sendAll(byButton); } finally { coming = false; }
}

async function sendAll(byButton) {
  const button = root.querySelector("[data-do=come-back]");
  button.disabled = true;
  button.textContent = button.dataset.sending;
  let told, turn;
  do {
    turn = ++asked;
    told = await upload().catch(() => null);
  } while (told && await unsent());
  button.disabled = false;
  button.textContent = button.dataset.words;
  learn(turn, told);
  if (!told) {
    fault(words["no-signal"]);
    later(AGAIN_MS); // a signal that has just come back may be weak
    await show();
    return;
  }
  fault(null);
  if (byButton) localStorage.removeItem(BY_HAND);
  if (told.items.length) {
    part("back").hidden = false;
    fill(part("back").querySelector("[data-sum]"), "sum", { sent: told.sent, have: told.have });
    part("back").querySelector("[data-outcome]").replaceChildren(...told.items.map(row));
    part("give").hidden = true;
    root.querySelector("[data-verdict]").hidden = true;
  }
  if (told.sent === told.have && !isDark()) fault(await renew().catch(() => null));
  await show();
}

// Asked again and again, sooner when the browser believes that something has changed: what it believes decides nothing.
let timer = 0, wait = AGAIN_MS, first = true;
function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(begin, ms);
}

async function begin() {
  await show();
  if (!mine || byHand()) return;
  const before = silent, turn = ++asked;
  learn(turn, await reached());
  wait = silent ? Math.min(2 * wait, LOOK_MS) : AGAIN_MS;
  later(silent ? wait : LOOK_MS);
  if (silent || byHand()) { await show(); return; }
  if (!held) { fault(await renew().catch(() => null)); await show(); }
  else if (before || first || (await unsent())) { first = false; await comeBack(false); }
}

listen((text, before) => scanned(/^[0-9]+$/.test(before) ? before + text : text));
document.getElementById("scan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const field = event.target.elements.namedItem("text"), text = field.value;
  field.value = "";
  if (text.trim()) scanned(text);
}, true);
root.querySelector("[data-enrol]").addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const { code, name } = event.target.elements;
  const why = await enrol(station, code.value.replace(/\s/g, ""), name.value).catch(() => words["no-signal"]);
  fault(why);
  if (!why) await begin();
}, true);
root.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "go-dark") { localStorage.setItem(BY_HAND, "yes"); part("back").hidden = true; show(); }
  if (what === "come-back") comeBack(true);
  if (what === "confirm") confirm();
  if (what === "put-away") upload("asleep").then(() => { location.href = `/station/${station}`; });
});
addEventListener("online", begin);
addEventListener("offline", begin);
begin();
