// SPDX-License-Identifier: BSL-1.0
// says: what is given away to be awaited must be movable: let its verb give a galley::request for the awaiter
// not g++-12: it says first that the awaiter cannot be moved
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> body() {
#ifdef MENDED
    co_await galley::timeout(1s, galley::sleep_for(2s));
#else
    co_await galley::timeout(1s, galley::sleep_awaiter{2s});
#endif
}

}  // namespace

int main() {}
