// SPDX-License-Identifier: BSL-1.0
#include "execution.hpp"

#include <boost/context/pooled_fixedsize_stack.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "freed_memory.hpp"

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

}  // namespace

execution::execution(search& choices, const limits& l, bool narrated)
    : choices_{choices}, limits_{l}, narrated_{narrated} {
    the_current = this;
}

execution::~execution() {
    if (scheduler_) {
        abandon(std::move(scheduler_));
    }
    for (fiber& f : fibers_) {
        if (f.at) {
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
    const keep_freed_memory kept;
    boost::context::fiber all{std::allocator_arg, stacks(), [&](boost::context::fiber&& from) {
                                  outside_ = std::move(from);
                                  try {
                                      stage s{*this};
                                      p(s);
                                      end_thread();
                                  } catch (...) {
                                      thrown_ = std::current_exception();
                                  }
                                  return std::move(outside_);
                              }};
    if (boost::context::fiber left = std::move(all).resume()) {
        abandon(std::move(left));
    }
    if (thrown_ != nullptr) {
        std::rethrow_exception(thrown_);
    }
}

void execution::leave() {
    (void)std::move(outside_).resume();  // for ever: see abandon
    std::terminate();
}

void execution::fail(const std::string& what) {
    if (!redundant_) {
        failed_ = failure{what, choices_.replay(), story_};
    }
    if (self_ == 0 || !redundant_) {
        leave();
    }
}

void execution::run(std::vector<std::function<void()>> threads) {
    if (!fibers_.empty() || threads.empty() || threads.size() >= most_threads) {
        throw std::logic_error("interleave: run takes 1 to 4 threads, once");
    }
    fibers_.resize(threads.size() + 1);
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        memory_.start(static_cast<thread_index>(i), 0);
        fibers_[i].at = {std::allocator_arg, stacks(), [this, i, &body = threads[i - 1]](boost::context::fiber&& from) {
                             scheduler_ = std::move(from);
                             pass({static_cast<thread_index>(i), step::access::none, false, 0});
                             try {
                                 body();
                                 end_thread();
                             } catch (...) {
                                 thrown_ = std::current_exception();
                             }
                             fibers_[i].ended = true;
                             return std::move(scheduler_);
                         }};
        self_ = static_cast<thread_index>(i);
        fibers_[i].at = std::move(fibers_[i].at).resume();  // to its first step
    }
    self_ = 0;
    while (const std::optional<turn> next = whose_turn()) {
        self_ = next->thread;
        from_ = next->from;
        fibers_[self_].at = std::move(fibers_[self_].at).resume();
        self_ = 0;
        from_ = 0;
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
    }
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        memory_.join(static_cast<thread_index>(i), 0);
    }
}

void execution::end_thread() {
    for (const own_object& o : own_[self_]) {
        if (o.end) {
            o.end();
        }
    }
}

std::optional<turn> execution::whose_turn() {
    ready_.clear();
    bool waiting = false;
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
        const fiber& f = fibers_[i];
        if (f.ended) {
            continue;
        }
        const bool can = f.waits_for == nullptr || *f.waits_for;
        waiting = waiting || !can;
        if (can && f.next.what == step::access::none) {
            return turn{f.next.thread, 0};  // no choice: nothing depends on it
        }
        if (can) {
            ready_.push_back(f.next);
            if (f.next.reads()) {
                ready_.back().messages = memory_.messages(f.next.where);
            }
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
    if (!redundant_) {
        const std::optional<turn> chosen = choices_.choose(ready_);
        redundant_ = !chosen.has_value();
        if (chosen) {
            return chosen;
        }
    }
    return turn{ready_.front().thread, 0};  // it is let go to its end, so that what it holds is given back
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
    scheduler_ = std::move(scheduler_).resume();
}

std::size_t execution::choose(std::size_t count) {
    return redundant_ ? count - 1 : choices_.choose(count);  // the last: the newest value, so that no loop goes on
}

void execution::outcome(const std::string& text) {
    if (!redundant_) {
        outcomes_.insert(text);
    }
}

}  // namespace galley::interleave
