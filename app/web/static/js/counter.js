// The counter: a gun's code goes into the scan form wherever the focus is; F2 presses the confirm button; a scan never does.
import { listen } from "./scan-gun.js";

const form = document.querySelector("#scan-form");
listen((text) => {
  form.elements.text.value = text;
  form.requestSubmit();
});

addEventListener("keydown", (event) => {
  if (event.key !== "F2") return;
  event.preventDefault();
  document.querySelector("[data-confirm]")?.click();
});

const beats = { ok: [60], warn: [40, 80, 40] }[document.querySelector("[data-result]")?.dataset.result];
if (beats) navigator.vibrate?.(beats);
