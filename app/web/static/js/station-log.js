// A station's device without a signal: its key, its lease, and the log in which each entry carries the hash of the one before.
//   hash = SHA-256(previous hash + "\n" + text), the first one follows the lease's id; signed with ECDSA P-256 (docs: app/sync/chain.py)
// The private key cannot be read out. How long the log is stands in a second place, so that a loss is noticed.
import { csrf } from "./outbox.js";
import { ask } from "./reach.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" }, SIGN = { name: "ECDSA", hash: "SHA-256" };
const BATCH = 200;
const bytes = (text) => new TextEncoder().encode(text);
const hex = (raw) => [...new Uint8Array(raw)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const packed = (raw) => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
export const digest = async (text) => hex(await crypto.subtle.digest("SHA-256", bytes(text)));

const open = () => new Promise((resolve, reject) => {
  const request = indexedDB.open("fengxing-station", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("facts"); // device, lease
    request.result.createObjectStore("log", { keyPath: "seq" });
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function act(stores, mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(stores, mode);
      const request = work(transaction);
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally { database.close(); }
}
const fact = (name) => act(["facts"], "readonly", (all) => all.objectStore("facts").get(name));
const remember = (name, value) => act(["facts"], "readwrite", (all) => all.objectStore("facts").put(value, name));

export const device = () => fact("device");
export const lease = () => fact("lease");
export const saveLease = (value) => remember("lease", value);
export const entries = () => act(["log"], "readonly", (all) => all.objectStore("log").getAll());

/** After the lease has ended its keys open nothing any more, so nobody should find them: what is left is what the log needs. */
export async function forget(held) {
  if (Date.parse(held.ends_at) > now(held) || !(held.riders.length || held.vouchers.length)) return held;
  const bare = { ...held, riders: [], vouchers: [], rewards: [] };
  await saveLease(bare);
  return bare;
}

/** How many entries the server has not heard of. */
export const unsent = async () => (await entries()).filter((each) => each.state === "saved").length;

const COUNT = "fengxing-station";
const noted = () => { try { return JSON.parse(localStorage.getItem(COUNT)) ?? {}; } catch { return {}; } };
const note = (value) => { try { localStorage.setItem(COUNT, JSON.stringify(value)); } catch { /* the log itself still counts */ } };

/** How many entries of this lease the device itself has lost. */
export async function missing() {
  const held = await lease(), { lease: id, count = 0 } = noted();
  return held && id === held.id ? Math.max(0, count - (await entries()).length) : 0;
}

// A signal that is too weak to answer is none: nobody waits long for it. Throws without one.
const within = async (url, options) => (await ask(url, options)) ?? Promise.reject(new Error("no signal"));
const post = (url, body) => within(url, { method: "POST", body: JSON.stringify(body),
  headers: { "Content-Type": "application/json", "X-CSRF-TOKEN": csrf() } });

/** Make a key on this device and enrol it. Answers the server's sentence if it was refused, else null. */
export async function enrol(station, code, name) {
  const keys = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const publicKey = packed(await crypto.subtle.exportKey("raw", keys.publicKey));
  const answer = await post(`/api/v1/sync/stations/${station}/devices`, { code, name, public_key: publicKey });
  const { body } = answer;
  if (!answer.ok) return body.detail;
  await act(["facts", "log"], "readwrite", (all) => {
    all.objectStore("log").clear();
    all.objectStore("facts").delete("lease");
    return all.objectStore("facts").put({ id: body.id, station, name, key: keys.privateKey }, "device");
  });
  return null;
}

const sign = async (key, message) => packed(await crypto.subtle.sign(SIGN, key, bytes(message)));

/** Add one entry; two tabs take turns. Answers the entry. */
export function append(told, shown) {
  return alone(async () => {
    const [held, mine, log] = [await lease(), await device(), await entries()];
    const last = log.at(-1), seq = (last?.seq ?? 0) + 1, prev = last?.hash ?? held.head;
    const text = JSON.stringify({ id: crypto.randomUUID(), seq, at: new Date(now(held)).toISOString(), ...told });
    const hash = await digest(`${prev}\n${text}`);
    const entry = { seq, text, prev, hash, signature: await sign(mine.key, hash), state: "saved", ...shown };
    farewell = null; // from here on there is something to tell first
    await act(["log"], "readwrite", (all) => all.objectStore("log").add(entry));
    note({ lease: held.id, count: seq });
    return entry;
  });
}
const alone = (work) => (navigator.locks ? navigator.locks.request("fengxing-station-log", work) : work());

/** The server's time as far as this device knows it. */
export const now = (held) => Date.now() - (held?.offset ?? 0);

// The session may have run out meanwhile: it is renewed on the way, and the clock is compared.
async function offsetNow() {
  const began = Date.now();
  const answer = await within("/renew");
  const there = Date.parse(answer.headers.get("X-Time") ?? "");
  return Number.isNaN(there) ? null : Math.round((began + Date.now()) / 2 - there);
}

/** A new lease with what a day without a signal needs. Answers the server's sentence if it was refused, else null.
 * The log begins anew with it, so nothing is noted meanwhile, and what was noted last must have been sent: else the old one stays. */
export const renew = () => alone(async () => {
  if (await unsent()) return null;
  const mine = await device();
  await offsetNow();
  const began = Date.now();
  const answer = await post(`/api/v1/sync/devices/${mine.id}/lease`, {});
  const { body } = answer;
  if (!answer.ok) return body.detail;
  const { lease: given, server_time: there, ...facts } = body;
  const before = await lease();
  const same = before?.id === given.id;
  if (!same) await act(["log"], "readwrite", (all) => all.objectStore("log").clear());
  await saveLease({ ...given, ...facts, head: given.id.replaceAll("-", ""), left: given.points_limit - given.points_used,
    offset: Math.round((began + Date.now()) / 2 - Date.parse(there)), takenAt: Date.parse(there) });
  const log = await entries(), kept = await lease();
  note({ lease: given.id, count: log.length });
  farewell = { ...(await statement(mine, kept, log.length, log.at(-1)?.hash ?? kept.head, "asleep")), clock_offset_s: 0, items: [] };
  return null;
});

async function statement(mine, held, count, head, mood) {
  const sentAt = new Date().toISOString(), said = [mine.id, held.id, count, head, sentAt, mood].join("|");
  return { sent_at: sentAt, log: { device_id: mine.id, lease_id: held.id, count, head, mood, signature: await sign(mine.key, said) } };
}

// Signed beforehand, because nothing can be signed while a page closes: a device that is closed with a signal keeps nobody waiting.
let farewell = null;
addEventListener("pagehide", () => {
  if (farewell) navigator.sendBeacon("/api/v1/sync/batches", new Blob([JSON.stringify(farewell)], { type: "application/json" }));
});

/** Send what is in the log and say how long it is. Answers {have, sent, items} or null without a signal. */
export async function upload(mood = "awake") {
  const [held, mine, log] = [await lease(), await device(), await entries()];
  if (!held || !mine) return null;
  const count = Math.max(log.length, (await missing()) + log.length), head = log.at(-1)?.hash ?? held.head;
  const drift = await offsetNow().then((offset) => Math.round(((offset ?? held.offset) - held.offset) / 1000)).catch(() => null);
  if (drift === null) return null;
  let have = 0;
  for (let start = 0; start === 0 || start < log.length; start += BATCH) {
    const body = { ...(await statement(mine, held, count, head, mood)), clock_offset_s: Math.max(-1e7, Math.min(1e7, drift)),
      items: log.slice(start, start + BATCH).map(({ text, prev, signature }) => ({ text, prev, signature })) };
    const answer = await post("/api/v1/sync/batches", body).catch(() => null);
    if (!answer?.ok) return null;
    const told = answer.body;
    have = told.have;
    for (const [place, item] of told.items.entries()) Object.assign(log[start + place], { state: item.state, words: item.words });
  }
  const last = { ...(await statement(mine, held, count, head, "asleep")), clock_offset_s: 0, items: [] };
  await alone(async () => {
    if ((await lease())?.id !== held.id) return; // another tab has begun a new log meanwhile
    await act(["log"], "readwrite", (all) => { for (const entry of log) all.objectStore("log").put(entry); });
    if (!(await unsent())) farewell = last;
  });
  return { have, sent: count, items: log };
}
