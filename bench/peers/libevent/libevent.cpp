// SPDX-License-Identifier: BSL-1.0
// libevent: https://libevent.org/libevent-book, "Working with events": event_active, evtimer; "Setting up the Libevent
// library" for threads.
#include "bench/harness/enter.hpp"

#include <event2/event.h>
#include <event2/event_struct.h>

namespace galley_bench {

namespace {

struct libevent {
    static constexpr const char* name = "libevent";
    static constexpr std::uint64_t timer_unit = 1000;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    using expiring = libevent;
    static const char* version() { return event_get_version(); }

    class loop {
    public:
        loop() = default;
        loop(const loop&) = delete;
        loop& operator=(const loop&) = delete;
        ~loop() { event_base_free(base_); }
        void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
        void stop() noexcept { event_base_loopbreak(base_); }
        static void settle() noexcept {}
        [[nodiscard]] event_base* get() noexcept { return base_; }

    private:
        event_base* base_{event_base_new()};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) {
            event_assign(
                &event_, l.get(), -1, EV_PERSIST,
                [](evutil_socket_t, short, void* self) { static_cast<Heir*>(static_cast<slot*>(self))->run(); }, this);
        }
        slot(const slot&) = delete;
        slot& operator=(const slot&) = delete;
        ~slot() { event_del(&event_); }
        void post() noexcept { event_active(&event_, EV_TIMEOUT, 1); }

    private:
        event event_{};
    };
    template <class Heir>
    class timer {
    public:
        explicit timer(loop& l) {
            evtimer_assign(
                &event_, l.get(),
                [](evutil_socket_t, short, void* self) { static_cast<Heir*>(static_cast<timer*>(self))->fire(); },
                this);
        }
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        ~timer() { event_del(&event_); }
        void start(std::uint64_t delay) noexcept {
            const std::uint64_t microseconds = delay / 1000;
            const timeval t{static_cast<time_t>(microseconds / 1'000'000),
                            static_cast<suseconds_t>(microseconds % 1'000'000)};
            evtimer_add(&event_, &t);
        }
        void cancel() noexcept { evtimer_del(&event_); }

    private:
        event event_{};
    };
};

const entrant here{entrant::peer, "libevent", &enter<libevent>};

}  // namespace

}  // namespace galley_bench
