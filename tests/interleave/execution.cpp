// SPDX-License-Identifier: BSL-1.0
#include "execution.hpp"

#include <boost/context/pooled_fixedsize_stack.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "sites.hpp"

namespace galley::interleave {

namespace {

execution* the_current = nullptr;

constexpr std::size_t stack_size = std::size_t{64} * 1024;

boost::context::pooled_fixedsize_stack& stacks() {
    static boost::context::pooled_fixedsize_stack pool{stack_size};
    return pool;
}

/// Where fibers go that are left in the middle. They are never resumed or destroyed: that would unwind their stacks,
/// through code that must not throw.
void abandon(boost::context::fiber&& left) {
    static auto& all = *std::make_unique<std::vector<boost::context::fiber>>().release();
    all.push_back(std::move(left));
}

std::string number(std::uint64_t value) {
    return value < 4096 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

std::string place(const std::source_location& at) { return fmt::format("{}:{}", file_name(at), at.line()); }

}  // namespace

execution::execution(search& choices, const limits& l, bool narrated)
    : choices_{choices}, limits_{l}, narrated_{narrated} {
    the_current = this;
}

execution::~execution() {
    for (fiber& f : fibers_) {
        if (!f.ended && f.at) {
            abandon(std::move(f.at));
        }
    }
    the_current = nullptr;
}

execution& execution::current() {
    if (the_current == nullptr) {
        throw std::logic_error("interleave: atomic variables live inside of explore() only");
    }
    return *the_current;
}

void execution::perform(const program& p) {
    stage s{*this};
    try {
        p(s);
    } catch (const execution_over&) {
    }
}

void execution::fail(const std::string& what) {
    if (!redundant_) {
        failed_ = failure{what, choices_.replay(), story_};
    }
    if (self_ == 0) {
        throw execution_over{};
    }
    if (redundant_) {
        return;
    }
    explorer_ = std::move(explorer_).resume();  // for ever: see abandon
    std::terminate();
}

void execution::run(std::vector<std::function<void()>> threads) {
    if (!fibers_.empty() || threads.empty() || threads.size() >= most_threads) {
        throw std::logic_error("interleave: run takes 1 to 4 threads, once");
    }
    fibers_.resize(threads.size() + 1);
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        memory_.start(static_cast<thread_index>(i), 0);
        fibers_[i].at = {std::allocator_arg, stacks(), [this, i, &body = threads[i - 1]](boost::context::fiber&& from) {
                             explorer_ = std::move(from);
                             pass({static_cast<thread_index>(i), step::access::none, false, 0});
                             try {
                                 body();
                             } catch (...) {
                                 thrown_ = std::current_exception();
                             }
                             fibers_[i].ended = true;
                             return std::move(explorer_);
                         }};
        self_ = static_cast<thread_index>(i);
        fibers_[i].at = std::move(fibers_[i].at).resume();  // to its first step
    }
    self_ = 0;
    while (const std::optional<thread_index> turn = whose_turn()) {
        self_ = *turn;
        fibers_[self_].at = std::move(fibers_[self_].at).resume();
        self_ = 0;
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
        if (failed_) {
            throw execution_over{};
        }
    }
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        memory_.join(static_cast<thread_index>(i), 0);
    }
}

std::optional<thread_index> execution::whose_turn() {
    ready_.clear();
    bool waiting = false;
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        const fiber& f = fibers_[i];
        if (f.ended) {
            continue;
        }
        const bool can = f.waits_for == nullptr || *f.waits_for;
        waiting = waiting || !can;
        if (can) {
            ready_.push_back(f.next);
        }
    }
    if (ready_.empty()) {
        if (waiting) {
            fail("deadlock: " + who_waits());
        }
        return std::nullopt;
    }
    if (++steps_ > limits_.steps) {
        fail(fmt::format("livelock: no end after {} steps", limits_.steps));
    }
    if (redundant_) {  // it is let go to its end, so that what it holds is given back
        return ready_.front().thread;
    }
    const std::optional<thread_index> turn = choices_.choose(ready_);
    redundant_ = !turn.has_value();
    return turn ? turn : std::optional{ready_.front().thread};
}

std::string execution::who_waits() const {
    std::string text;
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        if (!fibers_[i].ended) {
            text += fmt::format("{}thread {} waits for a token that nobody sets", text.empty() ? "" : ", ", i);
        }
    }
    return text;
}

void execution::pass(step next, const bool* waits_for) {
    if (self_ == 0) {
        return;  // before and after the threads there is nobody else
    }
    fiber& f = fibers_[self_];
    f.next = next;
    f.waits_for = waits_for;
    explorer_ = std::move(explorer_).resume();
}

std::size_t execution::choose(std::size_t count) {
    return redundant_ ? count - 1 : choices_.choose(count);  // the last: the newest value, so that no loop goes on
}

void execution::outcome(const std::string& text) {
    if (!redundant_) {
        outcomes_.insert(text);
    }
}

std::uint64_t execution::load(std::size_t where, std::memory_order o, const std::source_location& at) {
    const std::memory_order as = order_at(at, "load", o);
    pass({self_, step::access::read, as == std::memory_order_seq_cst, where});
    const auto from = memory_.readable(self_, where, as);
    const message_index read = from[choose(from.size())];
    memory_.load(self_, where, read, as);
    const std::uint64_t value = memory_.value(where, read);
    narrate("load", where, as, value, value, at);
    return value;
}

void execution::store(std::size_t where, std::uint64_t value, std::memory_order o, const std::source_location& at) {
    const std::memory_order as = order_at(at, "store", o);
    pass({self_, step::access::change, as == std::memory_order_seq_cst, where});
    const auto behind = memory_.changeable(self_, where, as);
    memory_.store(self_, where, behind[choose(behind.size())], value, as);
    narrate("store", where, as, value, value, at);
}

bool execution::compare_exchange(std::size_t where, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failing, const std::source_location& at) {
    const std::memory_order as = order_at(at, "compare_exchange", success);
    const std::memory_order as_load = order_at(at, "compare_exchange failure", failing);
    const bool sequential = as == std::memory_order_seq_cst || as_load == std::memory_order_seq_cst;
    pass({self_, step::access::change, sequential, where});
    // What it may see: any value that is not the expected one, or an expected one that nobody has changed yet.
    std::vector<std::pair<message_index, bool>> may;
    for (const message_index m : memory_.changeable(self_, where, as)) {
        if (memory_.value(where, m) == expected) {
            may.emplace_back(m, true);
        }
    }
    for (const message_index m : memory_.readable(self_, where, as_load)) {
        if (memory_.value(where, m) != expected) {
            may.emplace_back(m, false);
        }
    }
    const auto [read, equal] = may[choose(may.size())];
    const std::uint64_t old = memory_.value(where, read);
    if (equal) {
        memory_.modify(self_, where, read, desired, as);
        narrate("compare_exchange", where, as, old, desired, at);
    } else {
        memory_.load(self_, where, read, as_load);
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
        tell(fmt::format("fence {} at {}", to_text(as), place(at)));
    }
}

void execution::read_plain(plain_history& h, const std::source_location& at) {
    if (!memory_.read_plain(self_, h)) {
        fail(fmt::format("race: thread {} reads at {} what thread {} wrote, and neither comes before the other", self_,
                         place(at), h.writer));
    }
}

void execution::write_plain(plain_history& h, const std::source_location& at) {
    if (!memory_.write_plain(self_, h)) {
        fail(fmt::format("race: thread {} writes at {} what another thread uses, and neither comes before the other",
                         self_, place(at)));
    }
}

void execution::set_token(bool& token, std::size_t where) {
    pass({self_, step::access::change, false, where});
    token = true;
    if (narrated_) {
        tell("set the token");
    }
}

void execution::await_token(bool& token, std::size_t where) {
    pass({self_, step::access::change, false, where}, &token);
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
        tell(fmt::format("{} {} of variable {} at {}: {}{}", operation, to_text(o), where, place(at), number(old),
                         old == value ? "" : " -> " + number(value)));
    }
}

void execution::tell(const std::string& line) { story_ += fmt::format("  thread {}: {}\n", self_, line); }

}  // namespace galley::interleave
