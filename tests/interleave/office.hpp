// SPDX-License-Identifier: BSL-1.0
// A loop and some posters around fast's mailbox, and what is required of them. What they do with each other is the
// shipped code, the iteration of the loop, too; here is only what a poster does with its remotes.
#pragma once

#include "explorable.hpp"
#include "explore.hpp"

#include <galley/contract/remote.hpp>
#include <galley/fast/mailbox.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace galley::interleave {

inline constexpr std::size_t enough_looks = 30;  ///< for all that posters can tell

/// A program.
struct office_plan {
    std::size_t looks{};  ///< the loop is destroyed after so many iterations, or when nothing can come
    /// Each poster's: p post, b two posts at once, w mere wake, s stop, c copy the remote, d drop one.
    std::vector<std::string> scripts{};
    std::size_t timers{};  ///< so many waits end by themselves
    std::size_t busy{};    ///< for so many rounds a task is ready
    bool own_remote{};     ///< the loop has a remote too, and posts, in its first iteration
    bool kept_remote{};    ///< one remote stays, and the loop ends when all that was told has come
    bool shared{};         ///< mailbox and bell end with their last owner, on whatever thread
};
[[nodiscard]] std::string to_text(const office_plan& p);

class office {
public:
    office(stage& s, const office_plan& p);
    /// Runs all threads, and judges.
    void run();

private:
    using mailbox = fast::basic_mailbox<atomic>;
    class office_loop;

    /// What a post carries through a node, and what became of it.
    struct letter {
        office& of;
        std::size_t who;
        std::size_t number;
        const letter* after;    ///< came with this one
        plain<int> contents{};  ///< touched by whoever has it; two at once are a race
        std::size_t called{};
        std::size_t ended{};
        bool refused{};
    };
    class delivery {
    public:
        explicit delivery(letter& l) : letter_{&l} { l.contents.set(1); }
        delivery(delivery&& other) noexcept : letter_{std::exchange(other.letter_, nullptr)} {
            letter_->contents.set(2);
        }
        delivery& operator=(delivery&&) = delete;
        ~delivery();
        void operator()();

    private:
        letter* letter_;
    };

    /// How the loop is woken: a descriptor, say, which nobody may use once it is closed.
    struct bell {
        plain<bool> open{true};
    };
    /// Rings it. The object itself stays, so that a ring after the bell's end is found.
    class ringer final : public waker {
    public:
        explicit ringer(office& o) : office_{o} {}
        void wake() noexcept override { office_.ring(); }

    private:
        office& office_;
    };

    [[nodiscard]] std::shared_ptr<mailbox> hold_box();
    void poster(std::size_t who);
    void post(std::size_t who, std::size_t count = 1);
    void loop();
    [[nodiscard]] std::size_t told(char what) const;
    [[nodiscard]] std::size_t posted() const;
    [[nodiscard]] bool all_came() const;
    void ring() noexcept;
    void judge();

    stage& stage_;
    const office_plan& plan_;
    token token_{};
    bell* bell_{};
    mailbox* box_{};
    ringer ringer_{*this};
    std::shared_ptr<waker> drivers_waker_{};
    std::optional<shared<bell>> own_bell_{};
    std::optional<shared<mailbox>> own_box_{};
    std::shared_ptr<mailbox> loops_box_{};
    std::vector<std::vector<remote>> remotes_{};
    std::optional<remote> kept_remote_{};
    std::optional<remote> own_remote_{};  ///< the loop's
    // Noted, and decides nothing.
    std::vector<std::deque<letter>> letters_;  ///< each poster's, and at last the loop's
    std::vector<std::size_t> called_;          ///< of each
    const letter* latest_called_{};
    std::size_t sleeps_{};  ///< tried
    std::size_t rings_{};
    std::size_t stops_{};
    bool closing_{};
    bool deadlocked_{};
};

}  // namespace galley::interleave
