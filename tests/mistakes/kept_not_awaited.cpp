// SPDX-License-Identifier: BSL-1.0
// says: unused variable
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> body() {
    auto later = give(1);
#ifdef MENDED
    static_cast<void>(co_await std::move(later));
#endif
    co_return;
}

}  // namespace

int main() {}
