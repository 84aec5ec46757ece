// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/signals.hpp>

#include <galley/testing/virtual_file.hpp>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include <sys/signalfd.h>

namespace galley::testing {

struct signals::pending {
    std::deque<int> raised;
};

class signals::signal_file final : public virtual_file {
public:
    explicit signal_file(std::shared_ptr<pending> p) noexcept : pending_{std::move(p)} {}

    [[nodiscard]] bool attempt(operation& op) override {
        std::deque<int>& raised = pending_->raised;
        if (op.kind == io::readable) return !raised.empty() && done(op, 0, 0);
        if (op.kind != io::read || op.size < sizeof(signalfd_siginfo)) return done(op, EINVAL, 0);
        std::size_t count = 0;
        for (; !raised.empty() && op.size - count >= sizeof(signalfd_siginfo); count += sizeof(signalfd_siginfo)) {
            signalfd_siginfo info{};
            info.ssi_signo = static_cast<std::uint32_t>(raised.front());
            raised.pop_front();
            std::memcpy(static_cast<std::byte*>(op.buffer) + count, &info, sizeof info);
        }
        return count > 0 && done(op, 0, static_cast<std::int64_t>(count));
    }
    [[nodiscard]] std::string name() const override { return "signals"; }

private:
    const std::shared_ptr<pending> pending_;
};

signals::signals(world& w)
    : world_{w},
      pending_{std::make_shared<pending>()},
      descriptor_{w.outside.open(std::make_unique<signal_file>(pending_))} {}

void signals::raise(int signal) {
    pending_->raised.push_back(signal);
    world_.outside.changed(descriptor_);
}

}  // namespace galley::testing
