// SPDX-License-Identifier: BSL-1.0
// libevent: https://libevent.org/libevent-book, "Working with events": event_active, evtimer; "Setting up the Libevent
// library" for threads.
#include "bench/harness/enter.hpp"
#include "bench/harness/locked_queue.hpp"
#include "bench/harness/sockets.hpp"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <unistd.h>

namespace galley_bench {

namespace {

struct libevent {
    static constexpr const char* name = "libevent";
    static constexpr std::uint64_t timer_unit = 1000;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 10'000'000;  // reads the kernel's coarse clock
    using expiring = libevent;
    using exact = libevent;
    using io = libevent;
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

    protected:
        explicit loop(event_base* base) noexcept : base_{base} {}

    private:
        static event_base* unlocked_base() noexcept {
            event_config* const config = event_config_new();
            event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
            event_base* const base = event_base_new_with_config(config);
            event_config_free(config);
            return base;
        }
        event_base* base_{unlocked_base()};
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
    /// Owns an event, which is deleted with it.
    class owned_event {
    public:
        owned_event(loop& l, int on, short what, event_callback_fn called, void* with) {
            event_assign(&event_, l.get(), on, what, called, with);
        }
        owned_event(const owned_event&) = delete;
        owned_event& operator=(const owned_event&) = delete;
        ~owned_event() { event_del(&event_); }
        void add() noexcept { event_add(&event_, nullptr); }
        void active() noexcept { event_active(&event_, EV_READ, 1); }

    private:
        event event_{};
    };
    template <class Heir>
    class stream {
    public:
        stream(loop& l, int socket)
            : socket_{socket},
              read_{l, socket, EV_READ | EV_PERSIST, &on_readable, this},
              write_{l, socket, EV_WRITE, &on_writable, this} {}
        void receive() noexcept { read_.add(); }
        [[nodiscard]] bool send(std::span<const std::byte> bytes) noexcept {
            const bool all = socket_.send(bytes);
            if (!all) {
                write_.add();
            }
            return all;
        }

    private:
        static void on_readable(evutil_socket_t, short, void* self) {
            auto& s = *static_cast<stream*>(self);
            s.socket_.receive_for(static_cast<Heir&>(s));
        }
        static void on_writable(evutil_socket_t, short, void* self) {
            auto& s = *static_cast<stream*>(self);
            if (s.socket_.send_more()) {
                static_cast<Heir&>(s).sent();
            } else {
                s.write_.add();
            }
        }
        plain_socket socket_;
        owned_event read_;
        owned_event write_;
    };
    template <class Heir>
    class acceptor {
    public:
        acceptor(loop& l, int listening)
            : listener_{evconnlistener_new(l.get(), &on_accepted, this, LEV_OPT_CLOSE_ON_FREE, 0, listening)} {}
        acceptor(const acceptor&) = delete;
        acceptor& operator=(const acceptor&) = delete;
        ~acceptor() { evconnlistener_free(listener_); }

    private:
        static void on_accepted(evconnlistener*, evutil_socket_t socket, sockaddr*, int, void* self) {
            ::close(socket);
            static_cast<Heir*>(static_cast<acceptor*>(self))->accepted();
        }
        evconnlistener* listener_;
    };
    template <class Heir>
    class reader {
    public:
        reader(loop& l, int on) : event_{l, on, EV_READ | EV_PERSIST, &on_readable, this} { event_.add(); }

    private:
        static void on_readable(evutil_socket_t, short, void* self) {
            static_cast<Heir*>(static_cast<reader*>(self))->readable();
        }
        owned_event event_;
    };

    /// A base with a lock: only where other threads post.
    struct remotely;
};

struct libevent::remotely {
    class loop : public libevent::loop {
    public:
        loop() : libevent::loop{locked_base()} {}

    private:
        static event_base* locked_base() {
            evthread_use_pthreads();
            return event_base_new();
        }
    };
    class remote {
    public:
        explicit remote(loop& l)
            : event_{l, -1, EV_PERSIST,
                     [](evutil_socket_t, short, void* self) { static_cast<remote*>(self)->calls_.run_all(); }, this} {}
        void post(void (*run)(void*), void* argument) {
            if (calls_.push(run, argument)) {
                event_.active();
            }
        }

    private:
        locked_queue calls_;
        owned_event event_;
    };
};

const entrant here{entrant::peer, "libevent", &enter<libevent>};

}  // namespace

}  // namespace galley_bench
