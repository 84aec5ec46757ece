// SPDX-License-Identifier: BSL-1.0
// says: this refers to something that is gone when the task starts: spawn a coroutine that owns it
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> puts(galley::queue<int>& q, int item) { static_cast<void>(co_await q.put(std::move(item))); }

[[maybe_unused]] void start(galley::loop& l, galley::queue<int>& q) {
#ifdef MENDED
    galley::spawn(l, puts(q, 1)).detach();
#else
    galley::spawn(l, q.put(1)).detach();
#endif
}

}  // namespace

int main() {}
