# SPDX-License-Identifier: BSL-1.0
"""The table on the terminal."""
from report.figures import OURS, QUANTILES, Row, Run

LARGER = {"ns": ((1e9, "s"), (1e6, "ms"), (1e3, "us")), "bytes": ((1e6, "MB"), (1e3, "kB"))}


def number(value: float, unit: str) -> str:
    """In the unit, which is not said, or in one that is, from 1e5 on."""
    if abs(value) >= 1e5:
        size, larger = next((size, larger) for size, larger in LARGER[unit] if abs(value) >= size)
        return f"{value / size:.3g}{larger}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def cell(row: Row, contender: str) -> str:
    if contender in row.failed:
        return "FAILED"
    if contender not in row.figures:
        return "-"
    times = row.times_raw(contender)
    figure = row.figures[contender]
    return number(figure.median, row.unit) + ("" if contender == "raw" or times is None else f" {times:.3g}x") + f" ±{figure.spread:.0f}%"


def goal(row: Row) -> str:
    return f"{row.goal:.3g}x {row.verdict()}" if row.goal and row.verdict() else ""


def best(row: Row) -> str:
    peer = row.best_peer()
    if peer is None or "fast" not in row.figures:
        return ""
    return f"{row.figures[peer].median / row.figures['fast'].median:.3g}x {peer}"


def laid_out(lines: list[list[str]]) -> list[str]:
    """In columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join(word.ljust(width) if i == 0 else word.rjust(width) for i, (word, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]


def remark(row: Row, contender: str) -> str:
    """On the tail of one contender."""
    if row.figures[contender].early:
        return f"early by {number(row.figures[contender].early, 'ns')}"
    return f"p50 {row.times_raw('fast'):.3g}x raw: {goal(row)}" if contender == "fast" and goal(row) else ""


def tails(run: Run) -> list[str]:
    there = [(row, name, row.figures[name]) for row in run.rows if row.is_tail for name in run.contenders if name in row.figures]
    lines = [[f"{row.name}: {name}", *(number(figure.quantile(q), "ns") for q in QUANTILES), remark(row, name)]
             for row, name, figure in there]
    if not lines:
        return []
    return ["", "Tails, in nanoseconds where nothing else is said: medians of the repetitions, and the longest of all.", "",
            *laid_out([["", *QUANTILES, ""], *lines])]


def text(run: Run) -> str:
    names = [name for name in run.contenders if any(name in row.figures or name in row.failed for row in run.rows)]
    header = ["workload", *names, "goal", "fast is"]
    lines = [[row.name, *(cell(row, name) for name in names), goal(row), best(row)] for row in run.rows if not row.is_tail]
    out = ["  ".join(f"{key}: {value}" for key, value in run.facts.items()), "",
           "Nanoseconds an operation (bytes, where the workload says so): median, times raw, half the distance between the quartiles.",
           "fast is N times as fast as the best peer; below 1 it is slower. -: it cannot do that, or was not asked.", ""]
    out += laid_out([header, *lines])
    out += tails(run)
    out += ["", *(f"{name}: {version}" for name, version in run.contenders.items() if name not in OURS)]
    out += [f"missing: {name}: {why}" for name, why in run.missing.items()]
    out += [f"cannot: {row.name}: {name}: {why}" for row in run.rows for name, why in row.cannot.items()]
    out += ["", "Only ratios within one run can be compared: other work on the machine changes all figures."]
    out += [f"FAILED {failure}" for failure in run.failures]
    return "\n".join(out) + "\n"
