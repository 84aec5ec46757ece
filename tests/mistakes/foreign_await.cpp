// SPDX-License-Identifier: BSL-1.0
// says: a task cannot await this: an awaiter of another library resumes coroutines behind the loop's back
// not g++-12: it has no await_transform there; the deadlock report says something foreign
#include <galley/galley.hpp>

#include <chrono>
#include <coroutine>

namespace {

using namespace std::chrono_literals;
using galley::task;

[[maybe_unused]] task<int> give(int value) { co_return value; }

[[maybe_unused]] task<> body() {
#ifdef MENDED
    co_await galley::yield();
#else
    co_await std::suspend_always{};
#endif
    static_cast<void>(co_await give(1));
}

}  // namespace

int main() {}
