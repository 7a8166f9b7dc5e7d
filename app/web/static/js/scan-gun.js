// A USB scanner gun is a keyboard that types fast. Keys are read by their place on the board (event.code), so no input method
// and no layout can change them. The key that ends a code (Enter, Tab, Ctrl+J, Ctrl+M) never reaches a button or the browser, so a scan
// can never confirm anything. Habits that are known: number pad, Alt+number pad, no end key, Enter and line feed, the code twice, slow.
const GAP_MS = 80; // a gun's next key; people take longer
const SLOW_MS = 400; // a slow gun's next key: believed only once it has typed as many digits as no person types in a row
const SLOW_KEYS = 20;
const SILENCE_MS = 250; // after a whole code and no end key
const TWICE_MS = 400; // the same code again within this is the gun's double output
const MINIMUM = 6; // fewer keys in a row are a person typing
const WHOLE = /^(?:8[0-9]{32}|9[0-9]{25})$/; // a rider's code, a voucher
const SO_FAR = /^[89][0-9]{0,32}$/; // what may still become one, typed slowly
const DIGIT = /^(?:Digit|Numpad)([0-9])$/;
const LETTER = /^Key([A-Z])$/;
const OTHER = { Slash: "/", NumpadDivide: "/", Period: ".", NumpadDecimal: ".", Minus: "-", NumpadSubtract: "-" };
const ENDS = new Set(["Enter", "NumpadEnter", "Tab"]);

const character = (event) => {
  const digit = event.code.match(DIGIT) ?? event.code.match(LETTER);
  if (digit) return digit[1];
  if (event.code === "Semicolon" && event.shiftKey) return ":";
  return OTHER[event.code] ?? null;
};

/** Call `onCode(text, before)` for each code a gun types, wherever the focus is; `before` stood in the focused field already.
    Returns a function that stops listening. */
export function listen(onCode, { now = () => performance.now() } = {}) {
  let text = "", last = -Infinity, field = null, before = "", alt = null, silence = null, said = "", saidAt = -Infinity;

  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const fast = (at) => at - last <= GAP_MS || (at - last <= SLOW_MS && text.length >= SLOW_KEYS);

  const deliver = (at) => {
    clearTimeout(silence);
    if (field) field.value = before; // what the gun typed into a field is taken out again
    const whole = text;
    text = "";
    if (whole === said && at - saidAt < TWICE_MS) return;
    [said, saidAt] = [whole, at];
    onCode(whole, field ? before : "");
  };

  const add = (found, at, target) => {
    const goesOn = at - last <= (SO_FAR.test(text + found) ? SLOW_MS : GAP_MS);
    if (!goesOn || text === "") {
      text = "";
      field = target && "value" in target && target.tagName !== "BUTTON" ? target : null;
      before = field ? field.value : "";
    }
    text += found;
    last = at;
    clearTimeout(silence);
    if (WHOLE.test(text)) silence = setTimeout(() => deliver(now()), SILENCE_MS);
  };

  const onKey = (event) => {
    const at = now();
    const feed = event.ctrlKey && (event.code === "KeyJ" || event.code === "KeyM"); // LF and CR as some guns send them
    if (ENDS.has(event.code) || feed) {
      const ended = fast(at) && text.length >= MINIMUM;
      if (ended || at - saidAt <= GAP_MS * 2) stop(event); // also the second end key of a pair
      if (ended) deliver(at);
      else text = "";
      return;
    }
    if (event.altKey && /^Numpad[0-9]$/.test(event.code)) { // Alt+0056 is an 8
      stop(event);
      alt = (alt ?? "") + event.code.at(-1);
      return;
    }
    if (event.code.startsWith("Alt")) { alt = alt ?? ""; return; }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const found = character(event);
    if (found === null) { if (!event.code.startsWith("Shift")) text = ""; return; }
    add(found, at, event.target);
  };

  const onUp = (event) => {
    const at = now();
    if (event.code.startsWith("Alt") && alt) {
      const found = String.fromCharCode(Number(alt));
      alt = null;
      if (/^[0-9A-Z/.:-]$/.test(found)) add(found, at, null);
      return;
    }
    // A gun's space or Enter that comes late must not press the focused button either.
    if ((event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Space") && at - Math.max(last, saidAt) <= GAP_MS * 2) stop(event);
  };
  addEventListener("keydown", onKey, true);
  addEventListener("keyup", onUp, true);
  return () => {
    clearTimeout(silence);
    removeEventListener("keydown", onKey, true);
    removeEventListener("keyup", onUp, true);
  };
}
