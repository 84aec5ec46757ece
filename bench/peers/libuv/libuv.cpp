// SPDX-License-Identifier: BSL-1.0
// libuv: https://docs.libuv.org, "uv_idle_t", "uv_timer_t", "uv_async_t", "uv_tcp_t".
#include "bench/harness/enter.hpp"

#include <uv.h>

namespace galley_bench {

namespace {

struct libuv {
    static constexpr const char* name = "libuv";
    static constexpr std::uint64_t timer_unit = 1'000'000;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    using expiring = libuv;
    static const char* version() { return uv_version_string(); }

    class loop {
    public:
        loop() { uv_loop_init(&loop_); }
        loop(const loop&) = delete;
        loop& operator=(const loop&) = delete;
        ~loop() {
            uv_run(&loop_, UV_RUN_NOWAIT);  // closes what was closed
            uv_loop_close(&loop_);
        }
        void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
        void stop() noexcept { uv_stop(&loop_); }
        static void settle() noexcept {}
        [[nodiscard]] uv_loop_t* get() noexcept { return &loop_; }

    private:
        uv_loop_t loop_;
    };
    /// A handle must stay until the loop has closed it, after its owner's end.
    template <class Handle>
    class owned_handle {
    public:
        owned_handle() : handle_{new Handle} {}
        owned_handle(const owned_handle&) = delete;
        owned_handle& operator=(const owned_handle&) = delete;
        ~owned_handle() {
            uv_close(reinterpret_cast<uv_handle_t*>(handle_),
                     [](uv_handle_t* h) { delete reinterpret_cast<Handle*>(h); });
        }
        [[nodiscard]] Handle* get() const noexcept { return handle_; }

    private:
        Handle* handle_;
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) { uv_idle_init(l.get(), idle_.get()); }
        void post() noexcept {
            idle_.get()->data = this;
            uv_idle_start(idle_.get(), [](uv_idle_t* h) {
                uv_idle_stop(h);
                static_cast<Heir*>(static_cast<slot*>(h->data))->run();
            });
        }

    private:
        owned_handle<uv_idle_t> idle_;
    };
    template <class Heir>
    class timer {
    public:
        explicit timer(loop& l) { uv_timer_init(l.get(), timer_.get()); }
        void start(std::uint64_t delay) noexcept {
            timer_.get()->data = this;
            uv_timer_start(
                timer_.get(), [](uv_timer_t* h) { static_cast<Heir*>(static_cast<timer*>(h->data))->fire(); },
                delay / 1'000'000, 0);
        }
        void cancel() noexcept { uv_timer_stop(timer_.get()); }

    private:
        owned_handle<uv_timer_t> timer_;
    };
};

const entrant here{entrant::peer, "libuv", &enter<libuv>};

}  // namespace

}  // namespace galley_bench
