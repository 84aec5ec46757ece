#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The builds of ClusterFuzzLite and OSS-Fuzz, without their images: build.sh in the environment that they give, and every
program in $OUT run on its unpacked seeds. What differs from the real thing: clang-19 and libc++ are those of this system.
"""

import os
import shutil
import subprocess
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# As infra/base-images/base-builder/Dockerfile and its `compile` of the OSS-Fuzz repository set them.
COMMON = ("-O1 -fno-omit-frame-pointer -gline-tables-only -Wno-error=enum-constexpr-conversion "
          "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION")
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,"
                 "shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr "
                 "-fno-sanitize-recover=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
                 "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr",
}


def environment(sanitizer, out, src, work):
    flags = f"{COMMON} {SANITIZERS[sanitizer]} -fsanitize=fuzzer-no-link"
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8",
        "SRC": str(src), "OUT": str(out), "WORK": str(work),
        "CC": "clang-19", "CXX": "clang++-19", "CCC": "clang++-19", "CFLAGS": flags, "CXXFLAGS": flags + " -stdlib=libc++",
        "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "FUZZING_ENGINE": "libfuzzer", "FUZZING_LANGUAGE": "c++", "ARCHITECTURE": "x86_64",
        "SANITIZER": sanitizer, "UBSAN_OPTIONS": "silence_unsigned_overflow=1",
        "LDFLAGS": "-l:libstdc++.so.6",  # not theirs: libFuzzer of Debian was built for libstdc++, that of their image for libc++
    } | {name: value for name, value in os.environ.items() if name.startswith("CCACHE_")}


class FuzzServicesTest(unittest.TestCase):
    def build(self, script, sanitizer):
        """Runs the script and gives $OUT and the environment."""
        self.assertTrue(shutil.which("clang++-19"))
        # A fixed place, made anew: so that a compiler cache knows its paths.
        place = ROOT / "build" / "fuzz_services" / sanitizer
        shutil.rmtree(place, ignore_errors=True)
        out, src, work = place / "out", place / "src", place / "work"
        for folder in (out, src, work):
            folder.mkdir(parents=True)
        (src / "galley").symlink_to(ROOT, target_is_directory=True)
        shutil.copy(script, src / "build.sh")  # as both Dockerfiles do
        env = environment(sanitizer, out, src, work)
        done = subprocess.run(["bash", "-eu", str(src / "build.sh")], cwd=src / "galley", env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        return out, env

    def judge(self, out, env):
        targets = sorted(source.stem for source in (ROOT / "fuzz").glob("*.cpp"))
        programs = sorted(p.name for p in out.iterdir() if os.access(p, os.X_OK) and not p.suffix)
        self.assertEqual(programs, targets)
        for target in targets:
            with self.subTest(target=target):
                self.assertTrue((out / f"{target}.options").read_text().startswith("[libfuzzer]"))
                self.assertEqual((out / f"{target}.dict").exists(), (ROOT / "fuzz" / f"{target}.dict").exists())
                seeds = out / f"{target}.seeds"
                with zipfile.ZipFile(out / f"{target}_seed_corpus.zip") as packed:
                    packed.extractall(seeds)
                wanted = [p for p in (ROOT / "fuzz" / "corpus" / target).iterdir()]
                self.assertEqual(sum(1 for _ in seeds.iterdir()), len(wanted))
                ran = subprocess.run([str(out / target), "-runs=0", str(seeds)], cwd=out, env=env, capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stderr[-2000:])
                self.assertIn("INITED", ran.stderr, "it is no libFuzzer target, or has read no seeds")

    def test_oss_fuzz_address(self):
        self.judge(*self.build(ROOT / "fuzz" / "oss-fuzz" / "build.sh", "address"))

    def test_clusterfuzzlite_undefined(self):
        self.judge(*self.build(ROOT / ".clusterfuzzlite" / "build.sh", "undefined"))


if __name__ == "__main__":
    unittest.main()
