// Start without a signal: kept pages, and files that never change under their address. The server puts VERSION before this line.
const FILES = `files-${VERSION}`, PAGES = "pages";

// What a start without a signal needs: home with the own code, a poster's check-in, the report form, the outbox.
const NEEDED = ["fengxing.css", "icon.svg", "js/app.js", "js/typed.js", "js/reach.js", "js/outbox.js", "js/outbox-page.js", "js/personal-code.js", "js/bars.js", "js/report.js", "js/checkin.js",
  "js/geolocate.js", "js/scan-offline.js", "js/camera.js", "js/scan-gun.js", "js/station-log.js", "js/station-offline.js", "vendor/lean-qr/lean-qr.js"];
const KEPT = ["/report", "/outbox", "/scan", "/offline", "/offline/check-in"];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(FILES).then((cache) => Promise.allSettled(NEEDED.map((name) => keepFile(cache, `/static/${VERSION}/${name}`)))));
});
addEventListener("activate", (event) => event.waitUntil(Promise.all([
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== FILES && name !== PAGES).map((name) => caches.delete(name)))),
  clients.claim(),
])));
addEventListener("message", (event) => { if (event.data === "forget") event.waitUntil(caches.delete(PAGES)); });

// Somebody else may answer in our place: the sign-in page of a Wi-Fi is no file of ours, and no answer to what was sent.
const isFile = (answer) => answer.ok && !answer.redirected && !/html/.test(answer.headers.get("Content-Type") ?? "html");
const isOurs = (answer) => answer.type === "opaqueredirect" || answer.headers.has("X-Fengxing");
const PATIENCE_MS = 20_000;
const keepFile = async (cache, path) => {
  const answer = await fetch(path);
  if (isFile(answer)) await cache.put(path, answer);
};

const fromFiles = async (request) => {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (isFile(answer)) cache.put(request, answer.clone());
  return answer;
};

// Each kept page says for whom and in which version it was drawn; another rider or a new version renews them all.
const tag = (answer) => answer?.headers.get("X-Keep");
const keepRest = async (cache, current) => {
  for (const path of KEPT) {
    if (tag(await cache.match(path)) === current) continue;
    const page = await fetch(path).catch(() => null);
    if (page?.ok && !page.redirected && tag(page)) await cache.put(path, page);
  }
};

// Whoever works at a desk never comes home: their word for a page that cannot be fetched is kept in passing, in the language of the page.
const language = (answer) => answer?.headers.get("Content-Language");
const keepWord = async (cache, found) => {
  if (language(await cache.match("/offline")) === language(found)) return;
  const page = await fetch("/offline").catch(() => null);
  if (page?.ok && !page.redirected && tag(page)) await cache.put("/offline", page);
};

const pathOf = (url) => (url.pathname.toUpperCase().startsWith("/S/") ? "/offline/check-in" : url.pathname);

// Without a signal the counter of a station is its offline counter.
const counterOf = (path) => `${path.split("/").slice(0, 3).join("/")}/offline`;

// A kept page says that it is one: phones often believe they are online when they are not.
const asKept = async (page) => page && new Response((await page.text()).replace("<body ", "<body data-kept "), { status: page.status, headers: page.headers });

// The network first; the kept page when there is none, or when it takes longer than three seconds.
const fromNetwork = async (request, event) => {
  const cache = await caches.open(PAGES), url = new URL(request.url), path = pathOf(url);
  const answer = fetch(request).then((found) => {
    if (found.ok && !found.redirected && tag(found) && path === url.pathname) {
      cache.put(path, found.clone());
      if (path === "/") event.waitUntil(keepRest(cache, tag(found)));
    } else if (found.ok && isOurs(found)) event.waitUntil(keepWord(cache, found));
    return found;
  });
  const kept = await asKept(await cache.match(path));
  if (!kept) return answer.catch(async (fault) => asKept((await cache.match(counterOf(path))) ?? (await cache.match("/offline"))) ?? Promise.reject(fault));
  const late = new Promise((resolve) => { setTimeout(() => resolve(kept), 3000); });
  return Promise.race([answer.then((found) => (isOurs(found) ? found : kept), () => kept), late]);
};

// Its answers are pages to which one goes back; a browser keeps for that only what it has sent by itself.
const IN_STEPS = "/desk/honours/new";

// What was sent and found no signal ends on a page of ours, never on the browser's: a counter on its offline counter, the rest on a page that says so.
const answered = async (request) => {
  const late = new Promise((_, reject) => { setTimeout(reject, PATIENCE_MS, new TypeError("no answer in time")); });
  const answer = await Promise.race([fetch(request), late]);
  if (!isOurs(answer)) throw new TypeError("not our answer");
  return answer;
};
const sending = (request) => answered(request).catch(async (fault) => {
  const cache = await caches.open(PAGES), path = new URL(request.url).pathname;
  if (await cache.match(counterOf(path))) return Response.redirect(counterOf(path), 303);
  const page = path === "/scan" ? "/scan" : "/offline";
  return (await cache.match(page)) ? Response.redirect(`${page}#no-signal`, 303) : Promise.reject(fault);
});

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.cache === "only-if-cached") return; // the way back to an answer: nothing is sent, no signal is missed
  if (request.method === "POST" && request.mode === "navigate" && url.pathname !== IN_STEPS) event.respondWith(sending(request));
  if (request.method !== "GET") return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fromFiles(request));
  else if (request.mode === "navigate") event.respondWith(fromNetwork(request, event));
});
