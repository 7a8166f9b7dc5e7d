"""Growth curves as a picture: both axes logarithmic, one line per path, its name at the line's end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 190, 56, 54
COLOURS = ("#0b6e4f", "#c8553d", "#2f4b7c", "#b8860b", "#7a5195", "#4f6d7a", "#a23b72")
Points = Sequence[tuple[float, float]]


def curves(title: str, lines: Mapping[str, Points], *, across: str, up: str) -> str:
    """An SVG of these lines; points must be greater than zero."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    wide, high = _decades(xs), _decades(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + _share(x, wide) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - _share(y, high) * (HEIGHT - TOP - BOTTOM),
        )

    drawn = [*_grid(wide, high, at), *_axes(title, across, up)]
    ends = _apart({name: at(*points[-1])[1] for name, points in lines.items()})
    for colour, (name, points) in zip(_colours(), lines.items(), strict=False):
        drawn += _line(name, [at(*point) for point in points], ends[name], colour)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">'
        f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        + "".join(drawn)
        + "</svg>\n"
    )


def _colours() -> Sequence[str]:
    return COLOURS * 4


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return (low, high) if high > low else (low, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    low, high = decades
    return (math.log10(value) - low) / (high - low)


def _grid(wide: tuple[int, int], high: tuple[int, int], at: object) -> list[str]:
    assert callable(at)
    drawn = []
    for power in range(wide[0], wide[1] + 1):
        x, bottom = at(10.0**power, 10.0 ** high[0])
        drawn.append(f'<path d="M{x:.1f} {TOP}V{bottom:.1f}" stroke="#e3e3e3"/>')
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{_figure(power)}</text>')
    for power in range(high[0], high[1] + 1):
        left, y = at(10.0 ** wide[0], 10.0**power)
        drawn.append(f'<path d="M{left:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e3e3e3"/>')
        drawn.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_figure(power)}</text>')
    return drawn


def _axes(title: str, across: str, up: str) -> list[str]:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [
        f'<text x="{LEFT}" y="26" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT}" y="44" fill="#666">{escape(up)}</text>',
        f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle" fill="#666">{escape(across)}</text>',
    ]


def _line(name: str, points: Sequence[tuple[float, float]], label_y: float, colour: str) -> list[str]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)
    x, y = points[-1]
    return [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}',
        f'<path d="M{x + 5:.1f} {y:.1f}L{x + 14:.1f} {label_y:.1f}" stroke="{colour}" stroke-width=".8"/>',
        f'<text x="{x + 17:.1f}" y="{label_y + 4:.1f}" fill="{colour}">{escape(name)}</text>',
    ]


def _apart(ends: Mapping[str, float], least: float = 15.0) -> dict[str, float]:
    """Labels that would lie on each other, moved apart."""
    placed: dict[str, float] = {}
    below = -math.inf
    for name, y in sorted(ends.items(), key=lambda each: each[1]):
        below = placed[name] = max(y, below + least)
    return placed


def _figure(power: int) -> str:
    if 0 <= power < 4:
        return str(10**power)
    return f"{10.0**power:g}" if -4 < power < 0 else f"10<tspan dy='-5' font-size='9'>{power}</tspan>"
