// SPDX-License-Identifier: BSL-1.0
// says: this is awaited once, and gives itself up for it: co_await std::move
// not g++-12: it has no await_transform there, and says so in its own words
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<int> body() {
    task<int> t = give(1);
#ifdef MENDED
    const int value = co_await std::move(t);
#else
    const int value = co_await t;
#endif
    co_return value;
}

}  // namespace

int main() {}
