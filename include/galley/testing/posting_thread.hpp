// SPDX-License-Identifier: BSL-1.0
// What other threads may touch of an exploring loop: one mailbox for each.
#pragma once

#include <galley/contract/fork_guard.hpp>
#include <galley/contract/remote.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace galley::testing {

/// What all threads of a loop share, under one mutex.
struct post_office {
    std::mutex mutex{};
    std::uint64_t posts{};    ///< so often some were made, by all threads
    std::uint64_t threads{};  ///< loop thread only
    bool stop{};
    bool closed{};  ///< posts are refused from now on (LIFE-5)
    const fork_guard guard{};
};

/// Posts that were made together (POST-5), and their place in the order of all.
struct numbered_posts {
    explicit numbered_posts(std::size_t count) : works(count) {}
    std::uint64_t number{};
    std::vector<callback> works;
    std::uint64_t by{};  ///< the thread, from 1
};

/// A thread, real or meant: its posts come in order (POST-1). It wakes nobody, as under virtual time no wait blocks.
class posting_thread final : public mailbox {
public:
    explicit posting_thread(std::shared_ptr<post_office> office) noexcept
        : office_{std::move(office)}, id_{++office_->threads} {}

    [[nodiscard]] bool post(std::span<callback> works) override {
        std::list<numbered_posts> one;
        one.emplace_back(works.size());
        return take_in(one, works);
    }
    [[nodiscard]] post_memory& reserve() override { return *std::make_unique<reserved>().release(); }
    [[nodiscard]] bool post(post_memory& memory, callback& work) noexcept override {
        const std::unique_ptr<reserved> owned{&static_cast<reserved&>(memory)};
        return take_in(owned->one, {&work, 1});
    }
    void give_back(post_memory& memory) noexcept override {
        const std::unique_ptr<reserved> owned{&static_cast<reserved&>(memory)};
    }
    void stop() noexcept override {
        const std::lock_guard lock{office_->mutex};
        office_->stop = true;
    }
    void attach() noexcept override {
        const std::lock_guard lock{office_->mutex};
        ++remotes_;
    }
    void detach() noexcept override {
        const std::lock_guard lock{office_->mutex};
        --remotes_;
    }

    // --- the loop's side

    /// Whether nothing more can come of it.
    [[nodiscard]] bool gone() const {
        const std::lock_guard lock{office_->mutex};
        return remotes_ == 0 && posts_.empty();
    }
    [[nodiscard]] bool has_remotes() const {
        const std::lock_guard lock{office_->mutex};
        return remotes_ > 0;
    }
    [[nodiscard]] bool has_posts() const {
        const std::lock_guard lock{office_->mutex};
        return !posts_.empty();
    }
    [[nodiscard]] std::list<numbered_posts> take_all() noexcept {
        const std::lock_guard lock{office_->mutex};
        return std::exchange(posts_, {});
    }

private:
    struct reserved : post_memory {
        reserved() { one.emplace_back(std::size_t{1}); }
        std::list<numbered_posts> one;
    };

    /// `one` entry is for `works`. False: refused, and both are left.
    [[nodiscard]] bool take_in(std::list<numbered_posts>& one, std::span<callback> works) noexcept {
        if (office_->guard.in_child()) return false;  // LIFE-8
        const std::lock_guard lock{office_->mutex};
        if (office_->closed) return false;
        one.front().number = ++office_->posts;
        one.front().by = id_;
        std::ranges::move(works, one.front().works.begin());
        posts_.splice(posts_.end(), one);
        return true;
    }

    const std::shared_ptr<post_office> office_;
    const std::uint64_t id_;
    std::list<numbered_posts> posts_;
    std::size_t remotes_{};
};

}  // namespace galley::testing
