// What was done without a signal: kept in IndexedDB, sent under an id made at that moment, so it counts once however often it is sent.
// An item belongs to the person who made it and waits while somebody else is signed in.
import { ask } from "./reach.js";

const open = () => new Promise((resolve, reject) => {
  const request = indexedDB.open("fengxing-outbox", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("items", { keyPath: "key" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const act = async (mode, work) => {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("items", mode);
      const request = work(transaction.objectStore("items"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally { database.close(); }
};

// A second place that remembers which items there should be: where one of the two is cleared, the loss is noticed and told.
const read = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } };
const write = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full: the first place still holds it */ } };
const NOTES = "fengxing-outbox", LOST = "fengxing-outbox-lost", CLOCK = "fengxing-clock";

const everything = () => act("readonly", (store) => store.getAll());
const put = (item) => act("readwrite", (store) => store.put(item));

/** How far this phone's clock is ahead of the server's, as far as it is known. */
export const clockAhead = () => read(CLOCK, 0);

/** Keep an item: {key, person, kind, url, fields: [[name, value]], file: {name, type, bytes} | null, entry}. Resolves when it is stored. */
export const keep = async (item) => {
  const kept = { kind: "report", madeAt: Date.now(), ...item, refused: null };
  inHand.add(kept.key);
  await put(kept);
  write(NOTES, [...read(NOTES, []), { key: kept.key, person: kept.person, madeAt: kept.madeAt }]);
  navigator.storage?.persist?.().catch(() => {}); // ask the phone not to clear it
};
export const drop = async (key) => {
  await act("readwrite", (store) => store.delete(key));
  write(NOTES, read(NOTES, []).filter((note) => note.key !== key));
};
export const items = async (person) => (await everything()).filter((item) => item.person === person);
export const othersCount = async (person) => (await everything()).filter((item) => item.person !== person).length;

/** What the phone cleared by itself before it could be sent: [{key, person, madeAt}], until it is dismissed. */
export async function lost(person) {
  const there = await everything(), keys = new Set(there.map((item) => item.key)), notes = read(NOTES, []);
  const gone = notes.filter((note) => !keys.has(note.key));
  if (gone.length) write(LOST, [...read(LOST, []), ...gone]);
  const noted = new Set(notes.map((note) => note.key));
  const found = there.filter((item) => !noted.has(item.key)).map(({ key, person: whose, madeAt }) => ({ key, person: whose, madeAt }));
  if (gone.length || found.length) write(NOTES, [...notes.filter((note) => keys.has(note.key)), ...found]);
  return read(LOST, []).filter((note) => note.person === person);
}
export const forgetLost = (person) => write(LOST, read(LOST, []).filter((note) => note.person !== person));

export const csrf = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrf_access_token=([^;]+)/)?.[1]
  ?? document.querySelector("input[name=csrf_token]")?.value ?? "";

const MOST_OFF_S = 10_000_000, PHOTO_MS = 60_000, BATCH_MS = 30_000;
const inHand = new Set(); // kept just now, and being sent by its own page
const NO_ANSWER = { ok: false, gone: false, body: null };

/** Send one form. Answers {ok, gone, body}: ok = counted, gone = refused for good, neither = try again later. */
export async function send(item, timed = Date.now() - (item.madeAt ?? Date.now()) > 60_000) {
  try { return await sendForm(item, timed); } finally { inHand.delete(item.key); }
}

async function sendForm(item, timed) {
  const form = new FormData();
  for (const [name, value] of item.fields) form.append(name, value);
  if (timed) form.append("happened_at", new Date(item.madeAt - clockAhead()).toISOString());
  if (item.file) form.append(item.file.name, new Blob([item.file.bytes], { type: item.file.type }), "photo.jpg");
  const answer = await ask(item.url, { method: "POST", body: form, headers: { Accept: "application/json", "X-CSRF-TOKEN": csrf() } }, PHOTO_MS);
  if (!answer) return NO_ANSWER;
  const { body } = answer;
  if (timed && body?.code === "unlikely-time") return sendForm(item, false); // this phone's clock runs wrong; the report stays true
  const later = answer.status >= 500 || [401, 408, 429].includes(answer.status) || body?.retryable || body?.code === "csrf-missing";
  return { ok: answer.ok, gone: !answer.ok && !later, body };
}

// Posters scanned without a signal go together, oldest first, all that is left of them: then they arrive in the order they were made.
async function sendCheckins(waiting, person, offset) {
  for (const item of waiting) if (!item.frozen) { // what was sent once must stay as it was
    item.entry.at = new Date(item.madeAt - offset).toISOString();
    item.frozen = true;
    await put(item);
  }
  const off = Math.max(-MOST_OFF_S, Math.min(MOST_OFF_S, Math.round(offset / 1000)));
  const body = { owner: person, sent_at: new Date(Date.now() - offset).toISOString(), clock_offset_s: off, items: waiting.map((item) => item.entry) };
  const answer = await ask("/api/v1/sync/batches", { method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRF-TOKEN": csrf() } }, BATCH_MS);
  return answer?.ok ? answer.body?.items ?? null : null;
}

let running = null, askedAgain = false;
/** Send all that waits for this person, oldest first; says on the page how many still wait and what became of the others. */
export function flush(person) {
  if (running) askedAgain = true; // the signal may have come back while this try was failing
  running ??= sendAll(person).finally(() => { running = null; }).then((left) => {
    const again = askedAgain && left;
    askedAgain = false;
    return again ? flush(person) : left;
  });
  return running;
}

// One small question first: is there a signal, is the session still good (it is renewed on the way), what time is it there?
async function reach(person) {
  const began = Date.now();
  const answer = await ask("/renew");
  if (answer?.status !== 204 || answer.headers.get("X-Person") !== person) return null; // another tab may have signed somebody else in
  const there = Date.parse(answer.headers.get("X-Time") ?? "");
  const offset = Number.isNaN(there) ? 0 : Math.round((began + Date.now()) / 2 - there);
  write(CLOCK, offset);
  return offset;
}

async function sendAll(person) {
  const gone = await lost(person);
  const waiting = (await items(person)).filter((item) => !item.refused && !inHand.has(item.key)).sort((a, b) => a.madeAt - b.madeAt);
  if (!waiting.length) { tell({ left: 0, sent: [], refused: "", gone, offset: 0 }); return 0; }
  const offset = await reach(person);
  const told = { left: waiting.length, sent: [], refused: "", gone, offset: offset ?? 0 };
  if (offset !== null) {
    const posters = waiting.filter((item) => item.kind === "checkin").slice(0, 500);
    for (const result of posters.length ? (await sendCheckins(posters, person, offset)) ?? [] : []) await settle(posters, result, told);
    for (const item of waiting.filter((each) => each.kind !== "checkin")) {
      const { ok, gone: never, body } = await send(item);
      if (ok) { await drop(item.key); told.sent.push(""); told.left -= 1; }
      else if (never) { await refuse(item, body?.detail, told); } else break;
    }
  }
  tell(told);
  if (told.sent.length || told.refused) document.dispatchEvent(new CustomEvent("outbox-sent", { detail: told.sent.length }));
  return told.left;
}

async function settle(posters, result, told) {
  const item = posters.find((each) => each.entry.id === result.id);
  if (!item) return;
  if (result.state === "refused") { await refuse(item, result.words, told); return; }
  await drop(item.key);
  told.sent.push(result.words || document.getElementById("waiting")?.dataset.received || "");
  told.left -= 1;
}

async function refuse(item, why, told) {
  told.refused = why || "?";
  await put({ ...item, refused: told.refused });
  told.left -= 1;
}

function tell({ left, sent, refused, gone, offset }) {
  const strip = document.getElementById("waiting");
  if (!strip) return;
  const { dataset } = strip, minutes = Math.round(Math.abs(offset) / 60_000);
  const lines = [];
  if (gone.length) lines.push(dataset.lost.replace("{n}", gone.length));
  if (left) lines.push(dataset.words.replace("{n}", left));
  else if (sent.length) lines.push([dataset.done, ...new Set(sent.filter(Boolean))].join(" "));
  if (refused) lines.push(`${dataset.refused}${refused}`);
  if (minutes >= 2 && (sent.length || refused)) lines.push(dataset[offset > 0 ? "ahead" : "behind"].replace("{n}", minutes));
  strip.hidden = !lines.length;
  strip.classList.toggle("done", sent.length > 0 && !left && !refused && !gone.length);
  strip.classList.toggle("bad", gone.length > 0);
  strip.querySelector("span").textContent = lines.join(" ");
}
