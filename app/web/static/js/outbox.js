// What was said without a signal: kept in IndexedDB, sent with its own Idempotency-Key, so it counts once however often it is sent.
// An item belongs to the person who made it and waits while somebody else is signed in.
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

/** Keep an item: {key, person, url, fields: [[name, value]], file: {name, type, bytes} | null}. Resolves when it is stored. */
export const keep = (item) => act("readwrite", (store) => store.put({ ...item, madeAt: Date.now(), refused: null }));
export const drop = (key) => act("readwrite", (store) => store.delete(key));
export const items = async (person) => (await act("readonly", (store) => store.getAll())).filter((item) => item.person === person);

export const csrf = () => document.cookie.match(/(?:^|; )csrf_access_token=([^;]+)/)?.[1]
  ?? document.querySelector("input[name=csrf_token]")?.value ?? "";

/** Send one item. Answers {ok, gone, body}: ok = counted, gone = refused for good, neither = try again later. */
export async function send(item, timed = Date.now() - (item.madeAt ?? Date.now()) > 60_000) {
  const form = new FormData();
  for (const [name, value] of item.fields) form.append(name, value);
  if (timed) form.append("happened_at", new Date(item.madeAt).toISOString());
  if (item.file) form.append(item.file.name, new Blob([item.file.bytes], { type: item.file.type }), "photo.jpg");
  let answer;
  try {
    answer = await fetch(item.url, { method: "POST", body: form, credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRF-TOKEN": csrf() } });
  } catch { return { ok: false, gone: false, body: null }; }
  const body = await answer.json().catch(() => null);
  if (timed && body?.code === "unlikely-time") return send(item, false); // this phone's clock runs wrong; the report stays true
  const later = answer.status >= 500 || [401, 408, 429].includes(answer.status) || body?.retryable || body?.code === "csrf-missing";
  return { ok: answer.ok, gone: !answer.ok && !later, body };
}

let running = null;
/** Send all that waits for this person, oldest first; says on the page how many still wait. */
export function flush(person) {
  running ??= sendAll(person).finally(() => { running = null; });
  return running;
}

async function sendAll(person) {
  const waiting = (await items(person)).filter((item) => !item.refused).sort((a, b) => a.madeAt - b.madeAt);
  const strip = document.getElementById("waiting");
  let left = waiting.length, sent = 0, refused = "";
  for (const item of waiting) {
    const { ok, gone, body } = await send(item);
    if (ok) { await drop(item.key); sent += 1; left -= 1; }
    else if (gone) {
      refused = body?.detail ?? "";
      await act("readwrite", (store) => store.put({ ...item, refused: refused || "?" }));
      left -= 1;
    } else break;
  }
  if (!strip) return;
  strip.hidden = !(left || sent || refused);
  strip.classList.toggle("done", !left && !refused);
  if (left) strip.textContent = strip.dataset.words.replace("{n}", left);
  else if (refused) strip.textContent = `${strip.dataset.refused}${refused}`;
  else if (sent) strip.textContent = strip.dataset.done;
  if (sent) document.dispatchEvent(new CustomEvent("outbox-sent", { detail: sent }));
}
