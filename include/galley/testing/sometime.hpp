// SPDX-License-Identifier: BSL-1.0
// A moment of the explorer's choosing.
#pragma once

#include <galley/contract/remote.hpp>
#include <galley/kernel/await.hpp>

#include <memory>

namespace galley::testing {

/// The await of such a moment.
class [[nodiscard]] sometime_awaiter final : public awaiter<sometime_awaiter> {
public:
    sometime_awaiter() = default;
    ~sometime_awaiter() { forget(); }

    [[nodiscard]] bool begin() {
        link_ = std::make_shared<sometime_awaiter*>(this);
        // The loop is not closed, as this task runs on it.
        static_cast<void>(loop().get_remote().post([link = link_]() noexcept {
            if (*link != nullptr) (*link)->resume(cause::handover);
        }));
        return false;
    }
    [[nodiscard]] bool withdraw() noexcept override {
        forget();
        return true;
    }
    [[nodiscard]] const char* kind() const noexcept override { return "sometime"; }
    void await_resume() {
        forget();
        raise_if_cancelled();
    }

private:
    /// The post may still be on its way.
    void forget() noexcept {
        if (link_) *link_ = nullptr;
    }

    std::shared_ptr<sometime_awaiter*> link_{};
};

/// `co_await sometime()`: goes on when a post of another thread would have arrived: on any loop in the next collect,
/// under `explore` in any collect from then on, before or after whatever else happens. So
///     co_await sometime();
///     scope.cancel();
/// lets the cancellation meet each await of what is in the scope. The await throws std::bad_alloc.
inline request<sometime_awaiter> sometime() noexcept { return request<sometime_awaiter>{}; }

}  // namespace galley::testing
