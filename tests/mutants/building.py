# SPDX-License-Identifier: BSL-1.0
"""The copy of the sources with all mutants, and its builds: build/mutants."""

import os
import pathlib
import shutil
import subprocess
import sys

import plant

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUTPUT = ROOT / "build" / "mutants"
COPY = OUTPUT / "source"
# Plain: optimised as the tests are, with assertions; without debugging information, which takes a third of the time. A constant with a
# switch in it is none any more, which the compiler would mind where it is narrowed.
VARIANTS = {
    "plain": "-O2 -w -Wno-c++11-narrowing",
    "asan": "-O1 -g -w -Wno-c++11-narrowing -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all",
}
WORKERS = os.cpu_count() or 1
LEFT_OUT = {"build", ".git", "__pycache__"}


# Suites that have no say in what mutants touch: who fails under one of them fails for another reason.
NO_VOTE = {"picture_test": "it tests the page that a browser shows; the traces in that page are other suites' matter, and no browser starts "
                           "within the address space that a mutant gets"}


def all_suites():
    """Those that judge, of whatever folder in tests/."""
    return sorted({path.stem for path in (ROOT / "tests").rglob("*_test.cpp")} - NO_VOTE.keys())


def sources(root):
    """Names of all files but what git would not keep."""
    for folder, inside, files in os.walk(root):
        inside[:] = [name for name in inside if name not in LEFT_OUT]
        for file in files:
            yield (pathlib.Path(folder) / file).relative_to(root)


LINKS = ("include/galley/fast", "include/galley/ref")  # the rooms of the loops, as they are included


def copy_with(planted):
    """Makes the copy. What is the same already is not touched, so that the build does only what is new."""
    wanted = set(sources(ROOT))
    header = pathlib.Path("include/galley") / plant.HEADER
    for name in wanted | {header}:
        original = HERE / plant.HEADER if name == header else ROOT / name
        content = planted[str(name)].encode() if str(name) in planted else original.read_bytes()
        target = COPY / name
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            shutil.copymode(original, target)
    for name in set(sources(COPY)) - wanted - {header}:
        (COPY / name).unlink()
    for link in LINKS:
        if not (COPY / link).is_symlink():
            (COPY / link).symlink_to((ROOT / link).readlink())


def program(suite, variant):
    return OUTPUT / variant / "bin" / suite


def build(variant, targets):
    log = OUTPUT / f"build_{variant}.log"
    folder = OUTPUT / variant
    configure = ["cmake", "-S", COPY, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_CXX_FLAGS={VARIANTS[variant]}",
                 "-DCMAKE_CXX_COMPILER=clang++-19", "-DGALLEY_WERROR=OFF", "-DGALLEY_PCH=ON", "-DGALLEY_SUITE_FLAGS=-O0",
                 "-DGALLEY_BENCH=OFF", "-DGALLEY_INSTALL=OFF",
                 f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={folder / 'bin'}"]
    make = ["cmake", "--build", folder, "-j", str(WORKERS), "--target", *targets]
    with open(log, "w") as output:
        if all(subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode == 0 for command in (configure, make)):
            return True
    print(f"the copy with all mutants does not build; {log}:", file=sys.stderr)
    print("\n".join([line for line in log.read_text().splitlines() if "error:" in line][:20]), file=sys.stderr)
    return False
