// On every page: offline strip, one tap = one sending, focus on faults, waiting reports, the service worker.
import { forgetTyped, remember } from "./typed.js";

const byId = (id) => document.getElementById(id);

// A phone may believe that it is online when it is not; a page that came out of the phone itself knows better.
// What a request found out counts; until then, what it believes.
const showOffline = (event) => { byId("offline").hidden = event?.detail ?? (navigator.onLine && (event?.type === "online" || document.body.dataset.kept === undefined)); };
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
document.addEventListener("signal", showOffline);
showOffline();

// What was typed in several lines would be lost with the page that is sent into nowhere: where the signal is in doubt, the page stays
// until our server answers.
async function sendOnceReached(form, button) {
  const { reached } = await import("./reach.js").catch(() => ({ reached: async () => false }));
  const there = await reached(), told = form.querySelector("[data-unsent]") ?? document.createElement("p");
  Object.assign(told, { className: "wrong", role: "alert", hidden: there, textContent: byId("offline").dataset.unsent });
  told.dataset.unsent = "";
  (button?.closest(".bar") ?? button ?? form.lastElementChild).before(told);
  if (!there) return;
  form.dataset.reached = "";
  form.requestSubmit(button);
}

// A second tap within eight seconds does nothing; the first one keeps the value of its button.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (!byId("offline").hidden && form.dataset.reached === undefined && form.querySelector("textarea")) {
    event.preventDefault();
    sendOnceReached(form, event.submitter);
    return;
  }
  delete form.dataset.reached;
  if (Number(form.dataset.sentAt || 0) > Date.now() - 8000) { event.preventDefault(); return; }
  form.dataset.sentAt = Date.now();
  remember(form);
  const token = document.cookie.match(/(?:^|; )(?:__Host-)?csrf_access_token=([^;]+)/);
  if (token && form.elements.csrf_token) form.elements.csrf_token.value = token[1]; // another tab may have renewed the session
  if (form.dataset.leaving !== undefined) forget();
  if (form.dataset.givesFile !== undefined) return; // this page stays, and nothing would free the button again
  setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent-at]").forEach((form) => {
  delete form.dataset.sentAt;
  form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
}));

// A browser cannot go back to what a form was answered with: whoever goes on from there comes back to the page of the form.
const goOn = (event) => { if (!event.defaultPrevented) history.replaceState(history.state, "", document.body.dataset.here); };
if (document.body.dataset.here) {
  document.addEventListener("submit", goOn);
  document.addEventListener("click", (event) => { if (event.target.closest("a[href]")) goOn(event); });
}

// The way back from a row leads to the list as it was picked, as far as one had gone on in it and where one was on it; also after
// something was done with the row, when one comes from the row itself.
const back = document.querySelector("header.top > a"), LIST = "fengxing-list";
if (back && !back.search && document.referrer) {
  const from = new URL(document.referrer), row = new URL(document.body.dataset.here ?? location.href, location).pathname;
  try {
    if (from.origin === location.origin && from.pathname === back.pathname) {
      back.href = from.href;
      back.addEventListener("click", goBack);
      sessionStorage.setItem(LIST, JSON.stringify({ row, href: from.href }));
    } else if (from.pathname.startsWith(row)) {
      const kept = JSON.parse(sessionStorage.getItem(LIST));
      if (kept?.row === row) back.href = kept.href;
    }
  } catch { /* no such storage: the list from its beginning */ }
}

// The browser's own way back, where the list lies just before: it knows how far one had scrolled.
function goBack(event) {
  const [came] = performance.getEntriesByType("navigation");
  if (event.ctrlKey || event.metaKey || event.shiftKey || location.hash || came?.type !== "navigate" || history.length < 2) return;
  event.preventDefault();
  history.back();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open], [data-close], [data-print]");
  if (!button) return;
  if (button.dataset.open) byId(button.dataset.open).showModal();
  else if (button.dataset.print !== undefined) print();
  else button.closest("dialog").close();
});

// A desk's menu scrolls on a narrow screen: by keyboard each of it is seen whole, and not the half that browsers are content with.
document.querySelector(".side")?.addEventListener("focusin", (event) => event.target.scrollIntoView({ block: "nearest", inline: "nearest" }));

// Escape closes the question one stands in, and stays on the page: what was typed in it is still there when it opens again.
document.addEventListener("keydown", (event) => {
  const question = event.key === "Escape" && !event.isComposing && !event.target.closest("select, [type^=date]") && event.target.closest("details[open]");
  if (!question) return;
  event.preventDefault();
  question.open = false;
  question.querySelector("summary").focus();
});

// A tile says which photo was chosen; the browser's own field, which would, lies unseen below it.
document.addEventListener("change", ({ target }) => {
  const words = target.type === "file" && target.closest(".shot")?.querySelector(".strong");
  if (!words) return;
  words.dataset.empty ??= words.textContent;
  words.textContent = target.files[0]?.name ?? words.dataset.empty;
});

document.querySelector("[data-focus]")?.focus();

// A screen with a code that changes fetches itself again.
const stale = document.querySelector("[data-reload-s]");
if (stale) setTimeout(() => location.reload(), stale.dataset.reloadS * 1000);

const tone = document.querySelector("main.result")?.dataset.tone;
const beats = { ok: [60], warn: [40, 80, 40], bad: [300] }[tone];
if (beats) navigator.vibrate?.(beats);

// Signing out leaves nothing of this rider on the phone, except reports that are still waiting to be sent.
function forget() {
  forgetTyped();
  sessionStorage.removeItem(LIST);
  navigator.serviceWorker?.controller?.postMessage("forget");
  indexedDB.deleteDatabase("fengxing-code");
}

navigator.serviceWorker?.register("/sw.js").catch(() => {});

const person = document.body.dataset.person;
if (person && "indexedDB" in window) {
  const [{ flush }, { reached }] = await Promise.all([import("./outbox.js"), import("./reach.js")]);
  const send = () => flush(person).catch(() => {});
  addEventListener("online", send);
  addEventListener("offline", () => reached());
  if (!navigator.onLine) reached();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(send, 30_000);
  send();
}
