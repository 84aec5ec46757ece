// SPDX-License-Identifier: BSL-1.0
// A stranger's program: everything that is installed, used once.
#include <galley/galley.hpp>

#include <galley/fast/epoll_driver.hpp>
#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>
#include <galley/ref/poll_driver.hpp>
#include <galley/testing/testing.hpp>

#include <chrono>

namespace {

galley::task<int> dish() {
    co_await galley::sleep_for(std::chrono::milliseconds{1});
    co_return 1;
}

template <class Loop, class Driver>
int cook() {
    Driver driver;
    Loop loop{driver};
    return galley::run(loop, dish());
}

}  // namespace

int main() {
    const int dishes =
        cook<galley::ref::loop, galley::ref::poll_driver>() + cook<galley::fast::loop, galley::fast::epoll_driver>();
    const auto explored = galley::testing::explore({}, []() -> galley::task<> {
        const int one = co_await dish();
        galley::testing::require(one == 1, "no dish");
    });
    return dishes == 2 && explored.complete && !explored.failed() ? 0 : 1;
}
