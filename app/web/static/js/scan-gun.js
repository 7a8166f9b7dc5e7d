// A USB scanner gun is a keyboard that types fast. Keys are read by their place on the board (event.code), so no input method
// and no layout can change them. A code ends with Enter; that Enter never reaches a button, so a scan can never confirm anything.
const GAP_MS = 80;
const MINIMUM = 6; // fewer keys in a row are a person typing
const DIGIT = /^(?:Digit|Numpad)([0-9])$/;
const LETTER = /^Key([A-Z])$/;
const OTHER = { Slash: "/", NumpadDivide: "/", Period: ".", NumpadDecimal: ".", Minus: "-", NumpadSubtract: "-" };

const character = (event) => {
  const digit = event.code.match(DIGIT) ?? event.code.match(LETTER);
  if (digit) return digit[1];
  if (event.code === "Semicolon" && event.shiftKey) return ":";
  return OTHER[event.code] ?? null;
};

/** Call `onCode(text, before)` for each code a gun types, wherever the focus is; `before` stood in the focused field already.
    Returns a function that stops listening. */
export function listen(onCode, { now = () => performance.now() } = {}) {
  let text = "", last = -Infinity, field = null, before = "";

  const onKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = now();
    const quick = at - last <= GAP_MS;
    if (event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Tab") {
      if (quick && text.length >= MINIMUM) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (field) field.value = before; // what the gun typed into a field is taken out again
        const whole = text;
        text = "";
        onCode(whole, field ? before : "");
      }
      text = "";
      return;
    }
    const found = character(event);
    if (found === null) { if (!event.code.startsWith("Shift")) text = ""; return; }
    if (!quick || text === "") {
      text = "";
      const target = event.target;
      field = target && "value" in target && target.tagName !== "BUTTON" ? target : null;
      before = field ? field.value : "";
    }
    text += found;
    last = at;
  };

  // A gun's space or Enter that comes late must not press the focused button either.
  const onUp = (event) => {
    if ((event.code === "Enter" || event.code === "Space") && now() - last <= GAP_MS * 2) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  addEventListener("keydown", onKey, true);
  addEventListener("keyup", onUp, true);
  return () => { removeEventListener("keydown", onKey, true); removeEventListener("keyup", onUp, true); };
}
