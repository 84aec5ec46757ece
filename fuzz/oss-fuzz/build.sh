#!/bin/bash -eu
# SPDX-License-Identifier: BSL-1.0
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them. What is in the environment, and what is to be left in
# $OUT, is said in the "build.sh" sections of
#   https://google.github.io/oss-fuzz/getting-started/new-project-guide/
#   https://google.github.io/clusterfuzzlite/build-integration/
# CMake takes $CXX and $CXXFLAGS by itself, and the fuzz folder takes $LIB_FUZZING_ENGINE. The flags bring a sanitizer
# ($SANITIZER) and, where the engine wants it, coverage; so nothing is added here, and warnings of another compiler are
# not errors. ($CC and $CFLAGS: there is no C.)

source_folder=$SRC/galley
build_folder=$WORK/galley-$SANITIZER

cmake -S "$source_folder" -B "$build_folder" -G Ninja -DCMAKE_BUILD_TYPE=None -DGALLEY_FUZZ=ON -DGALLEY_WERROR=OFF \
    -DGALLEY_TOOLS=OFF -DGALLEY_TESTS=OFF -DGALLEY_BENCH=OFF -DGALLEY_EXAMPLES=OFF -DGALLEY_INSTALL=OFF
cmake --build "$build_folder" --target galley_fuzz

for source in "$source_folder"/fuzz/*.cpp; do
    target=$(basename "$source" .cpp)
    cp "$build_folder/bin/$target" "$OUT/"
    # Larger inputs are slower, and reach nothing that smaller ones do not. (run.py has the same.)
    printf '[libfuzzer]\nmax_len = 4096\ntimeout = 20\nentropic_scale_per_exec_time = 1\n' >"$OUT/$target.options"
    dictionary=$source_folder/fuzz/$target.dict
    [[ ! -f $dictionary ]] || cp "$dictionary" "$OUT/"
    seeds=$source_folder/fuzz/corpus/$target
    [[ ! -d $seeds ]] || python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" "$seeds"/*
done
