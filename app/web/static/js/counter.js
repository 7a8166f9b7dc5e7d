// The counter: a gun's code goes into the scan form wherever the focus is; F2 presses the confirm button; a scan never does.
import { listen } from "./scan-gun.js";

const form = document.querySelector("#scan-form");
const CODE = /^(?:[0-9]{26}|[0-9]{33})$/;
const LATE_MS = 3_000;
const last = () => { try { return JSON.parse(sessionStorage.getItem("last-scan")) ?? {}; } catch { return {}; } };

listen((text, before) => {
  // A quick gun begins while the page still loads: its first keys stand in the field, the rest was heard here.
  const whole = CODE.test(before + text) ? before + text : text;
  // The second half of a double output, cut off by the page that the first half opened, is no scan of its own.
  const { text: earlier = "", at = 0 } = last();
  if (whole.length < earlier.length && earlier.endsWith(whole) && Date.now() - at < LATE_MS) return;
  sessionStorage.setItem("last-scan", JSON.stringify({ text: whole, at: Date.now() }));
  form.elements.text.value = whole;
  form.requestSubmit();
});
form.dataset.gun = "ready";

addEventListener("keydown", (event) => {
  if (event.key !== "F2") return;
  event.preventDefault();
  document.querySelector("[data-confirm]")?.click();
});

const beats = { ok: [60], warn: [40, 80, 40] }[document.querySelector("[data-result]")?.dataset.result];
if (beats) navigator.vibrate?.(beats);
