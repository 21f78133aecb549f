"""Line charts as SVG, readable on light and on dark ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from attrs import frozen

WIDTH, HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 130, 40, 48
_MOST_TICKS = 8
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.c0 { stroke: #0969da; fill: #0969da; } .c1 { stroke: #bc4c00; fill: #bc4c00; }
.c2 { stroke: #1a7f37; fill: #1a7f37; } .c3 { stroke: #8250df; fill: #8250df; }
.line.c0, .line.c1, .line.c2, .line.c3 { fill: none; }
text.c0, text.c1, text.c2, text.c3 { stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .grid { stroke: #3d444d; }
  .c0 { stroke: #4493f8; fill: #4493f8; } .c1 { stroke: #f0883e; fill: #f0883e; }
  .c2 { stroke: #3fb950; fill: #3fb950; } .c3 { stroke: #ab7df8; fill: #ab7df8; }
}"""


@frozen
class Line:
    """One line of a chart."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(title: str, x_title: str, lines: Sequence[Line], *, log_y: bool = False) -> str:
    """Return a chart whose x axis is logarithmic, one tick for each place of the lines.

    Args:
        title: What is shown, with the unit of y.
        x_title: What x is.
        lines: At most four lines, over the same places.
        log_y: Whether y is logarithmic too; otherwise it begins at 0.
    """
    places = sorted({x for line in lines for x, _ in line.points})
    values = [y for line in lines for _, y in line.points]
    ticks = _log_ticks(min(values), max(values)) if log_y else _ticks(max(values))

    def at_x(x: float) -> float:
        low, high = math.log(places[0]), math.log(places[-1])
        share = (math.log(x) - low) / (high - low) if high > low else 0.5
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def at_y(y: float) -> float:
        low, high = (math.log(ticks[0]), math.log(ticks[-1])) if log_y else (0.0, ticks[-1])
        share = ((math.log(y) if log_y else y) - low) / (high - low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    about = f"{title}, by {x_title}"
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{escape(about)}">',
        f"<style>\n{_STYLE}\n</style>",
        f'<text class="title" x="{_LEFT}" y="20">{escape(title)}</text>',
        f'<text x="{(WIDTH - _RIGHT + _LEFT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_title)}</text>',
    ]
    for tick in ticks:
        y = at_y(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    parts += [
        f'<text x="{at_x(x):.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{_number(x)}</text>' for x in places
    ]
    ends = _apart([at_y(line.points[-1][1]) for line in lines])
    for number, (line, end) in enumerate(zip(lines, ends, strict=True)):
        along = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline class="line c{number}" points="{along}"/>')
        parts += [f'<circle class="c{number}" cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3"/>' for x, y in line.points]
        parts.append(f'<text class="c{number}" x="{WIDTH - _RIGHT + 10}" y="{end + 4:.1f}">{escape(line.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _ticks(most: float) -> list[float]:
    """Return round numbers from 0 to what is not less than the most."""
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def _log_ticks(least: float, most: float) -> list[float]:
    """Return round numbers around some values: 1, 2, 5, 10 and so on; where they would be many, the powers of ten."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = [factor * 10.0**power for power in range(low, max(high, low + 1) + 1) for factor in (1, 2, 5)]
    first = max(index for index, tick in enumerate(every) if tick <= least)
    last = next(index for index, tick in enumerate(every) if tick >= most and index > first)
    fine = every[first : last + 1]
    return fine if len(fine) <= _MOST_TICKS else [10.0**power for power in range(low, max(high, low + 1) + 1)]


def _apart(places: Sequence[float]) -> list[float]:
    """Return places for names that do not overlap, near those that they would have."""
    found = [0.0] * len(places)
    lowest = -math.inf
    for index in sorted(range(len(places)), key=lambda each: places[each]):
        lowest = found[index] = max(places[index], lowest + 16)
    return found


def _number(value: float) -> str:
    if value >= 1000 and value % 1000 == 0:
        return f"{value / 1000:g}k"
    return f"{value:g}"
