// Whether there is a signal is what a request finds out: our own server answered it, whole, in time. `navigator.onLine` is true
// behind the sign-in page of somebody's Wi-Fi and with one bar that moves nothing, and at times false on a line that works: it only
// says when to try sooner. What somebody else answered in our place is no answer.
const OURS = "X-Fengxing", PATIENCE_MS = 15_000;

const heard = (answer) => {
  document.dispatchEvent(new CustomEvent("signal", { detail: answer !== null }));
  return answer;
};

/** What our server answered: {ok, status, headers, body}, the body read if it is JSON; null if it did not within so many ms. */
export async function ask(url, options = {}, patience = PATIENCE_MS) {
  const waiting = new AbortController(), timer = setTimeout(() => waiting.abort(), patience);
  try {
    const answer = await fetch(url, { credentials: "same-origin", ...options, signal: waiting.signal });
    if (!answer.headers.has(OURS)) return heard(null);
    const text = await answer.text(), isJson = /json/.test(answer.headers.get("Content-Type") ?? "");
    return heard({ ok: answer.ok, status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : null });
  } catch { return heard(null); } finally { clearTimeout(timer); }
}

/** Whether our server answers at all. */
export const reached = async (patience = 5_000) => (await ask("/renew", {}, patience)) !== null;
