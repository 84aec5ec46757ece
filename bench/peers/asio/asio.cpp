// SPDX-License-Identifier: BSL-1.0
// Asio: https://think-async.com/Asio, asio::post, steady_timer, ip::tcp, posix::stream_descriptor.
#include "bench/harness/enter.hpp"
#include "bench/harness/sockets.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>
#include <asio/write.hpp>

#include <array>
#include <chrono>
#include <string>

namespace galley_bench {

namespace {

struct asio_contender {
    static constexpr const char* name = "asio";
    static constexpr std::uint64_t timer_unit = 1;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 0;
    using expiring = asio_contender;
    using exact = asio_contender;
    using io = asio_contender;
    using remotely = asio_contender;
    static std::string version() {
        return std::to_string(ASIO_VERSION / 100'000) + "." + std::to_string(ASIO_VERSION / 100 % 1000) + "." +
               std::to_string(ASIO_VERSION % 100);
    }

    class loop {
    public:
        void run() {
            context_.restart();
            context_.run();
        }
        void stop() { context_.stop(); }
        /// The handlers of what was cancelled are called.
        void settle() {
            context_.restart();
            context_.poll();
        }
        [[nodiscard]] asio::io_context& get() noexcept { return context_; }

    private:
        asio::io_context context_{1};  // one thread runs it
        asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) : context_{&l.get()} {}
        void post() {
            asio::post(*context_, [this] { static_cast<Heir*>(this)->run(); });
        }

    private:
        asio::io_context* context_;
    };
    template <class Heir>
    class timer {
    public:
        explicit timer(loop& l) : timer_{l.get()} {}
        void start(std::uint64_t delay) {
            timer_.expires_after(std::chrono::nanoseconds{delay});
            timer_.async_wait([this](const asio::error_code& error) {
                if (!error) {
                    static_cast<Heir*>(this)->fire();
                }
            });
        }
        void cancel() { timer_.cancel(); }

    private:
        asio::steady_timer timer_;
    };
    class remote {
    public:
        explicit remote(loop& l) : context_{&l.get()} {}
        void post(void (*run)(void*), void* argument) {
            asio::post(*context_, [run, argument] { run(argument); });
        }

    private:
        asio::io_context* context_;
    };
    template <class Heir>
    class stream {
    public:
        stream(loop& l, int socket) : socket_{l.get(), asio::ip::tcp::v4(), socket} {}
        void receive() {
            socket_.async_read_some(asio::buffer(buffer_), [this](const asio::error_code& error, std::size_t count) {
                if (!error) {
                    static_cast<Heir*>(this)->received({buffer_.data(), count});
                    receive();
                }
            });
        }
        [[nodiscard]] bool send(std::span<const std::byte> bytes) {
            asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                              [this](const asio::error_code& error, std::size_t) {
                                  if (!error) {
                                      static_cast<Heir*>(this)->sent();
                                  }
                              });
            return false;
        }

    private:
        asio::ip::tcp::socket socket_;
        std::array<std::byte, 16 * 1024> buffer_;
    };
    template <class Heir>
    class acceptor {
    public:
        acceptor(loop& l, int listening) : acceptor_{l.get(), asio::ip::tcp::v4(), listening} { accept(); }

    private:
        void accept() {
            acceptor_.async_accept([this](const asio::error_code& error, asio::ip::tcp::socket socket) {
                if (!error) {
                    socket.close();
                    static_cast<Heir*>(this)->accepted();
                    accept();
                }
            });
        }
        asio::ip::tcp::acceptor acceptor_;
    };
    template <class Heir>
    class reader {
    public:
        reader(loop& l, int on) : descriptor_{l.get(), on} { wait(); }
        reader(const reader&) = delete;
        reader& operator=(const reader&) = delete;
        ~reader() { descriptor_.release(); }

    private:
        void wait() {
            descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
                if (!error) {
                    static_cast<Heir*>(this)->readable();
                    wait();
                }
            });
        }
        asio::posix::stream_descriptor descriptor_;
    };
};

const entrant here{entrant::peer, "asio", &enter<asio_contender>};

}  // namespace

}  // namespace galley_bench
