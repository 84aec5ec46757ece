// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/virtual_driver.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <tuple>

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

/// Where there is no network.
class virtual_driver::no_sockets final : public sockets {
public:
    [[nodiscard]] int open(int) noexcept override { return -ENETDOWN; }
    [[nodiscard]] int reuse_address(int) noexcept override { return ENETDOWN; }
    [[nodiscard]] int bind(int, const sockaddr*, unsigned) noexcept override { return ENETDOWN; }
    [[nodiscard]] int listen(int) noexcept override { return ENETDOWN; }
    [[nodiscard]] int local_port(int, std::uint16_t&) noexcept override { return ENETDOWN; }
    [[nodiscard]] int no_delay(int, bool) noexcept override { return ENETDOWN; }
    [[nodiscard]] int end_writing(int) noexcept override { return ENETDOWN; }
};

virtual_driver::virtual_driver() : token_{std::make_shared<token>()}, sockets_{std::make_shared<no_sockets>()} {}
virtual_driver::~virtual_driver() = default;

std::shared_ptr<waker> virtual_driver::get_waker() noexcept { return token_; }

// ---- the world -----------------------------------------------------------------------------------------------------

void virtual_driver::at(instant when, std::function<void()> event) {
    events_.emplace(std::pair{when, ++events_made_}, std::move(event));
}

int virtual_driver::open(std::unique_ptr<virtual_file> file) {
    files_.push_back({std::move(file), {}});
    return first_descriptor + static_cast<int>(files_.size()) - 1;
}

virtual_driver::open_file* virtual_driver::find(int descriptor) noexcept {
    const auto place = static_cast<std::size_t>(descriptor - first_descriptor);  // of a number below: far too large
    return place < files_.size() && files_[place].file != nullptr ? &files_[place] : nullptr;
}

bool virtual_driver::is_open(int descriptor) const noexcept {
    return const_cast<virtual_driver*>(this)->find(descriptor) != nullptr;
}

std::vector<std::string> virtual_driver::open_files() const {
    std::vector<std::string> names;
    for (const open_file& f : files_) {
        if (f.file != nullptr) names.push_back(f.file->name());
    }
    return names;
}

// An attempt may open files, which moves the others, and change this one again: each is looked up anew.
void virtual_driver::changed(int descriptor) {
    for (const bool reads : {true, false}) {
        for (std::size_t i = 0; find(descriptor) != nullptr && i < find(descriptor)->in_flight.size();) {
            operation& op = *find(descriptor)->in_flight[i];
            if (is_read(op.kind) != reads || !find(descriptor)->file->attempt(op)) {
                ++i;
                continue;
            }
            std::erase(find(descriptor)->in_flight, &op);
            completions_.push_back({event_time_.value_or(now_), &op});
        }
    }
}

// ---- operations ----------------------------------------------------------------------------------------------------

/// What this one is to end with; 0: it does not fail.
int virtual_driver::take_fault(std::optional<io> of) noexcept {
    for (auto f = faults_.begin(); f != faults_.end(); ++f) {
        if (f->of != of || f->after-- > 0) continue;
        const int error = f->error;
        faults_.erase(f);
        return error;
    }
    return 0;
}

bool virtual_driver::start(operation& op) noexcept {
    op.order = ++started_;
    if (find(op.descriptor) == nullptr) {
        op.result = {io_result::status::done, EBADF, 0};
        return true;
    }
    if (const int error = take_fault(op.kind); error != 0) {
        op.result = {io_result::status::done, error, 0};
        return true;
    }
    if (find(op.descriptor)->file->attempt(op)) return true;
    find(op.descriptor)->in_flight.push_back(&op);
    return false;
}

void virtual_driver::cancel(operation& op) noexcept {
    open_file* const f = find(op.descriptor);
    if (f != nullptr && std::erase(f->in_flight, &op) > 0) {
        op.result = {io_result::status::cancelled, 0, 0};
        completions_.push_back({now_, &op});
    }
}

void virtual_driver::end_all(open_file& f, const io_result& how) {
    for (operation* const op : std::exchange(f.in_flight, {})) {
        op->result = how;
        completions_.push_back({now_, op});
    }
}

int virtual_driver::close(int descriptor) noexcept {
    open_file* const f = find(descriptor);
    if (f == nullptr) return EBADF;
    end_all(*f, {io_result::status::done, ECANCELED, 0});
    const std::unique_ptr<virtual_file> file = std::move(f->file);
    file->closed();
    return 0;
}

void virtual_driver::shut() noexcept {
    shut_ = true;  // the world has stopped, too
    for (open_file& f : files_) end_all(f, {io_result::status::cancelled, 0, 0});
}

// ---- looking -------------------------------------------------------------------------------------------------------

void virtual_driver::ask(operation_list& done) noexcept {
    happen();
    report(done);
}

void virtual_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    if (!token_->consume() && completions_.empty() && !shut_) {
        if (!events_.empty()) {
            const instant next = events_.begin()->first.first;
            until = until ? std::min(*until, next) : next;
        }
        now_ = std::max(now_, until.value_or(now_));
    }
    ask(done);
    static_cast<void>(token_->consume());  // last: what an event posts in here wakes this wait, not the next (WAIT-3)
}

void virtual_driver::happen() {
    while (!shut_ && !events_.empty() && events_.begin()->first.first <= now_) {
        const auto due = events_.extract(events_.begin());  // it may script more
        event_time_ = due.key().first;
        due.mapped()();
    }
    event_time_.reset();
}

/// READY-1: by completion time, reads before writes, start order.
void virtual_driver::report(operation_list& done) {
    const auto place = [](const completion& c) { return std::tuple{c.time, !is_read(c.op->kind), c.op->order}; };
    std::ranges::sort(completions_, {}, place);
    for (const completion& c : completions_) done.push_back(*c.op);
    completions_.clear();
}

}  // namespace galley::testing
