// A page that waits for work (`data-waiting-s`) looks how far it is and shows only that, so that nothing typed beside it is lost.
// When the work is over the page is fetched as a whole. Without script it reloads by itself.
const shown = document.querySelector("[data-waiting-s]");

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = answer.ok && page.querySelector("[data-waiting-s]");
    if (answer.ok && !now) { location.reload(); return; }
    for (const part of now ? shown.querySelectorAll("[data-far]") : []) {
      const newer = now.querySelector(`[data-far="${part.dataset.far}"]`);
      if (newer.value !== undefined) { part.max = newer.max; part.value = newer.value; }
      part.textContent = newer.textContent;
    }
  } catch { /* no signal: the next look may have one */ }
  setTimeout(look, shown.dataset.waitingS * 1000);
}

if (shown) setTimeout(look, shown.dataset.waitingS * 1000);
