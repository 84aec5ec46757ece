# SPDX-License-Identifier: BSL-1.0
"""Which sites are taken. Each site has a rank, a hash of the seed and of what the site is: its file, the function it is in, its kind, its
text, and which of several equal ones it is. The sample is the sites of the lowest ranks, so it is uniform over all sites, and a
site keeps its rank while the code around it changes."""

import hashlib

SEED = "galley 1"


def ranked(sites, seed=SEED):
    """(rank, site) of all that can be planted, in order of rank."""
    counts = {}
    result = []
    for site in sites:
        what = (site.file, site.inside, site.kind, *(choice[2] for choice in site.choices))
        counts[what] = counts.get(what, 0) + 1
        if site.no is None:
            result.append((rank(seed, *what, str(counts[what])), site))
    return sorted(result, key=lambda pair: pair[0])


def rank(*what):
    return hashlib.sha256("\\0".join(what).encode()).hexdigest()


def choice_of(site, key):
    """One of the site's changes, by the same hash."""
    return site.choices[int(key, 16) % len(site.choices)]


def name_of(site, line, taken):
    """An id that no other has: S-fast-timer_wheel-120-relational; with a letter behind it where that is taken."""
    folder, _, file = site.file.removeprefix("include/").partition("/")
    name = f"S-{folder}-{file.partition('.')[0]}-{line}-{site.kind.replace(' ', '-')}"
    letter = next(letter for letter in ("", *"bcdefghijklmnopqrstuvwxyz") if f"{name}{letter}" not in taken)
    return f"{name}{letter}"
