// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/virtual_driver.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace galley::testing {

/// Set: true, by any thread; cleared by the driver's `wait`. Relaxed, as it orders nothing else: what a poster wrote is
/// read under the inbox's own rules.
class virtual_driver::token final : public waker {
public:
    void wake() noexcept override { set_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool consume() noexcept { return set_.exchange(false, std::memory_order_relaxed); }

private:
    std::atomic<bool> set_{false};
};

virtual_driver::virtual_driver() : token_{std::make_shared<token>()} {}
virtual_driver::~virtual_driver() = default;

std::shared_ptr<waker> virtual_driver::get_waker() noexcept { return token_; }

void virtual_driver::at(instant when, std::function<void()> event) {
    events_.emplace(std::pair{when, ++events_made_}, std::move(event));
}

bool virtual_driver::start(operation& op) noexcept {
    op.result = {io_result::status::done, EBADF, 0};
    return true;
}
void virtual_driver::cancel(operation&) noexcept {}
int virtual_driver::close(int) noexcept { return EBADF; }

void virtual_driver::ask(operation_list&) noexcept {
    while (!shut_ && !events_.empty() && events_.begin()->first.first <= now_) {
        const auto due = events_.extract(events_.begin());  // it may script more
        due.mapped()();
    }
}

void virtual_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    if (!token_->consume() && !shut_) {
        if (!events_.empty()) {
            const instant next = events_.begin()->first.first;
            until = until ? std::min(*until, next) : next;
        }
        now_ = std::max(now_, until.value_or(now_));
    }
    ask(done);
    static_cast<void>(token_->consume());  // last: what an event posts in here wakes this wait, not the next (WAIT-3)
}

}  // namespace galley::testing
