"""USB scanner guns of every habit: the code is read, whatever has the focus, and nothing is ever pressed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from app.web.looks import asset

pytestmark = pytest.mark.browser

CODE = "812345678901234567890123456789012"
VOUCHER = "91234567890123456789012345"
STRIKE = """async ([address, strokes, focus, wait]) => {
  const { listen } = await import(address);
  document.body.innerHTML = "<button id=b>确认</button><input id=i><a id=a href='#x'>x</a>";
  let clicks = 0, at = 1000, leaked = 0;
  const read = [];
  for (const each of document.querySelectorAll("button, a")) each.addEventListener("click", () => { clicks += 1; });
  const stop = listen((text, before) => read.push(text + (before ? `|${before}` : "")), { now: () => at });
  if (focus) document.querySelector(focus).focus(); else document.activeElement.blur();
  for (const [gap, init] of strokes) {
    at += gap;
    const target = document.activeElement;
    const open = target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
    if (open && ["Enter", "NumpadEnter", "Tab"].includes(init.code)) {
      leaked += 1;
      if (target !== document.body) target.click();
    }
    if (open && init.ctrlKey) leaked += 1;
    const types = open && !init.ctrlKey && !init.altKey && /[0-9A-Z]$/.test(init.code);
    if (types && target.tagName === "INPUT") target.value += init.code.at(-1);
    const released = target.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true, cancelable: true, ...init }));
    if (released && ["Enter", "Space"].includes(init.code) && target.tagName === "BUTTON") target.click();
  }
  await new Promise((done) => setTimeout(done, wait));
  stop();
  return { read, clicks, leaked, left: document.querySelector("#i").value };
}"""

Stroke = tuple[float, dict[str, Any]]


def keys(text: str, gap: float = 4, *, pad: bool = False, key: str | None = None) -> list[Stroke]:
    """Digits and capitals as a gun strikes them."""
    codes = [("Numpad" if pad else "Digit") + each if each.isdigit() else "Key" + each for each in text]
    return [(gap, {"code": code, "key": key or each}) for code, each in zip(codes, text, strict=True)]


def end(code: str = "Enter", gap: float = 4, **more: bool) -> list[Stroke]:
    return [(gap, {"code": code, "key": code, **more})]


def alt_pad(text: str) -> list[Stroke]:
    """Each character as Alt + its number on the number pad; this harness lifts each key at once, Alt last."""
    struck: list[Stroke] = []
    for each in text:
        struck += [
            (1, {"code": f"Numpad{digit}", "key": digit, "altKey": True}) for digit in f"{ord(each):04d}"
        ]
        struck += [(1, {"code": "AltLeft", "key": "Alt"})]
    return struck


HABITS: dict[str, tuple[list[Stroke], list[str]]] = {
    "enter": (keys(CODE) + end(), [CODE]),
    "enter on the number pad": (keys(CODE) + end("NumpadEnter"), [CODE]),
    "tab": (keys(CODE) + end("Tab"), [CODE]),
    "enter and line feed": (keys(CODE) + end() + end("KeyJ", ctrlKey=True), [CODE]),
    "carriage return by control": (keys(CODE) + end("KeyM", ctrlKey=True), [CODE]),
    "two enters": (keys(CODE) + end() + end(), [CODE]),
    "number pad": (keys(CODE, pad=True) + end(), [CODE]),
    "alt and number pad": (alt_pad(CODE) + end(), [CODE]),
    "input method on": (keys(CODE, key="Process") + end(), [CODE]),
    "unidentified keys": (keys(CODE, key="Unidentified") + end(), [CODE]),
    "very fast": (keys(CODE, 0.2) + end("Enter", 0.2), [CODE]),
    "slow": (keys(CODE, 150) + end("Enter", 150), [CODE]),
    "no end key": (keys(CODE), [CODE]),
    "no end key, voucher": (keys(VOUCHER), [VOUCHER]),
    "twice with enter": ((keys(CODE) + end()) * 2, [CODE]),
    "twice in a row": (keys(CODE + CODE) + end(), [CODE + CODE]),  # the server takes one copy off
    "a letter before": (keys("A" + CODE) + end(), ["A" + CODE]),  # and the letter
    "two codes one after the other": (keys(CODE) + end() + keys(VOUCHER, 30) + end(), [CODE, VOUCHER]),
}


@pytest.mark.parametrize("focus", ["#b", "#i", "#a", None])
def test_a_gun_of_any_habit_is_read_and_presses_nothing(phone: Page, focus: str | None) -> None:
    phone.clock.resume()
    phone.goto("/talk")
    for habit, (strokes, wanted) in HABITS.items():
        wait = 400 if "no end" in habit else 0
        told = phone.evaluate(STRIKE, [asset("js/scan-gun.js"), strokes, focus, wait])
        assert told == {"read": wanted, "clicks": 0, "leaked": 0, "left": ""}, habit


def test_a_person_who_types_is_left_alone(phone: Page) -> None:
    phone.clock.resume()
    phone.goto("/talk")
    for text, gap in (("1234567890", 150), ("81234567", 120), ("91234567890123456", 200)):
        told = phone.evaluate(
            STRIKE, [asset("js/scan-gun.js"), keys(text, gap) + end("Enter", gap), "#i", 300]
        )
        assert told == {
            "read": [],
            "clicks": 0,
            "leaked": 1,
            "left": text,
        }  # their Enter does what Enter does
