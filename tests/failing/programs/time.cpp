// SPDX-License-Identifier: BSL-1.0
// Timers: of sleeps, of scopes, and bare ones with callbacks.
#include "tests/failing/programs.hpp"

#include <array>
#include <new>
#include <optional>

namespace galley_test {
namespace {

task<int> sleeps(stage& s, galley::duration d) {
    const body here{s};
    co_await galley::sleep_for(d);
    co_return 1;
}
task<int> is_cut_off_inside(stage& s) {
    const body here{s};
    const std::optional<int> inner = co_await galley::try_timeout(1ms, sleeps(s, 50ms));
    co_return inner ? 1000 : 10;
}

void timeouts(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        galley::cancel_scope limit{2ms};
        try {
            const std::optional<int> value = co_await limit.run(sleeps(s, 10ms));
            s.did(value ? 1000 : 1);
        } catch (const std::bad_alloc&) {
            s.check(!limit.is_open(), "a scope that could not be opened is closed");
            throw;
        }
        const std::optional<int> cut = co_await galley::try_timeout(2ms, sleeps(s, 10ms));
        s.did(cut ? 1000 : 1);
        const std::optional<int> whole = co_await galley::try_timeout(20ms, sleeps(s, 10ms));
        s.did(whole ? 1 : 1000);
        const std::optional<int> nested = co_await galley::try_timeout(5ms, is_cut_off_inside(s));
        s.did(nested ? 10 : 1000);
        const bool shielded = co_await galley::try_timeout(1ms, galley::invoke([&s]() -> task<> {
                                                               const body inside{s};
                                                               const int kept = co_await galley::shield(sleeps(s, 3ms));
                                                               s.did(static_cast<std::uint64_t>(100 * kept));
                                                           }));
        s.did(shielded ? 100 : 1000);
    });
}

/// Starts itself again, as often as it is told; from a callback that may not throw.
class ticker : public galley::timer {
public:
    ticker() noexcept : timer{&tick} {}
    ~ticker() {
        if (loop_ != nullptr) {
            loop_->cancel(*this);
        }
    }
    /// Throws std::bad_alloc where the loop does.
    void begin(stage& s, galley::duration period, int times) {
        stage_ = &s;
        loop_ = &s.loop();
        period_ = period;
        left_ = times;
        loop_->start(*this, loop_->now() + period);
    }
    [[nodiscard]] bool is_ticking() const noexcept { return words[0] != nullptr; }

private:
    static void tick(timer& t) noexcept {
        auto& self = static_cast<ticker&>(t);
        self.stage_->did(1);
        if (--self.left_ > 0) {
            self.loop_->start(self, self.key() + self.period_);
        }
    }

    stage* stage_{};
    galley::loop* loop_{};
    galley::duration period_{};
    int left_{};
};

void many_timers(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        galley::loop& l = co_await galley::this_loop{};
        std::array<ticker, 24> tickers;
        int number = 0;
        for (ticker& t : tickers) {
            t.begin(s, (number++ % 5) * 1ms, 3);
        }
        for (std::size_t i = 0; i < tickers.size(); i += 4) {
            l.start(tickers[i], l.now() + 2ms);  // TIME-4; a timer that is started needs no room
            s.check(tickers[i].is_ticking(), "a restarted timer is started");
            s.check(l.cancel(tickers[i + 1]), "TIME-5: it was started");
        }
        co_await galley::sleep_for(20ms);
    });
}

constexpr std::array programs{
    program{"timeouts", &timeouts},
    program{"many_timers", &many_timers},
};

}  // namespace

std::span<const program> time_programs() noexcept { return programs; }

}  // namespace galley_test
