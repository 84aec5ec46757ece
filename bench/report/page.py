# SPDX-License-Identifier: BSL-1.0
"""The run as a page that needs nothing else: a bar for each contender of each workload, on a scale of powers of ten."""
import html
import math

from report.figures import OURS, Row, Run
from report.table import best, goal, number

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --quiet: #595959; --peer: #7a8594; --ours: #0a63b0; --raw: #b5bcc6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #16181b; --quiet: #b3b3b3; --peer: #8793a3; --ours: #5eb0f5; --raw: #4d5661; } }
body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th { text-align: left; font-weight: 400; width: 6rem; } td.n { text-align: right; white-space: nowrap; width: 17rem; }
tr.ours th, tr.ours td { font-weight: 600; }
.bar { height: .8rem; background: var(--peer); } .ours .bar { background: var(--ours); } .raw .bar { background: var(--raw); }
small, .quiet { color: var(--quiet); font-weight: 400; }
"""


def bar(value: float, low: float, high: float) -> float:
    """The length in percent, on a logarithmic scale from `low` to `high`."""
    return 100.0 if high <= low else 100 * (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))


def line(row: Row, name: str, low: float, high: float) -> str:
    kind = "ours" if name in ("ref", "fast") else "raw" if name == "raw" else "peer"
    head = f'<tr class="{kind}"><th scope="row">{html.escape(name)}</th>'
    if name in row.failed:
        return head + f'<td colspan="2">FAILED: {html.escape(row.failed[name])}</td></tr>'
    if name in row.cannot:
        return head + f'<td colspan="2" class="quiet">cannot: {html.escape(row.cannot[name])}</td></tr>'
    figure, times = row.figures[name], row.times_raw(name)
    ratio = "" if times is None or name == "raw" else f", {times:.3g}x raw"
    return (head + f'<td><div class="bar" aria-hidden="true" style="width:{max(bar(figure.median, low, high), 0.5):.1f}%"></div></td>'
            f'<td class="n">{number(figure.median)} {row.unit}{ratio} <small>±{figure.spread:.0f}%</small></td></tr>')


def section(row: Row, names: list[str]) -> str:
    values = [figure.median for figure in row.figures.values()] or [1.0]
    low, high = 10 ** math.floor(math.log10(min(values)) - 0.01), 10 ** math.ceil(math.log10(max(values)))
    notes = [note for note in (f"goal {goal(row)}" if goal(row) else "", f"fast is {best(row)} (times as fast as the best peer)" if best(row) else "") if note]
    there = [name for name in names if name in row.figures or name in row.failed or name in row.cannot]
    return (f'<table><caption>{html.escape(row.name)} <small>bars from {low:g} to {high:g} {row.unit}, logarithmic'
            + "".join(f"; {html.escape(note)}" for note in notes) + "</small></caption>"
            + "".join(line(row, name, low, high) for name in there) + "</table>")


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
            + "".join(f"<h2>{html.escape(group)}</h2>" + "".join(section(row, names) for row in run.rows if row.group == group) for group in groups)
            + "</main></html>\n")
