// SPDX-License-Identifier: BSL-1.0
// What an execution does at each use of a variable: who goes first, what is read, and what is wrong with it.
#include "execution.hpp"

#include "sites.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>

namespace galley::interleave {

namespace {

constexpr std::size_t plain_steps_per_step = 100;

std::string number(std::uint64_t value) {
    return value < 4096 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

std::string place(const std::source_location& at) {
    return at.line() == 0 ? "" : fmt::format(" at {}:{}", file_name(at), at.line());
}

}  // namespace

execution::option execution::choose_option() {
    const option newest = options_.back();
    std::erase_if(options_, [this](const option& o) { return o.message < from_; });
    redundant_ = redundant_ || options_.empty();
    return redundant_ ? newest : options_[choose(options_.size())];
}

message_index execution::choose_message(std::span<const message_index> from) {
    options_.clear();
    for (const message_index m : from) {
        options_.push_back({m, true});
    }
    return choose_option().message;
}

std::uint64_t execution::load(std::size_t where, std::memory_order o, const std::source_location& at) {
    const std::memory_order as = order_at(at, "load", o);
    pass({self_, step::access::load, as == std::memory_order_seq_cst, where});
    use(where, at);
    const message_index read = choose_message(memory_.readable(self_, where, as));
    memory_.load(self_, where, read, as);
    const std::uint64_t value = memory_.value(where, read);
    narrate("load", where, as, value, value, at);
    return value;
}

void execution::store(std::size_t where, std::uint64_t value, std::memory_order o, const std::source_location& at) {
    const std::memory_order as = order_at(at, "store", o);
    pass({self_, step::access::store, as == std::memory_order_seq_cst, where});
    use(where, at);
    const auto behind = memory_.changeable(self_, where, as);
    memory_.store(self_, where, behind[choose(behind.size())], value, as);
    narrate("store", where, as, value, value, at);
}

bool execution::compare_exchange(std::size_t where, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failing, bool weak,
                                 const std::source_location& at) {
    const std::memory_order as = order_at(at, "compare_exchange", success);
    const std::memory_order as_load = order_at(at, "compare_exchange failure", failing);
    const bool sequential = as == std::memory_order_seq_cst || as_load == std::memory_order_seq_cst;
    pass({self_, step::access::modify, sequential, where});
    use(where, at);
    // What it may see: any value that is not the expected one, or an expected one that nobody has changed yet. A weak
    // one may fail all the same.
    options_.clear();
    for (const message_index m : memory_.readable(self_, where, as_load)) {
        if (memory_.value(where, m) != expected || (weak && spurious_ < limits_.spurious)) {
            options_.push_back({m, false});
        }
    }
    for (const message_index m : memory_.changeable(self_, where, as)) {
        if (memory_.value(where, m) == expected) {
            options_.push_back({m, true});
        }
    }
    const auto [read, equal] = choose_option();
    const std::uint64_t old = memory_.value(where, read);
    if (equal) {
        memory_.modify(self_, where, read, desired, as);
        ++swaps_[self_];
        narrate("compare_exchange", where, as, old, desired, at);
    } else {
        memory_.load(self_, where, read, as_load);
        spurious_ += old == expected ? 1U : 0U;
        narrate("compare_exchange failure", where, as_load, old, old, at);
        expected = old;
    }
    return equal;
}

void execution::fence(std::memory_order o, const std::source_location& at) {
    const std::memory_order as = order_at(at, "fence", o);
    const bool everything = as == std::memory_order_seq_cst;
    if (everything) {
        pass({self_, step::access::everything, true, 0});
    }
    if (as != std::memory_order_relaxed) {
        memory_.fence(self_, as);
    }
    if (narrated_) {
        tell(fmt::format("fence {}{}", to_text(as), place(at)));
    }
}

void execution::use(std::size_t where, const std::source_location& at) { read_plain(memory_.life(where), at); }

void execution::end_location(std::size_t where) {
    if (std::uncaught_exceptions() != 0) {
        return;  // it is over: what ends now ends in no order
    }
    pass({self_, step::access::whole, false, where});
    end_plain(memory_.life(where));
}

void execution::read_plain(plain_history& h, const std::source_location& at) {
    count_plain();
    if (h.gone) {
        fail(fmt::format("after its end: thread {} uses{} what thread {} has destroyed", self_, place(at), h.writer));
    }
    if (!memory_.read_plain(self_, h)) {
        fail(fmt::format("race: thread {} reads{} what thread {} wrote, and neither comes before the other", self_,
                         place(at), h.writer));
    }
}

void execution::count_plain() {
    if (++plain_steps_ > plain_steps_per_step * limits_.steps) {
        if (redundant_) {
            leave();  // it would never come to its end
        }
        fail(fmt::format("livelock: no end after {} uses of variables", plain_steps_));
    }
}

void execution::write_plain(plain_history& h, const std::source_location& at) {
    count_plain();
    if (h.gone) {
        fail(fmt::format("after its end: thread {} writes{} what thread {} has destroyed", self_, place(at), h.writer));
    }
    if (!memory_.write_plain(self_, h)) {
        fail(fmt::format("race: thread {} writes{} what another thread uses, and neither comes before the other", self_,
                         place(at)));
    }
}

void execution::end_plain(plain_history& h) {
    if (std::uncaught_exceptions() != 0) {
        return;
    }
    write_plain(h, {});
    h.gone = true;
}

void execution::set_token(bool& token, std::size_t where) {
    pass({self_, step::access::whole, false, where});
    token = true;
    if (narrated_) {
        tell("set the token");
    }
}

void execution::await_token(bool& token, std::size_t where) {
    pass({self_, step::access::whole, false, where}, &token);
    token = false;
    if (narrated_) {
        tell("took the token");
    }
}

std::memory_order execution::order_at(const std::source_location& at, const char* operation,
                                      std::memory_order o) const {
    return redundant_ ? o : pass_site(at, operation, o);
}

void execution::narrate(const char* operation, std::size_t where, std::memory_order o, std::uint64_t old,
                        std::uint64_t value, const std::source_location& at) {
    if (narrated_) {
        tell(fmt::format("{} {} of variable {}{}: {}{}", operation, to_text(o), where, place(at), number(old),
                         old == value ? "" : " -> " + number(value)));
    }
}

void execution::tell(const std::string& line) { story_ += fmt::format("  thread {}: {}\n", self_, line); }

}  // namespace galley::interleave
