// SPDX-License-Identifier: BSL-1.0
#include <galley/ref/loop.hpp>
#include <galley/run.hpp>
#include <galley/sleep.hpp>

galley::task<int> answer() {
    co_await galley::sleep_for(galley::duration{0});
    co_return 42;
}

int main() {
    galley::ref::loop loop;
    return galley::run(loop, answer());
}
