"""Code 128 for old guns that read lines only: digits in pairs, a last single digit in set B. Phones draw the same."""

from __future__ import annotations

# Widths of bars and gaps of each value, from the standard (ISO/IEC 15417); the last is the stop.
_WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
_START_C, _TO_B, _STOP = 105, 100, 106
QUIET, HEIGHT = 10, 48


def values(digits: str) -> list[int]:
    """Start, content, check value and stop of some digits."""
    pairs = len(digits) // 2 * 2
    content = [_START_C, *(int(digits[at : at + 2]) for at in range(0, pairs, 2))]
    if len(digits) % 2:
        content += [_TO_B, ord(digits[-1]) - 32]
    check = (content[0] + sum(place * value for place, value in enumerate(content[1:], 1))) % 103
    return [*content, check, _STOP]


def svg(digits: str) -> str:
    """The bars as an SVG that scales without blur and carries no style of its own."""
    x, pieces = QUIET, []
    for value in values(digits):
        for place, width in enumerate(map(int, _WIDTHS[value])):
            if place % 2 == 0:
                pieces.append(f"M{x} 0h{width}v{HEIGHT}h-{width}z")
            x += width
    side = x + QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {HEIGHT}" shape-rendering="crispEdges" '
        f'preserveAspectRatio="none" aria-hidden="true"><rect width="{side}" height="{HEIGHT}" fill="#fff"/>'
        f'<path d="{"".join(pieces)}" fill="#000"/></svg>'
    )
