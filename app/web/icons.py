"""Icons: inline strokes on a 24x24 field, always beside a word (aria-hidden)."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

STROKES = {
    "home": "M4 11l8-7 8 7M6 9.5V20h4v-5.5h4V20h4V9.5",
    "camera": "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 16.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7",
    "points": "M12 3l7.8 4.5v9L12 21l-7.8-4.5v-9zM8.5 12.5l2.3 2.3 4.7-4.9",
    "me": "M12 12a4 4 0 100-8 4 4 0 000 8M4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
    "scan": "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
    "station": "M4 20V10l8-6 8 6v10M9 20v-6h6v6M4 20h16",
    "activity": "M7 4v3M17 4v3M4 6h16v14H4zM4 10.500h16M9 15l2 2 4-4",
    "gift": "M4 10h16v10H4zM4 10V7h16v3M12 7v13"
    "M12 7C9 7 7.5 5.8 7.5 4.700S10.5 3 12 7c1.5-4 4.5-3.4 4.5-2.300S15 7 12 7",
    "rules": "M6 3h9l4 4v14H6zM14.5 3v4.500H19M9 12h7M9 16h7",
    "back": "M15 5l-7 7 7 7",
    "chevron": "M9 5l7 7-7 7",
    "tick": "M12 21.500a9.5 9.5 0 100-19 9.5 9.5 0 000 19M7.5 12.500l3.2 3.2 6-6.5",
    "cross": "M12 21.500a9.5 9.5 0 100-19 9.5 9.5 0 000 19M8.5 8.500l7 7M15.5 8.500l-7 7",
    "clock": "M12 21.500a9.5 9.5 0 100-19 9.5 9.5 0 000 19M12 7v5.500l3.5 2",
    "pin": "M12 21.500c4.5-5 6.5-8 6.5-11.200a6.5 6.5 0 00-13 0c0 3.2 2 6.2 6.5 11.200"
    "M12 12.500a2.3 2.3 0 100-4.6 2.3 2.3 0 000 4.6",
    "mail": "M3.5 6h17v12.500h-17zM3.5 7l8.5 6.500L20.5 7",
    "talk": "M4 5h16v11h-8.500L7 20v-4H4zM8 9h8M8 12h5",
    "hours": "M6 3h12M6 21h12M7 3c0 5 4 6 4 9s-4 4-4 9M17 3c0 5-4 6-4 9s4 4 4 9",
    "stock": "M4 8l8-4 8 4v8.500l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5",
    "people": "M9 11a3.2 3.2 0 100-6.400A3.2 3.2 0 009 11M3 19.500c.4-3.6 2.6-5.5 6-5.500s5.6 1.9 6 5.500"
    "M16 11a2.8 2.8 0 100-5.500M17.5 14c2 .6 3.2 2.3 3.5 5",
    "board": "M4 4h16v16H4zM8 16v-4M12 16V8M16 16v-6",
    "honour": "M12 14.500a5.5 5.5 0 100-11 5.5 5.5 0 000 11M8.5 13.500L7 21l5-2.500L17 21l-1.5-7.5",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
    "gear": "M12 15.500a3.5 3.5 0 100-7 3.5 3.5 0 000 7M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.1 2.100"
    "M16.3 16.300l2.1 2.100M5.6 18.400l2.1-2.100M16.3 7.700l2.1-2.1",
    "download": "M12 4v11M7.5 11l4.5 4.500L16.5 11M5 20h14",
    "undo": "M8.5 5L4 9.500l4.500 4.500M4 9.500h10.500a5.200 5.200 0 010 10.500H11",
    "flag": "M6 21V4h11l-2 4 2 4H6",
}
_SVG = Markup(
    '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>'
)


@cache
def icon(name: str, class_: str = "") -> Markup:
    """One of the `STROKES`; `class_` is added to its classes."""
    return _SVG.format(class_, STROKES[name])
