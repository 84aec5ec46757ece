# SPDX-License-Identifier: BSL-1.0
"""A chart as SVG: a line for each contender, both ways logarithmic, its name at its end."""
import html
import math
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 56, 96, 10, 34
LINE = 13  # between names


@dataclass
class Line:
    name: str
    kind: str  # a class of the page's style
    points: list[tuple[float, float]]  # places from 0 on, values


def decades(values: list[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def spread_out(places: list[float]) -> list[float]:
    """The same order, but no two so close that their names would overlap, and all within the chart."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    out = list(places)
    for before, i in zip(order, order[1:]):
        out[i] = max(out[i], out[before] + LINE)
    below = max([0.0, *(place - (HEIGHT - BOTTOM) for place in out)])
    for i in reversed(order):
        if below <= 0:
            break
        out[i] -= below
        below = max([0.0, *(LINE - (out[i] - out[j]) for j in order[: order.index(i)][-1:])])
    return out


def chart(title: str, places: list[str], lines: list[Line], unit: str) -> str:
    """`places`: what stands under the axis, from left to right."""
    low, high = decades([value for line in lines for _, value in line.points])

    def x(place: float) -> float:
        return LEFT + place * (WIDTH - LEFT - RIGHT) / max(1, len(places) - 1)

    def y(value: float) -> float:
        return TOP + (high - math.log10(value)) * (HEIGHT - TOP - BOTTOM) / (high - low)

    out = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">']
    for decade in range(low, high + 1):
        at = y(10.0 ** decade)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
                   f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{unit_of(10.0 ** decade, unit)}</text>')
    for i, place in enumerate(places):
        out.append(f'<text x="{x(i):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{html.escape(place)}</text>')
    ends = spread_out([y(line.points[-1][1]) for line in lines])
    for line, end in zip(lines, ends):
        path = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in line.points)
        last = x(line.points[-1][0])
        out.append(f'<g class="{line.kind}"><polyline points="{path}"/>'
                   + "".join(f'<circle cx="{x(place):.1f}" cy="{y(value):.1f}" r="2.5"><title>{html.escape(line.name)}, '
                             f'{html.escape(places[int(place)])}: {unit_of(value, unit)}</title></circle>' for place, value in line.points)
                   + f'<polyline class="leader" points="{last:.1f},{y(line.points[-1][1]):.1f} {WIDTH - RIGHT + 8},{end:.1f}"/>'
                   f'<text x="{WIDTH - RIGHT + 12}" y="{end + 4:.1f}">{html.escape(line.name)}</text></g>')
    return "".join(out) + "</svg>"


def unit_of(value: float, unit: str) -> str:
    steps = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")) if unit == "ns" else ((1e6, "MB"), (1e3, "kB"), (1.0, "B"))
    size, name = next(((size, name) for size, name in steps if value >= size), steps[-1])
    return f"{value / size:.3g} {name}"
