# SPDX-License-Identifier: BSL-1.0
"""What a run came to: Google Benchmark's document, read into rows and contenders."""
import statistics
from dataclasses import dataclass, field

OURS = ("raw", "ref", "fast")
QUANTILES = ("p50", "p99", "p99.9", "max")


@dataclass
class Figure:
    """The repetitions of one contender at one row: nanoseconds an operation, or bytes; of a tail, its middle."""
    costs: list[float] = field(default_factory=list)
    allocations: list[float] = field(default_factory=list)
    tails: dict[str, list[float]] = field(default_factory=dict)  # by quantile
    early: float = 0.0  # by how many nanoseconds a timer was

    @property
    def median(self) -> float:
        return statistics.median(self.costs)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, in percent of the median."""
        if len(self.costs) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.costs, n=4, method="inclusive")
        return 50 * (high - low) / abs(self.median)

    def quantile(self, name: str) -> float:
        """The median of the repetitions; of the longest ones the longest."""
        return max(self.tails[name]) if name == "max" else statistics.median(self.tails[name])


@dataclass
class Row:
    name: str
    group: str
    goal: float  # how many times raw `fast` may take; 0: none is set
    unit: str
    figures: dict[str, Figure] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def times_raw(self, contender: str) -> float | None:
        if contender in self.figures and "raw" in self.figures:
            return self.figures[contender].median / self.figures["raw"].median
        return None

    def best_peer(self) -> str | None:
        peers = [name for name, figure in self.figures.items() if name not in OURS and not figure.early]
        return min(peers, key=lambda name: self.figures[name].median, default=None)

    def verdict(self) -> str:
        """Whether `fast` keeps its goal; nothing if none is set."""
        times = self.times_raw("fast")
        if not self.goal or times is None:
            return ""
        return "met" if times <= self.goal else "missed"

    @property
    def is_tail(self) -> bool:
        return any(figure.tails for figure in self.figures.values())


@dataclass
class Run:
    rows: list[Row]
    contenders: dict[str, str]  # name: version
    missing: dict[str, str]  # name: why
    facts: dict[str, str]  # of the machine

    @property
    def failures(self) -> list[str]:
        return [f"{row.name}, {name}: {why}" for row in self.rows for name, why in row.failed.items()]

    @property
    def all_well(self) -> bool:
        return not self.failures and any(row.figures for row in self.rows)


def read(document: dict) -> Run:
    context = document["context"]

    def entries(kind):
        return [context[key].split("\t") for key in sorted(context) if key.startswith(kind + " ")]

    rows = {name: Row(name, group, float(goal), unit) for name, group, goal, unit in entries("row")}
    for name, contender, why in entries("cannot"):
        rows[name].cannot[contender] = why
    for one in document["benchmarks"]:
        if one.get("run_type") != "iteration":
            continue
        name, contender = one["name"].split("/")[:2]
        if one.get("error_occurred"):
            rows[name].failed[contender] = one["error_message"]
            continue
        figure = rows[name].figures.setdefault(contender, Figure())
        for quantile in QUANTILES:
            if quantile in one:
                figure.tails.setdefault(quantile, []).append(one[quantile])
        figure.early = max(figure.early, one.get("early", 0.0))
        figure.costs.append(next((one[key] for key in ("bytes", "p50") if key in one), 0.0) or 1e9 / one["items_per_second"])
        if "allocs" in one:
            figure.allocations.append(one["allocs"])
    for row in rows.values():  # one that failed once has no figure
        for contender in row.failed:
            row.figures.pop(contender, None)
    facts = {"date": context.get("date", ""), "CPUs": str(context.get("num_cpus", "")),
             "load": ", ".join(f"{load:.1f}" for load in context.get("load_avg", []))}
    return Run([row for row in rows.values() if row.figures or row.failed],
               dict(entries("contender")), dict(entries("missing")), facts)


def as_document(run: Run) -> dict:
    """The run for other tools: medians, spreads, ratios and verdicts."""
    return {
        "facts": run.facts, "contenders": run.contenders, "missing": run.missing, "failures": run.failures,
        "rows": [{
            "name": row.name, "group": row.group, "unit": row.unit, "goal": row.goal, "verdict": row.verdict(),
            "best_peer": row.best_peer(), "cannot": row.cannot, "failed": row.failed,
            "figures": {name: {"median": figure.median, "spread_percent": figure.spread, "times_raw": row.times_raw(name),
                               "repetitions": figure.costs, "tails": {q: figure.quantile(q) for q in figure.tails},
                               "early": figure.early} for name, figure in row.figures.items()},
        } for row in run.rows],
    }
