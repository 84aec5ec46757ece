// SPDX-License-Identifier: BSL-1.0
// says: no coroutine can have a variable that is aligned so strictly
#include <galley/galley.hpp>

#include <memory>

namespace {

using galley::task;

struct alignas(64) line {
    int value;
};

#ifdef MENDED
[[maybe_unused]] task<std::unique_ptr<line>> give() { co_return std::make_unique<line>(line{1}); }
#else
[[maybe_unused]] task<line> give() { co_return line{1}; }
#endif

}  // namespace

int main() {}
