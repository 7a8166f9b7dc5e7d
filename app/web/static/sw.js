// Offline start of the rider's home, and files that never change under their address. The server puts VERSION before this line.
const FILES = `files-${VERSION}`, PAGES = "pages";

// What a start without a signal needs: home with the own code, and the report form.
const NEEDED = ["fengxing.css", "icon.svg", "js/app.js", "js/outbox.js", "js/personal-code.js", "js/report.js", "js/geolocate.js",
  "vendor/lean-qr/lean-qr.js"];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(FILES).then((cache) => Promise.allSettled(NEEDED.map((name) => cache.add(`/static/${VERSION}/${name}`)))));
});
addEventListener("activate", (event) => event.waitUntil(Promise.all([
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== FILES && name !== PAGES).map((name) => caches.delete(name)))),
  clients.claim(),
])));
addEventListener("message", (event) => { if (event.data === "forget") event.waitUntil(caches.delete(PAGES)); });

const fromFiles = async (request) => {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) cache.put(request, answer.clone());
  return answer;
};

// Whoever has seen the home page can also report without a signal.
const keepForm = async (cache) => {
  if (await cache.match("/report")) return;
  const form = await fetch("/report").catch(() => null);
  if (form?.ok && form.headers.get("X-Keep") === "yes") cache.put("/report", form);
};

// The network first; the kept page when there is none, or when it takes longer than three seconds.
const fromNetwork = async (request) => {
  const cache = await caches.open(PAGES);
  const answer = fetch(request).then((found) => {
    if (found.ok && !found.redirected && found.headers.get("X-Keep") === "yes") {
      cache.put(request, found.clone());
      if (request.url.endsWith("/")) keepForm(cache);
    }
    return found;
  });
  const kept = await cache.match(request);
  if (!kept) return answer;
  const late = new Promise((resolve) => { setTimeout(() => resolve(kept), 3000); });
  return Promise.race([answer.catch(() => kept), late]);
};

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fromFiles(request));
  else if (request.mode === "navigate" && (url.pathname === "/" || url.pathname === "/report")) event.respondWith(fromNetwork(request));
});
