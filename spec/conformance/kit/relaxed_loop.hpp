// SPDX-License-Identifier: BSL-1.0
// The reference loop without boxes, and with a choice wherever a relaxed rule would have made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <galley/contract/loop.hpp>
#include <galley/ref/inbox.hpp>

#include "spec/conformance/kit/relaxed.hpp"

namespace galley::conformance {

/// One of so many (more than one), from 0.
using chooser = std::function<std::size_t(std::size_t)>;

/// For the simulated driver; one thread. Tells an observer what level P needs, and the collects.
class relaxed_loop final : public loop {
public:
    relaxed_loop(driver& d, const loop_options& options, relaxations relaxed, chooser choose);
    ~relaxed_loop() override;

    void start(timer& t, instant deadline) override;
    bool cancel(timer& t) noexcept override;
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    int close(int descriptor) noexcept override { return get_driver().close(descriptor); }
    void reserve_ready(std::size_t) override {}
    verdict run() override;
    void stop() noexcept override { inbox_->stop(); }
    [[nodiscard]] remote get_remote() override { return remote{inbox_}; }

private:
    using timer_map = std::map<std::pair<instant, std::uintptr_t>, timer*>;

    [[nodiscard]] std::size_t one_of(std::size_t count) { return count > 1 ? choose_(count) : 0; }
    [[nodiscard]] std::optional<verdict> over();
    void collect();
    void run_round();
    void turn(ref::turn entry);
    [[nodiscard]] timer_map::iterator next_due(std::uintptr_t last);
    void overflow(ready_entry entry) noexcept override;

    const relaxations relaxed_;
    const chooser choose_;
    const std::shared_ptr<ref::inbox> inbox_;
    std::vector<ref::turn> ready_;
    timer_map timers_;
    std::uintptr_t timers_started_{};
    std::size_t operations_{};
    std::uint32_t turns_since_asked_{};
};

}  // namespace galley::conformance
