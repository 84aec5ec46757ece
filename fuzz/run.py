#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the fuzz targets on all cores, says how it goes, and keeps what they find. `./dev fuzz` builds them and calls this.

    run.py fuzz --seconds N [--bin FOLDER] [--keep FOLDER] [--no-minimise] [TARGET...]
    run.py replay [--bin FOLDER] FILE

Each core has a libFuzzer process of its own; they share the corpus folder, which each reads again as it goes on
(libFuzzer's -reload). Fork mode was not taken: it starts processes again and again, and each of them reads its corpus anew.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "fuzz" / "corpus"
LINE_EVERY = 5  # seconds between lines of progress
# Seconds that workers may go on after their time before they are taken for hung. libFuzzer does not look at the time while it
# reads a corpus, and a report that is being made takes its own; an input that hangs it notices by itself (-timeout).
GRACE = 600
STATUS = re.compile(r"^#(\d+)\s.*?cov: (\d+).*?corp: (\d+)/\S+.*?exec/s: (\d+)", re.M)
DONE = re.compile(r"^stat::(\w+):\s+(\d+)", re.M)


@dataclass
class Worker:
    process: subprocess.Popen
    log: Path
    seen: tuple = (0, 0, 0, 0)  # executions, coverage, corpus, executions a second
    told: tuple = ()  # what was printed last

    def look(self):
        """The latest line of status. A log is short: libFuzzer writes a line when it finds something."""
        if found := STATUS.findall(self.log.read_text(errors="replace")):
            self.seen = tuple(int(n) for n in found[-1])
        return self.seen

    def executions(self):
        """How many, and how many a second, after the end."""
        stats = dict(DONE.findall(self.log.read_text(errors="replace")))
        return int(stats.get("number_of_executed_units", self.seen[0])), int(stats.get("average_exec_per_sec", self.seen[3]))


@dataclass
class Campaign:
    target: str
    binary: Path
    keep: Path
    seconds: int
    workers: list = field(default_factory=list)
    began: float = field(default_factory=time.time)

    def __post_init__(self):
        self.corpus = self.keep / "corpus" / self.target
        self.artifacts = self.keep / "artifacts"
        for folder in (self.corpus, self.artifacts):
            folder.mkdir(parents=True, exist_ok=True)
        self.seeds = SEEDS / self.target

    def command(self, *options):
        return [str(self.binary), *options]

    def options(self):
        yield f"-artifact_prefix={self.artifacts}/{self.target}-"
        yield "-timeout=20"
        # Inputs that run fast are mutated more: twice as many cases a second, and they cover as much. Without it coverage
        # makes the engine prefer the largest cases that it is allowed.
        yield "-entropic_scale_per_exec_time=1"
        dictionary = ROOT / "fuzz" / f"{self.target}.dict"
        if dictionary.exists():
            yield f"-dict={dictionary}"

    def start(self, count):
        # New inputs go into the first folder; the seeds stay untouched.
        folders = [str(self.corpus)] + ([str(self.seeds)] if self.seeds.is_dir() else [])
        for n in range(count):
            log = self.artifacts / f"{self.target}.{n + 1}.log"
            with log.open("wb") as out:
                self.workers.append(Worker(subprocess.Popen(
                    self.command(f"-max_total_time={self.seconds}", "-reload=1", "-print_final_stats=1", *self.options(), *folders),
                    stdout=out, stderr=subprocess.STDOUT), log))

    def watch(self):
        """True if all workers came to the end of their time; else the others are stopped."""
        began = time.monotonic()
        next_line = began + LINE_EVERY
        while any(w.process.poll() is None for w in self.workers):
            time.sleep(0.1)
            failed = [w for w in self.workers if w.process.poll() not in (None, 0)]
            late = time.monotonic() - began > self.seconds + GRACE
            if failed or late:
                self.stop()
                return False
            if time.monotonic() >= next_line:
                next_line += LINE_EVERY
                self.line(self.seconds - int(time.monotonic() - began))
        return all(w.process.returncode == 0 for w in self.workers)

    def line(self, left):
        for n, worker in enumerate(self.workers, 1):
            runs, cover, corpus, rate = worker.look()
            if left <= 0 and worker.told == worker.seen:
                continue
            worker.told = worker.seen
            print(f"  {self.target} {n}: {runs:>9,} runs, {rate:>6,}/s, coverage {cover:,}, corpus {corpus:,}, "
                  + (f"{left} s left" if left > 0 else "ending"), flush=True)

    def stop(self):
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.terminate()
        for worker in self.workers:
            try:
                worker.process.wait(10)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()

    def minimise(self):
        """Keeps of the corpus what covers as much: libFuzzer's -merge into an empty folder."""
        before = sum(1 for _ in self.corpus.iterdir())
        small = self.corpus.with_name(self.target + ".minimised")
        shutil.rmtree(small, ignore_errors=True)
        small.mkdir()
        log = self.artifacts / f"{self.target}.merge.log"
        with log.open("wb") as out:
            code = subprocess.run(self.command("-merge=1", *self.options(), str(small), str(self.corpus)),
                                  stdout=out, stderr=subprocess.STDOUT).returncode
        if code != 0:
            print(f"  the corpus could not be minimised and stays as it is: see {log}")
            return False
        shutil.rmtree(self.corpus)
        small.rename(self.corpus)
        print(f"  corpus minimised: {before:,} inputs to {sum(1 for _ in self.corpus.iterdir()):,} in {shown(self.corpus)}")
        return True


def shown(path):
    """A path as one types it from the repository's folder."""
    return os.path.relpath(path, ROOT) if path.is_relative_to(ROOT) else str(path)


def targets_in(folder):
    """Those that are sources here and built there."""
    return [name for name in sorted(f.stem for f in (ROOT / "fuzz").glob("*.cpp")) if (folder / name).exists()]


def told(log):
    """What the log of a worker that failed says: the report of a case if there is one, else how it ended."""
    lines = log.read_text(errors="replace").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("THE SMALL CASE")), None)
    if begin is None:
        # Lines of status and of the engine's start say nothing about the failure.
        lines = [line for line in lines if not line.startswith(("#", "INFO", "stat::"))]
        return "\n".join(lines[-60:])
    end = next((i for i in range(begin, len(lines)) if lines[i].startswith("==")), len(lines))
    return "\n".join(lines[begin:end]).rstrip()


def failure(campaign):
    """Prints what the first worker that failed said, and how to see again what was kept."""
    failed = [w for w in campaign.workers if w.process.returncode not in (0, -15)]  # -15: stopped for another one's sake
    if failed:
        print(told(failed[0].log))
    # What is found again has the same name again, but a new time.
    new = sorted((p for p in campaign.artifacts.glob(f"{campaign.target}-*") if p.stat().st_mtime >= campaign.began - 1),
                 key=lambda p: (p.suffix == ".json", p.name))
    print()
    for path in new:
        print(f"replay it with:  ./dev fuzz --replay {shown(path)}")
    if not new:
        print(f"no input was kept (the process was killed, say, or did not end in time); its log: {shown(campaign.workers[0].log)}")


def fuzz(arguments):
    there = targets_in(arguments.bin)
    wanted = arguments.targets or there
    if unknown := [name for name in wanted if name not in there]:
        sys.exit(f"fuzz: no such target: {', '.join(unknown)}; there are: {', '.join(there) or 'none that are built'}")
    passed = 0
    for name in wanted:
        campaign = Campaign(name, arguments.bin / name, arguments.keep, arguments.seconds)
        print(f"- {name}: {arguments.seconds} s on {arguments.workers} cores", flush=True)
        campaign.start(arguments.workers)
        try:
            well = campaign.watch()
        finally:
            campaign.stop()
        ends = [w.executions() for w in campaign.workers]
        print(f"  {name}: {sum(runs for runs, _ in ends):,} runs, {sum(rate for _, rate in ends):,}/s on {len(ends)} cores "
              f"({', '.join(f'{rate:,}' for _, rate in ends)})", flush=True)
        if not well:
            failure(campaign)
            continue
        passed += not arguments.minimise or campaign.minimise()
        if name == "differential" and arguments.minimise:
            subprocess.run([str(arguments.bin / "fuzz_occasions"), str(campaign.corpus), *([str(campaign.seeds)] if campaign.seeds.is_dir() else [])])
    if counts := os.environ.get("COUNTS"):
        Path(counts).write_text(f"{passed} {len(wanted) - passed} 0\n")
    sys.exit(passed != len(wanted))


def replay(arguments):
    """Runs one kept input again on the target that its name begins with."""
    target = max((t for t in targets_in(arguments.bin) if arguments.file.name.startswith(t + "-")), key=len, default=None)
    if target is None:
        sys.exit(f"fuzz: {arguments.file.name} does not begin with the name of a target, as TARGET-crash-... does; "
                 f"run it as: {arguments.bin}/TARGET {arguments.file}")
    sys.exit(0 if subprocess.run([str(arguments.bin / target), str(arguments.file)]).returncode == 0 else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("fuzz")
    one.add_argument("--seconds", type=int, required=True)
    one.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz")
    one.add_argument("--workers", type=int, default=os.cpu_count())
    one.add_argument("--no-minimise", dest="minimise", action="store_false")
    one.add_argument("targets", nargs="*")
    one.set_defaults(run=fuzz)
    two = commands.add_parser("replay")
    two.add_argument("file", type=Path)
    two.set_defaults(run=replay)
    for command in (one, two):
        command.add_argument("--bin", type=Path, default=ROOT / "build" / "fuzz" / "bin")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
