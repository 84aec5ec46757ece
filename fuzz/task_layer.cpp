// SPDX-License-Identifier: BSL-1.0
// The vocabulary that programs are written in, driven directly: tasks, calls, groups, combinators, scopes, objects to
// wait for, values that only move, failures, and a loop that is destroyed at any moment. Needs no second implementation
// to say what is wrong: nothing is lost, doubled or left, every task has one outcome, and both loops do the same.
#include <fuzz/support/task_program.hpp>

#include <galley/testing/virtual_driver.hpp>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <exception>
#include <optional>

namespace {

using namespace galley;
using namespace galley::fuzz;

constexpr int most_runs = 64;

void unobserved(void* book, const context*, std::exception_ptr error) noexcept {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const failure& f) {
        static_cast<ledger*>(book)->sees(f);
    }
}

template <class Loop>
ledger::log play(byte_source in) {
    ledger book;
    {
        testing::virtual_driver driver;
        const loop_options options{.resolution_bits = static_cast<unsigned>(in.below(3)),
                                   .ask_every = static_cast<std::uint32_t>(1 + in.below(3)),
                                   .budget = static_cast<std::uint32_t>(1 + in.below(5))};
        std::optional<Loop> loop{std::in_place, driver, options};
        loop->tasks().on_failure(&unobserved, &book);
        task_program program{in, *loop, book};
        program.start(0, 3);
        bool goes_on = true;
        for (int runs = 0; goes_on && runs < most_runs; ++runs) {
            const verdict v = loop->run();
            book.note('v', static_cast<std::uint64_t>(v), loop->tasks().pending());
            if (v == verdict::completed) program.check_completed();
            goes_on = program.intervene();
        }
        if (in.below(2) == 0) book.note('v', static_cast<std::uint64_t>(close(*loop)), loop->tasks().pending());
        loop.reset();
        program.check_closed();
    }
    book.close();
    return book.take_log();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    require(play<ref::loop>({data, size}) == play<fast::loop>({data, size}), "both loops run a program alike");
    return 0;
}
