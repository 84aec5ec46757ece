// SPDX-License-Identifier: BSL-1.0
// says: a handle that goes cancels its task: join it, keep it, or detach() it
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] void start(galley::loop& l) {
#ifdef MENDED
    galley::spawn(l, give(1)).detach();
#else
    galley::spawn(l, give(1));
#endif
}

}  // namespace

int main() {}
