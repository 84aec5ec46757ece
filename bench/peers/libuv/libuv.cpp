// SPDX-License-Identifier: BSL-1.0
// libuv: https://docs.libuv.org, "uv_idle_t", "uv_timer_t", "uv_async_t", "uv_stream_t", "uv_poll_t".
#include "bench/harness/enter.hpp"
#include "bench/harness/locked_queue.hpp"
#include "bench/harness/sockets.hpp"

#include <system_error>

#include <uv.h>

namespace galley_bench {

namespace {

struct libuv {
    static constexpr const char* name = "libuv";
    static constexpr std::uint64_t timer_unit = 1'000'000;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 1'000'000;  // counts whole milliseconds
    using expiring = libuv;
    using exact = libuv;
    using io = libuv;
    using remotely = libuv;
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
        void look_at_clock() noexcept { uv_update_time(&loop_); }
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
    /// Sends of its thread are coalesced: what is wanted stands in a queue.
    class remote {
    public:
        explicit remote(loop& l) {
            async_.get()->data = this;
            uv_async_init(l.get(), async_.get(),
                          [](uv_async_t* h) { static_cast<remote*>(h->data)->calls_.run_all(); });
        }
        void post(void (*run)(void*), void* argument) {
            if (calls_.push(run, argument)) {
                uv_async_send(async_.get());
            }
        }

    private:
        owned_handle<uv_async_t> async_;
        locked_queue calls_;
    };
    template <class Heir>
    class stream {
    public:
        stream(loop& l, int socket) {
            uv_tcp_init(l.get(), tcp());
            check(uv_tcp_open(tcp(), socket));
            tcp()->data = this;
        }
        void receive() {
            check(uv_read_start(
                get(),
                [](uv_handle_t*, std::size_t, uv_buf_t* room) {
                    thread_local std::byte buffer[plain_socket::largest];
                    *room = uv_buf_init(reinterpret_cast<char*>(buffer), sizeof buffer);
                },
                [](uv_stream_t* h, ssize_t count, const uv_buf_t* bytes) {
                    if (count > 0) {
                        static_cast<Heir*>(static_cast<stream*>(h->data))
                            ->received(
                                {reinterpret_cast<const std::byte*>(bytes->base), static_cast<std::size_t>(count)});
                    }
                }));
        }
        /// At once, if the kernel has room, and what is left by a request.
        [[nodiscard]] bool send(std::span<const std::byte> bytes) {
            uv_buf_t buffer = of(bytes);
            const int count = uv_try_write(get(), &buffer, 1);
            if (count == static_cast<int>(bytes.size())) {
                return true;
            }
            buffer = of(bytes.subspan(count > 0 ? static_cast<std::size_t>(count) : 0));
            uv_write_t& request = handle_.get()->request;
            request.data = this;
            check(uv_write(&request, get(), &buffer, 1, [](uv_write_t* r, int error) {
                if (error == 0) {
                    static_cast<Heir*>(static_cast<stream*>(r->data))->sent();
                }
            }));
            return false;
        }

    private:
        static uv_buf_t of(std::span<const std::byte> bytes) noexcept {
            return uv_buf_init(reinterpret_cast<char*>(const_cast<std::byte*>(bytes.data())),
                               static_cast<unsigned>(bytes.size()));
        }
        [[nodiscard]] uv_stream_t* get() const noexcept { return reinterpret_cast<uv_stream_t*>(tcp()); }
        [[nodiscard]] uv_tcp_t* tcp() const noexcept { return &handle_.get()->tcp; }
        /// A request must stay as long as the handle.
        struct handle_and_request {
            uv_tcp_t tcp;
            uv_write_t request;
        };
        owned_handle<handle_and_request> handle_;
    };
    template <class Heir>
    class acceptor {
    public:
        acceptor(loop& l, int listening) {
            uv_tcp_init(l.get(), tcp_.get());
            check(uv_tcp_open(tcp_.get(), listening));
            tcp_.get()->data = this;
            check(uv_listen(reinterpret_cast<uv_stream_t*>(tcp_.get()), SOMAXCONN, [](uv_stream_t* h, int) {
                {
                    const owned_handle<uv_tcp_t> connection;
                    uv_tcp_init(h->loop, connection.get());
                    check(uv_accept(h, reinterpret_cast<uv_stream_t*>(connection.get())));
                }
                static_cast<Heir*>(static_cast<acceptor*>(h->data))->accepted();
            }));
        }

    private:
        owned_handle<uv_tcp_t> tcp_;
    };
    template <class Heir>
    class reader {
    public:
        reader(loop& l, int on) {
            check(uv_poll_init(l.get(), poll_.get(), on));
            poll_.get()->data = this;
            check(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* h, int, int) {
                static_cast<Heir*>(static_cast<reader*>(h->data))->readable();
            }));
        }

    private:
        owned_handle<uv_poll_t> poll_;
    };

private:
    static void check(int result) {
        if (result < 0) {
            throw std::system_error{-result, std::system_category(), "libuv"};
        }
    }
};

const entrant here{entrant::peer, "libuv", &enter<libuv>};

}  // namespace

}  // namespace galley_bench
