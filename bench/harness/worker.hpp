// SPDX-License-Identifier: BSL-1.0
// Contenders in processes of their own, for loops of other languages. One is started once and asked again and again, so
// that it is warm, and its repetitions are interleaved with everybody's. It reads lines from standard input and
// answers each with one; words are parted by tabs:
//
//   it says first        version V            or: missing WHY
//   then, row by row     can ROW              or: cannot ROW WHY
//   at last              ready
//   run ROW OPERATIONS   done COUNT CPU WALL [KEY VALUE]...   or: failed WHY
//
// COUNT is what it has counted as done, CPU and WALL nanoseconds that it took. A figure in bytes comes as KEY bytes.
#pragma once

#include "bench/harness/registry.hpp"

namespace galley_bench {

/// All that CMake knows of; those that are not there are entered as missing.
void enter_workers(registry& to);
/// One, by its command.
void enter_worker(registry& to, const std::string& name, const std::vector<std::string>& command);

}  // namespace galley_bench
