# SPDX-License-Identifier: BSL-1.0
"""What the suites say of each mutant."""

import collections
import concurrent.futures
import sys
import threading
import time

import building
import plant
import suites

NO_MUTANT_SECONDS = 600  # as ./dev test allows
ARGUED_SECONDS = 6  # a mutant that has a reason to survive is tried again by the suites that take less; one without by all
OTHER_SUITE = 0.05  # a suite that never killed a mutant of a file counts as if it had killed this many


class Verdict:
    """What became of one mutant. `suite`, `variant`: who killed it (None: it survived); `killer`: with the test, and
    'dies' or 'hangs'; of one that survived, what there is to say."""

    def __init__(self, mutant, suite, variant, killer, seconds):
        self.mutant, self.suite, self.variant, self.killer, self.seconds = mutant, suite, variant, killer, seconds

    @property
    def expected(self):
        """What the catalogue says: killed by this suite, or by none."""
        return self.suite == self.mutant.get("killed_by") and (self.suite is None or self.variant == self.mutant.get("under", "plain"))

    @property
    def survived_unexpectedly(self):
        return self.suite is None and not plant.SURVIVAL_KEYS & self.mutant.keys()

    @property
    def text(self):
        if self.suite is None:
            how = "SURVIVED" if self.survived_unexpectedly else "survives, as was argued"
            return how + (f" ({self.killer})" if self.killer else "")
        return f"killed by {self.killer}" + ("" if self.expected else "  (NOT as the catalogue says)")


class Judge:
    """Knows what each suite takes as it is, hence when one hangs, which mutants it reaches, and who has killed mutants of which file.

    A suite may judge a mutant only if it passes without it under the same limits, and if it then comes to the place of the mutant: one
    that does not would fail for another reason."""

    def __init__(self, mutants):
        self.usual = {}
        self.reached = {}
        self.building = threading.Lock()
        self.all_are_built = False
        self.kills = collections.Counter((edit["file"], m["killed_by"]) for m in mutants if "killed_by" in m for edit in m["edit"])

    def others_than(self, named, mutant):
        """What is tried when the named suite does not kill, the best first: who kills often in this file, and is fast. Built only now if
        few mutants were asked for."""
        with self.building:
            if not self.all_are_built and not building.build("plain", building.all_suites()):
                raise RuntimeError("the suites that are left do not build")
            self.all_are_built = True
        files = {edit["file"] for edit in mutant["edit"]}

        def cost(suite):
            kills = sum(self.kills[file, suite] for file in files)
            return self.usual_of(suite, "plain").seconds / (kills + OTHER_SUITE)

        return [(suite, "plain") for suite in sorted(building.all_suites(), key=cost) if (suite, "plain") != named]

    def usual_of(self, suite, variant):
        if (suite, variant) not in self.usual and not self.passes_unmutated([(suite, variant)]):
            raise RuntimeError(f"{suite} ({variant}) fails without any mutant")
        return self.usual[suite, variant]

    def reaches(self, suite, variant, mutant):
        self.usual_of(suite, variant)
        return plant.number_of(mutant["id"]) in self.reached[suite, variant]

    @staticmethod
    def memory_of(variant):
        return suites.MEMORY if variant == "plain" else None

    def run(self, suite, variant, mutant):
        limits = suites.Limits.after(self.usual_of(suite, variant), self.memory_of(variant))
        return suites.run(building.program(suite, variant), mutant, limits)

    def run_as_it_is(self, what):
        limits = suites.Limits(seconds=NO_MUTANT_SECONDS, memory=self.memory_of(what[1]))
        return what, suites.run_and_see_what_is_reached(building.program(*what), limits)

    def passes_unmutated(self, wanted):
        """Of (suite, variant)."""
        print(f"the sources as they are must pass: {', '.join(f'{suite} ({variant})' for suite, variant in wanted)}", flush=True)
        failing = []
        for what, outcome in in_parallel(self.run_as_it_is, wanted):
            self.usual[what], self.reached[what] = outcome.usage, outcome.reached
            if outcome.killed:
                failing.append(f"{what[0]} ({what[1]}) {outcome.how}: {', '.join(outcome.failed)}")
        print("".join(line + "\n" for line in failing), end="", file=sys.stderr)
        return not failing

    def verdict_of(self, mutant):
        """First the suite that the catalogue names; if that does not kill, everything else."""
        start = time.monotonic()
        named = (mutant.get("killed_by"), mutant.get("under", "plain"))
        was_reached = False
        for suite, variant in self.in_order(named, mutant):
            if not self.reaches(suite, variant, mutant):
                continue
            was_reached = True
            outcome = self.run(suite, variant, mutant["id"])
            if outcome.killed:
                self.kills.update((edit["file"], suite) for edit in mutant["edit"])
                test = outcome.failed[0] if outcome.failed else "outside its tests"
                notes = [note for note in (variant, outcome.how) if note not in ("plain", "fails")]
                killer = f"{suite}: {test}" + (f" ({', '.join(notes)})" if notes else "")
                return Verdict(mutant, suite, variant, killer, time.monotonic() - start)
        return Verdict(mutant, None, None, None if was_reached else "no suite reaches it", time.monotonic() - start)

    def in_order(self, named, mutant):
        if named[0] is not None:
            yield named
        for suite, variant in self.others_than(named, mutant):
            if not is_argued(mutant) or self.usual_of(suite, variant).seconds < ARGUED_SECONDS:
                yield suite, variant

    def verdicts_of(self, mutants):
        verdicts = {}
        for verdict in in_parallel(self.verdict_of, mutants):
            verdicts[verdict.mutant["id"]] = verdict
            print(f"{verdict.mutant['id']:36} {verdict.seconds:5.1f} s  {verdict.text}", flush=True)
        return [verdicts[mutant["id"]] for mutant in mutants]


def is_argued(mutant):
    return "equivalent" in mutant or "unseen" in mutant


def in_parallel(work, items):
    """Results as they come; every worker has a process of its own to wait for."""
    with concurrent.futures.ThreadPoolExecutor(building.WORKERS) as pool:
        for done in concurrent.futures.as_completed([pool.submit(work, item) for item in items]):
            yield done.result()
