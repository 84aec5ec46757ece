// SPDX-License-Identifier: BSL-1.0
// Asio: https://think-async.com/Asio/asio-1.22.1/doc/. A yield and a post are asio::post, a keep-alive is a work guard.
#include <asio.hpp>
#include <map>
#include <memory>
#include <utility>

#include "../cpp/loop.hpp"

namespace {

using loops::callback;

class context final : public loops::loop {
public:
    void later(callback then) override { asio::post(context_, std::move(then)); }
    void after(std::int64_t ms, callback then) override {
        const auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds{ms});
        timer->async_wait([timer, then = std::move(then)](const asio::error_code&) { then(); });
    }
    void when(int fd, bool writable, loops::ready_callback then) override {
        auto& descriptor = descriptors_[fd];
        if (!descriptor) descriptor = std::make_unique<asio::posix::stream_descriptor>(context_, fd);
        descriptor->async_wait(writable ? descriptor->wait_write : descriptor->wait_read,
                               [then = std::move(then)](const asio::error_code& error) { then(error.value()); });
    }
    void close(int fd) override {
        if (descriptors_.erase(fd) == 0) ::close(fd);
    }

    void post(std::size_t, callback called) override { later(std::move(called)); }
    void wake() override {
        later([] {});
    }
    void stop() override { context_.stop(); }
    void stop_from_outside() override { stop(); }
    void keep_alive(bool more) override {
        if (more)
            kept_.push_back(asio::make_work_guard(context_));
        else
            kept_.pop_back();
    }
    void run() override {
        context_.restart();  // which is needed after a stop, and harmless before one
        context_.run();
    }
    /// Asio keeps no time of its own, and a program without timers and descriptors never looks at the kernel.
    [[nodiscard]] std::int64_t sample() override {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }

private:
    asio::io_context context_{1};
    std::map<int, std::unique_ptr<asio::posix::stream_descriptor>> descriptors_{};
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> kept_{};
};

}  // namespace

int main() {
    const auto version = std::to_string(ASIO_VERSION / 100000) + "." + std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                         std::to_string(ASIO_VERSION % 100);
    return loops::serve({.name = "Asio",
                         .version = version,
                         .language = "C++",
                         .interface = "asio::io_context::run, with handlers",
                         .features = {"tasks", "channel", "post", "stop", "rerun", "keep_alive", "jump"},
                         .relaxations = {"timer_ties"},
                         .lacks = {{"hold_remote", "there are no remotes"}, {"drop_remote", "there are no remotes"}}},
                        [](std::size_t) { return new context; });
}
