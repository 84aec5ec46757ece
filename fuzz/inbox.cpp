// SPDX-License-Identifier: BSL-1.0
// Both loops' inboxes against one model, under any interleaving of whole operations of four posters and a loop, on one
// thread: each post is called once, in order, or refused and untouched; a sleeping loop is woken by the first that
// tells it something and by nobody else; a stop stays until it is taken; the last remote that goes wakes; a closed
// inbox tells so. What real threads can do to each other inside of an operation is for tests/inbox_test.cpp under the
// thread sanitizer: a thread costs more than a thousand of these cases.
#include <fuzz/support/byte_source.hpp>
#include <fuzz/support/inbox_under_test.hpp>
#include <fuzz/support/require.hpp>

#include <array>
#include <deque>
#include <span>

namespace {

using namespace galley;
using namespace galley::fuzz;

constexpr std::size_t posters = 4;
constexpr std::size_t most_together = 4;

/// What an inbox must do.
struct model {
    std::deque<std::uint64_t> posts{};  ///< the numbers of those in it, 0 for a mere wake
    std::size_t remotes{};
    std::size_t wakes{};
    bool stop{};
    bool sleeping{};
    bool closed{};

    void tell() { wakes += std::exchange(sleeping, false) ? 1U : 0U; }
};

template <class Inbox>
class player {
public:
    player(byte_source in, int& alive) : in_{in}, alive_{alive} {}
    player(const player&) = delete;
    player& operator=(const player&) = delete;
    ~player() {
        std::ranges::for_each(remotes_, [this](auto& r) { drop(r); });
    }

    void play() {
        while (!in_.done()) {
            step();
            require(bell_->wakes == model_.wakes, "POST-3: a wake-up for each sleep that something ends, and no other");
            require(model_.closed || inbox_->has_remotes() == (model_.remotes > 0), "LIFE-7: the count of remotes");
        }
        take();
    }

private:
    /// A callable that is counted, notes its call, and perhaps posts another one then. Larger ones do not fit into a
    /// callback in place.
    template <std::size_t Padding>
    class work {
    public:
        work(player& p, std::uint64_t number) : player_{&p}, number_{number} { ++p.alive_; }
        work(work&& other) noexcept : player_{other.player_}, number_{std::exchange(other.number_, 0)} {
            ++player_->alive_;
        }
        work& operator=(work&&) = delete;
        ~work() { --player_->alive_; }
        void operator()() {
            const auto number = std::exchange(number_, 0);
            if (number % 5 == 0) player_->post(number % posters, 1);
            player_->called_ = number;
        }

    private:
        player* player_;
        std::uint64_t number_;
        [[no_unique_address]] std::array<std::byte, Padding> padding_{};
    };

    void step() {
        const auto code = in_.byte();
        const auto who = code / 16U % posters;
        switch (code % 16) {
            case 0:
            case 1:
            case 2: post(who, 1); break;
            case 3: post(who, 1 + in_.below(most_together)); break;
            case 4: wake(who); break;
            case 5: stop(who); break;
            case 6: attach(who); break;
            case 7: drop(remotes_[who]); break;
            case 8: copy(who, in_.below(posters)); break;
            case 9: move(who, in_.below(posters)); break;
            case 10:
            case 11: sleep(code >= 128); break;
            case 12: close(); break;
            case 13: look(); break;
            default: take(); break;
        }
    }

    // ---- posters

    void post(std::size_t who, std::size_t count) {
        if (!remotes_[who]) return;
        const auto first = posted_ + 1;
        std::array<callback, most_together> all;
        const auto sent = std::span{all}.first(count);
        for (callback& one : sent) {
            const auto number = ++posted_;
            one = number % 2 == 0 ? callback{work<0>{*this, number}} : callback{work<64>{*this, number}};
        }
        const auto before = alive_;
        require(remotes_[who]->post_all(sent) == !model_.closed, "POST-4: refused exactly if closed");
        require(alive_ == before, "POST-1: a callback is there once");
        for (std::size_t i = 0; i < count; ++i) {
            require(static_cast<bool>(sent[i]) == model_.closed, "POST-5: all are refused and untouched, or none");
            if (model_.closed) {
                called_ = 0;
                sent[i]();
                require(called_ == first + i, "POST-4: what was refused is what was given");
            } else {
                model_.posts.push_back(first + i);
            }
        }
        if (!model_.closed) model_.tell();
    }
    void wake(std::size_t who) {
        if (!remotes_[who]) return;
        require(remotes_[who]->wake() == !model_.closed, "POST-4: a wake is refused exactly if closed");
        if (model_.closed) return;
        model_.posts.push_back(0);
        model_.tell();
    }
    void stop(std::size_t who) {
        if (!remotes_[who]) return;
        remotes_[who]->stop();
        if (model_.closed) return;
        model_.stop = true;
        model_.tell();
    }
    void attach(std::size_t who) {
        drop(remotes_[who]);
        if (model_.closed) return;  // only a loop gives the first
        remotes_[who].emplace(inbox_->box());
        ++model_.remotes;
    }
    void copy(std::size_t who, std::size_t from) {
        if (who == from || !remotes_[from]) return;
        drop(remotes_[who]);
        remotes_[who].emplace(*remotes_[from]);
        ++model_.remotes;
    }
    void move(std::size_t who, std::size_t from) {
        if (who == from || !remotes_[from] || !remotes_[who]) return;
        *remotes_[who] = std::move(*remotes_[from]);
        remotes_[from].reset();
        gone();
    }
    void drop(std::optional<remote>& r) {
        if (!r) return;
        r.reset();
        gone();
    }
    void gone() {
        if (--model_.remotes == 0) model_.tell();
    }

    // ---- the loop

    void sleep(bool only_for_remotes) {
        if (model_.closed || model_.sleeping) return;
        const bool told = !model_.posts.empty() || model_.stop || (only_for_remotes && model_.remotes == 0);
        require(inbox_->fall_asleep(only_for_remotes) == !told, "WAIT-3: sleep is refused exactly to who was told");
        model_.sleeping = !told;
    }
    void look() {
        if (model_.closed || model_.sleeping) return;
        require(inbox_->idle() == (model_.posts.empty() && !model_.stop), "idle exactly if nothing was told");
    }
    void take() {
        if (model_.closed) return;
        std::deque<std::uint64_t> expected = std::exchange(model_.posts, {});  // what is posted now comes next time
        const bool stop = inbox_->take([&](callback& taken) {
            require(!expected.empty(), "POST-1: no post comes out twice");
            require(static_cast<bool>(taken) == (expected.front() != 0), "a wake comes out as a wake");
            called_ = 0;
            if (taken) taken();
            require(called_ == expected.front(), "POST-1: in arrival order");
            expected.pop_front();
        });
        require(expected.empty(), "POST-1: no post is lost");
        require(stop == std::exchange(model_.stop, false), "LIFE-2: a stop stays until it is taken, and is taken once");
        model_.sleeping = false;
    }
    /// As a loop's destructor does it; its remotes keep the inbox alive.
    void close() {
        if (model_.closed) return;
        box_ = inbox_->box();
        if (model_.sleeping) take();
        inbox_->close();
        inbox_.reset();
        model_.closed = true;
        model_.stop = false;
        model_.posts.clear();
    }
    mailbox& inbox_box() { return inbox_ ? *inbox_->box() : *box_; }

    byte_source in_;
    int& alive_;  ///< callables that exist
    std::uint64_t posted_{};
    std::uint64_t called_{};
    model model_{};
    std::shared_ptr<counting_waker> bell_{std::make_shared<counting_waker>()};
    std::optional<Inbox> inbox_{bell_};
    std::shared_ptr<mailbox> box_{};  ///< once it is closed
    std::array<std::optional<remote>, posters> remotes_{};
};

template <class Inbox>
void play(byte_source in) {
    int alive = 0;
    {
        player<Inbox> p{in, alive};
        p.play();
    }
    require(alive == 0, "POST-1, LIFE-5: every callback is destroyed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    play<ref_inbox>({data, size});
    play<fast_inbox>({data, size});
    return 0;
}
