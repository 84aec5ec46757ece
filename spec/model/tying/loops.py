# SPDX-License-Identifier: BSL-1.0
"""The traces of scenarios on the code: ref and fast on the sim driver (traces.cpp), and the oracle."""
import subprocess
import sys

from .events import MODEL

ROOT = MODEL.parent.parent
PRESET = "dev"
TARGET = "model_traces"
EXECUTABLE = ROOT / "build" / PRESET / "bin" / TARGET
ORACLE = MODEL.parent / "scenario" / "oracle.py"
COMMANDS = {"ref": [EXECUTABLE, "run", "ref"], "fast": [EXECUTABLE, "run", "fast"],
            "oracle": [sys.executable, ORACLE, "--batch"]}


def build():
    """Configures if nobody has, and builds what runs the code."""
    if not (ROOT / "build" / PRESET / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", PRESET, "-Wno-dev"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", PRESET, "--target", TARGET, "model_wheel"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


def traces(who, scenarios):
    """The trace (text) of each scenario (a line of JSON) on `ref`, `fast` or `oracle`."""
    done = subprocess.run(COMMANDS[who], input="".join(line + "\n" for line in scenarios), stdout=subprocess.PIPE,
                          text=True, check=True)
    answers = done.stdout.split("\n\n")[:-1]
    if len(answers) != len(scenarios):
        raise RuntimeError(f"{who}: {len(scenarios)} scenarios, {len(answers)} traces")
    return answers
