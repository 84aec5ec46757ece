# SPDX-License-Identifier: BSL-1.0
"""The run as a page that needs nothing else: a bar for each contender of each workload, on a scale of powers of ten; curves of
what grows, and tails."""
import html
import math
import re

from report.chart import Line, chart, unit_of
from report.figures import OURS, QUANTILES, Figure, Row, Run
from report.table import best, goal

# What grows: a title, the rows that belong to it, by how many of what.
CURVES = (
    ("yield", r"yield, (\S+) coroutines?", "coroutines"),
    ("timer expire, over 1 h", r"timer expire, (\S+) over 1 h", "timers"),
    ("timer cancel", r"timer cancel, (\S+)", "timers"),
    ("post from other threads", r"post from (\S+) other threads?", "producers"),
    ("echo of 64 B", r"echo of 64 B, (\S+) connections?", "connections"),
    ("fan-out", r"fan-out to (\S+) readers, a reader", "readers"),
)

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --quiet: #595959; --peer: #7a8594; --ours: #0a63b0; --raw: #b5bcc6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #16181b; --quiet: #b3b3b3; --peer: #8793a3; --ours: #5eb0f5; --raw: #4d5661; } }
body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th { text-align: left; font-weight: 400; width: 6rem; } td.n { text-align: right; width: 17rem; }
tr.ours th, tr.ours td { font-weight: 600; }
.bar { height: .8rem; background: var(--peer); } .ours .bar { background: var(--ours); } .raw .bar { background: var(--raw); }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--ink); }
svg polyline { fill: none; stroke-width: 1.5; } svg .grid { stroke: var(--raw); stroke-width: .5; opacity: .6; }
svg .peer { stroke: var(--peer); fill: var(--peer); } svg .raw { stroke: var(--quiet); fill: var(--quiet); }
svg .ours { stroke: var(--ours); fill: var(--ours); } svg .ours polyline { stroke-width: 2.5; } svg .raw polyline { stroke-dasharray: 5 3; }
svg g text { stroke: none; } svg .ours text { font-weight: 700; } svg .leader, svg .ours .leader { stroke-width: .6; stroke-dasharray: 1 2; }
figure { margin: 0 0 1.5rem; } figcaption { font-weight: 600; }
small, .quiet { color: var(--quiet); font-weight: 400; }
"""


def bar(value: float, low: float, high: float) -> float:
    """The length in percent, on a logarithmic scale from `low` to `high`."""
    return 100.0 if high <= low else 100 * (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))


def kind(name: str) -> str:
    return "ours" if name in ("ref", "fast") else "raw" if name == "raw" else "peer"


def said(figure: Figure) -> str:
    """The tail, if it has one, after its middle."""
    if not figure.tails:
        return f" <small>±{figure.spread:.0f}%</small>"
    early = f", early by {unit_of(figure.early, 'ns')}" if figure.early else ""
    return " <small>" + ", ".join(f"{q} {unit_of(figure.quantile(q), 'ns')}" for q in QUANTILES[1:]) + early + "</small>"


def line(row: Row, name: str, low: float, high: float) -> str:
    head = f'<tr class="{kind(name)}"><th scope="row">{html.escape(name)}</th>'
    if name in row.failed:
        return head + f'<td colspan="2">FAILED: {html.escape(row.failed[name])}</td></tr>'
    if name in row.cannot:
        return head + f'<td colspan="2" class="quiet">cannot: {html.escape(row.cannot[name])}</td></tr>'
    figure, times = row.figures[name], row.times_raw(name)
    ratio = "" if times is None or name == "raw" else f", {times:.3g}x raw"
    length = max(bar(max(figure.median, low), low, high), 0.5)
    return (head + f'<td><div class="bar" aria-hidden="true" style="width:{length:.1f}%"></div></td>'
            f'<td class="n">{unit_of(figure.median, row.unit)}{ratio}{said(figure)}</td></tr>')


def section(row: Row, names: list[str]) -> str:
    values = [figure.median for figure in row.figures.values() if figure.median > 0] or [1.0]
    low, high = 10 ** math.floor(math.log10(min(values)) - 0.01), 10 ** math.ceil(math.log10(max(values)))
    notes = [note for note in (f"goal {goal(row)}" if goal(row) else "", f"fast is {best(row)} (times as fast as the best peer)" if best(row) else "") if note]
    there = [name for name in names if name in row.figures or name in row.failed or name in row.cannot]
    return (f'<table><caption>{html.escape(row.name)} <small>bars from {unit_of(low, row.unit)} to {unit_of(high, row.unit)}, logarithmic'
            + "".join(f"; {html.escape(note)}" for note in notes) + "</small></caption>"
            + "".join(line(row, name, low, high) for name in there) + "</table>"
            + (percentiles(row, names) if row.is_tail else ""))


def percentiles(row: Row, names: list[str]) -> str:
    """What is early is drawn where the least late is: this scale has no place for it."""
    figures = {name: [row.figures[name].quantile(q) for q in QUANTILES] for name in names if name in row.figures}
    least = min((value for values in figures.values() for value in values if value > 0), default=1.0)
    lines = [Line(name, kind(name), [(i, max(least, value)) for i, value in enumerate(values)]) for name, values in figures.items()]
    return "<figure>" + chart(f"{row.name}: percentiles", list(QUANTILES), lines, "ns") + "</figure>"


def curves(run: Run) -> str:
    out = []
    for title, rows, of in CURVES:
        by_size = {found[1]: row for row in run.rows if (found := re.fullmatch(rows, row.name))}
        sizes = sorted(by_size, key=float)
        points = {name: [(i, by_size[size].figures[name].median) for i, size in enumerate(sizes) if name in by_size[size].figures]
                  for name in run.contenders}
        lines = [Line(name, kind(name), found) for name, found in points.items() if found]
        if len(sizes) > 1 and lines:
            places = [f"{size} {of}" if i == len(sizes) - 1 else size for i, size in enumerate(sizes)]
            out.append(f"<figure><figcaption>{html.escape(title)}, an operation, by {of}</figcaption>"
                       + chart(f"{title}, by {of}", places, lines, "ns") + "</figure>")
    return "<h2>What grows</h2>" + "".join(out) if out else ""


def page(run: Run) -> str:
    names = list(run.contenders)
    groups = dict.fromkeys(row.group for row in run.rows)
    peers = [f"{html.escape(name)} {html.escape(version)}" for name, version in run.contenders.items() if name not in OURS]
    notes = [f"<p>Missing: {html.escape(name)}: {html.escape(why)}.</p>" for name, why in run.missing.items()]
    notes += [f"<p><strong>FAILED</strong> {html.escape(failure)}</p>" for failure in run.failures]
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>galley: benchmarks</title><style>{STYLE}</style><main><h1>galley beside others</h1>"
            f"<p>{html.escape('; '.join(f'{key} {value}' for key, value in run.facts.items()))}</p>"
            "<p>The cost of one operation: shorter is better. Only ratios within one run can be compared: other work on the machine changes all "
            "figures. ± is half the distance between the quartiles.</p>"
            f"<p>Peers: {', '.join(peers) or 'none'}.</p>{''.join(notes)}"
            + curves(run)
            + "".join(f"<h2>{html.escape(group)}</h2>" + "".join(section(row, names) for row in run.rows if row.group == group) for group in groups)
            + "</main></html>\n")
