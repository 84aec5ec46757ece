// SPDX-License-Identifier: BSL-1.0
// libev: https://metacpan.org/dist/EV/view/libev/ev.pod, "FEEDING EVENTS", "ev_io", "ev_timer", "ev_async", "Queueing".
#include "bench/harness/enter.hpp"
#include "bench/harness/locked_queue.hpp"
#include "bench/harness/watched.hpp"

#include <string>

#include <ev.h>

namespace galley_bench {

namespace {

struct libev {
    static constexpr const char* name = "libev";
    static constexpr std::uint64_t timer_unit = 1;
    static constexpr std::uint64_t timer_slack = 2;  // a deadline is a double, in seconds
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 1000;  // a deadline is a double, in seconds
    using expiring = libev;
    using exact = libev;
    using io = libev;
    using remotely = libev;
    static std::string version() {
        return std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor());
    }

    class loop {
    public:
        loop() { ev_ref(loop_); }  // also while nothing is watched
        loop(const loop&) = delete;
        loop& operator=(const loop&) = delete;
        ~loop() { ev_loop_destroy(loop_); }
        void look_at_clock() noexcept { ev_now_update(loop_); }
        void run() { ev_run(loop_, 0); }
        void stop() noexcept { ev_break(loop_, EVBREAK_ALL); }
        static void settle() noexcept {}
        [[nodiscard]] struct ev_loop* get() noexcept { return loop_; }

    private:
        struct ev_loop* loop_{ev_loop_new(EVFLAG_AUTO)};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) : loop_{l.get()} {
            ev_init(&watcher_,
                    [](struct ev_loop*, ev_custom* w, int) { static_cast<Heir*>(static_cast<slot*>(w->data))->run(); });
        }
        void post() noexcept {
            watcher_.data = this;
            ev_feed_event(loop_, &watcher_, EV_CUSTOM);
        }

    private:
        using ev_custom = ev_prepare;  // any watcher will do, as it is not started
        struct ev_loop* loop_;
        ev_custom watcher_;
    };
    template <class Heir>
    class timer {
    public:
        explicit timer(loop& l) : loop_{l.get()} {
            ev_init(&watcher_, [](struct ev_loop*, ev_timer* w, int) {
                static_cast<Heir*>(static_cast<timer*>(w->data))->fire();
            });
        }
        void start(std::uint64_t delay) noexcept {
            watcher_.data = this;
            ev_timer_set(&watcher_, static_cast<double>(delay) * 1e-9, 0.);
            ev_timer_start(loop_, &watcher_);
        }
        void cancel() noexcept { ev_timer_stop(loop_, &watcher_); }

    private:
        struct ev_loop* loop_;
        ev_timer watcher_;
    };
    class remote {
    public:
        explicit remote(loop& l) : loop_{l.get()} {
            ev_async_init(&async_,
                          [](struct ev_loop*, ev_async* w, int) { static_cast<remote*>(w->data)->calls_.run_all(); });
            async_.data = this;
            ev_async_start(loop_, &async_);
        }
        remote(const remote&) = delete;
        remote& operator=(const remote&) = delete;
        ~remote() { ev_async_stop(loop_, &async_); }
        void post(void (*run)(void*), void* argument) {
            if (calls_.push(run, argument)) {
                ev_async_send(loop_, &async_);
            }
        }

    private:
        struct ev_loop* loop_;
        ev_async async_{};
        locked_queue calls_;
    };
    static constexpr int in = EV_READ;
    static constexpr int out = EV_WRITE;
    /// Owns a watcher of a descriptor, which calls `self.*Ready` while it is started.
    template <class Owner, void (Owner::*Ready)()>
    class watch {
    public:
        watch(loop& l, int on, int what, Owner& self) : loop_{l.get()} {
            ev_io_init(
                &watcher_, [](struct ev_loop*, ev_io* w, int) { (static_cast<Owner*>(w->data)->*Ready)(); }, on, what);
            watcher_.data = &self;
        }
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        ~watch() { stop(); }
        void start() noexcept { ev_io_start(loop_, &watcher_); }
        void stop() noexcept { ev_io_stop(loop_, &watcher_); }

    private:
        struct ev_loop* loop_;
        ev_io watcher_{};
    };
    template <class Heir>
    using stream = watched_stream<libev, Heir>;
    template <class Heir>
    using acceptor = watched_acceptor<libev, Heir>;
    template <class Heir>
    using reader = watched_reader<libev, Heir>;
};

const entrant here{entrant::peer, "libev", &enter<libev>};

}  // namespace

}  // namespace galley_bench
