# SPDX-License-Identifier: BSL-1.0
"""The table on the terminal."""
from report.figures import OURS, Row, Run


def number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def cell(row: Row, contender: str) -> str:
    if contender in row.failed:
        return "FAILED"
    if contender not in row.figures:
        return "-"
    times = row.times_raw(contender)
    figure = row.figures[contender]
    return number(figure.median) + ("" if contender == "raw" or times is None else f" {times:.3g}x") + f" ±{figure.spread:.0f}%"


def goal(row: Row) -> str:
    return f"{row.goal:.3g}x {row.verdict()}" if row.goal and row.verdict() else ""


def best(row: Row) -> str:
    peer = row.best_peer()
    if peer is None or "fast" not in row.figures:
        return ""
    return f"{row.figures[peer].median / row.figures['fast'].median:.3g}x {peer}"


def text(run: Run) -> str:
    names = [name for name in run.contenders if any(name in row.figures or name in row.failed for row in run.rows)]
    header = ["workload", *names, "goal", "fast is"]
    lines = [[row.name, *(cell(row, name) for name in names), goal(row), best(row)] for row in run.rows]
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]
    out = ["  ".join(f"{key}: {value}" for key, value in run.facts.items()), "",
           "Nanoseconds an operation (bytes, where the workload says so): median, times raw, half the distance between the quartiles.",
           "fast is N times as fast as the best peer; below 1 it is slower. -: it cannot do that, or was not asked.", ""]
    out += ["  ".join(word.ljust(width) if i == 0 else word.rjust(width) for i, (word, width) in enumerate(zip(line, widths))).rstrip()
            for line in [header, *lines]]
    out += ["", *(f"{name}: {version}" for name, version in run.contenders.items() if name not in OURS)]
    out += [f"missing: {name}: {why}" for name, why in run.missing.items()]
    out += [f"cannot: {row.name}: {name}: {why}" for row in run.rows for name, why in row.cannot.items()]
    out += ["", "Only ratios within one run can be compared: other work on the machine changes all figures."]
    out += [f"FAILED {failure}" for failure in run.failures]
    return "\n".join(out) + "\n"
