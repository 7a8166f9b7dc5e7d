// Offline start of the rider's home, and files that never change under their address. The server puts VERSION before this line.
const FILES = `files-${VERSION}`, PAGES = "pages";

addEventListener("install", () => skipWaiting());
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

// The network first; the kept page when there is none, or when it takes longer than three seconds.
const fromNetwork = async (request) => {
  const cache = await caches.open(PAGES);
  const answer = fetch(request).then((found) => {
    if (found.ok && !found.redirected && found.headers.get("X-Keep") === "yes") cache.put(request, found.clone());
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
