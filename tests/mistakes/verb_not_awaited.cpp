// SPDX-License-Identifier: BSL-1.0
// says: nothing is begun before it is awaited, spawned or given away
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> body() {
#ifdef MENDED
    co_await galley::sleep_for(1s);
#else
    galley::sleep_for(1s);
    co_return;
#endif
}

}  // namespace

int main() {}
