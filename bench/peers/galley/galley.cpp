// SPDX-License-Identifier: BSL-1.0
// ref::loop and fast::loop, with their own drivers and default options.
#include "bench/harness/enter.hpp"

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

namespace galley_bench {

namespace {

template <class Loop, bool ReadsClock = false>
struct galley_contender {
    static constexpr std::uint64_t timer_unit = 1024;  // the default resolution
    static constexpr std::uint64_t timer_slack = 1;    // the first sample need not lie on a multiple of it
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 0;
    using expiring = galley_contender;
    using exact = galley_contender<Loop, true>;  // deadlines counted from now, and not from the latest sample
    static const char* version() { return "this tree"; }

    class loop {
    public:
        void run() { static_cast<void>(loop_.run()); }
        void stop() noexcept { loop_.stop(); }
        static void settle() noexcept {}
        [[nodiscard]] Loop& get() noexcept { return loop_; }

    private:
        Loop loop_;
        galley::keep_alive alive_{loop_};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) : loop_{&l.get()} {}
        void post() noexcept {
            loop_->schedule({[](void* self) noexcept { static_cast<Heir*>(static_cast<slot*>(self))->run(); }, this});
        }

    private:
        Loop* loop_;
    };
    template <class Heir>
    class timer : public galley::timer {
    public:
        explicit timer(loop& l)
            : galley::timer{[](galley::timer& t) noexcept { static_cast<Heir&>(t).fire(); }}, loop_{&l.get()} {}
        void start(std::uint64_t delay) {
            const galley::instant from = ReadsClock ? loop_->now() : loop_->sample();
            loop_->start(*this, galley::saturating_add(from, galley::duration{static_cast<std::int64_t>(delay)}));
        }
        void cancel() noexcept { static_cast<void>(loop_->cancel(*this)); }

    private:
        Loop* loop_;
    };
};

struct ref_contender : galley_contender<galley::ref::loop> {
    static constexpr const char* name = "ref";
};
struct fast_contender : galley_contender<galley::fast::loop> {
    static constexpr const char* name = "fast";
};

const entrant ref{entrant::ours, "1 ref", &enter<ref_contender>};
const entrant fast{entrant::ours, "2 fast", &enter<fast_contender>};

}  // namespace

}  // namespace galley_bench
