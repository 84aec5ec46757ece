// SPDX-License-Identifier: BSL-1.0
// Asio: https://think-async.com/Asio, asio::post, steady_timer.
#include "bench/harness/enter.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>

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
    using expiring = asio_contender;
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
};

const entrant here{entrant::peer, "asio", &enter<asio_contender>};

}  // namespace

}  // namespace galley_bench
