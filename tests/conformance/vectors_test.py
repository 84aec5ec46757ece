#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The vectors of the conformance kit are all that there are to make: what makes them would neither add one nor change one.

MAKE_VECTORS names the program that makes them; without it, that of the preset dev."""

import filecmp
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "spec" / "conformance" / "vectors"
MAKE_VECTORS = os.environ.get("MAKE_VECTORS", str(ROOT / "build/dev/bin/make_vectors"))


def files_of(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


class Vectors(unittest.TestCase):
    def test_are_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "vectors"
            shutil.copytree(VECTORS, made)
            subprocess.run([MAKE_VECTORS, ROOT, made], check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(files_of(made), files_of(VECTORS))
            _, different, unread = filecmp.cmpfiles(VECTORS, made, sorted(files_of(VECTORS)), shallow=False)
            self.assertEqual(different + unread, [])


if __name__ == "__main__":
    unittest.main()
