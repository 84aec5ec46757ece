// SPDX-License-Identifier: BSL-1.0
// says: an item that fails to move between two tasks would be lost
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

struct careful {
    careful() = default;
#ifdef MENDED
    careful(careful&&) noexcept {}
#else
    careful(careful&&) {}
#endif
};

[[maybe_unused]] void hold(galley::queue<careful>& q) { q.close(); }

}  // namespace

int main() {}
