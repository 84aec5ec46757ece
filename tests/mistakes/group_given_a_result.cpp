// SPDX-License-Identifier: BSL-1.0
// says: this can be neither awaited in a task nor called to give something that can
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] void start(galley::task_group& group) {
#ifdef MENDED
    group.spawn([] { return give(1); });
#else
    group.spawn([] { return 1; });
#endif
}

}  // namespace

int main() {}
