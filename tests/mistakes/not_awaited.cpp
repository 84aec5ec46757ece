// SPDX-License-Identifier: BSL-1.0
// says: a task does nothing before it is awaited, spawned or given away
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> body() {
#ifdef MENDED
    static_cast<void>(co_await give(1));
#else
    give(1);
    co_return;
#endif
}

}  // namespace

int main() {}
