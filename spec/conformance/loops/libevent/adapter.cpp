// SPDX-License-Identifier: BSL-1.0
// libevent: https://libevent.org/libevent-book/. A yield is an event of no descriptor that is made active at once, and
// so is a post, one event for each of the scenario's.
#include <event2/event.h>
#include <event2/thread.h>
#include <sys/time.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <utility>

#include "../cpp/loop.hpp"

namespace {

using loops::callback;

class libevent final : public loops::loop {
public:
    explicit libevent(std::size_t events) {
        evthread_use_pthreads();
        base_ = event_base_new();
        for (std::size_t i = 0; i < events; ++i) posts_.push_back(std::make_unique<posted>(base_));
    }

    void later(callback then) override {
        event_base_once(base_, -1, EV_TIMEOUT, &call, new callback{std::move(then)}, nullptr);
    }
    void after(std::int64_t ms, callback then) override {
        const timeval delay{ms / 1000, ms % 1000 * 1000};
        event_base_once(base_, -1, EV_TIMEOUT, &call, new callback{std::move(then)}, &delay);
    }
    void when(int fd, bool writable, loops::ready_callback then) override {
        auto* const w = new watched{this, nullptr, std::move(then)};
        w->on = event_new(base_, fd, writable ? EV_WRITE : EV_READ, &ready, w);
        event_add(w->on, nullptr);
        watched_.emplace(fd, w);
    }
    /// What watches it is deleted first, and is never called.
    void close(int fd) override {
        for (auto [w, end] = watched_.equal_range(fd); w != end; ++w) event_free(w->second->on);
        watched_.erase(fd);
        ::close(fd);
    }

    void post(std::size_t event, callback called) override {
        auto& p = *posts_[event];
        if (!p.then) p.then = std::move(called);
        event_active(p.on, EV_READ, 0);
    }
    void wake() override {
        static event* const nothing = event_new(base_, -1, 0, [](evutil_socket_t, short, void*) {}, nullptr);
        event_active(nothing, EV_READ, 0);
    }
    void stop() override { event_base_loopexit(base_, nullptr); }
    void stop_from_outside() override { stop(); }
    void run() override { event_base_dispatch(base_); }
    [[nodiscard]] std::int64_t sample() override {
        timeval now{};
        event_base_gettimeofday_cached(base_, &now);
        return now.tv_sec * 1000 + now.tv_usec / 1000;
    }

private:
    struct watched {
        libevent* loop;
        event* on;
        loops::ready_callback then;
    };
    struct posted {
        explicit posted(event_base* base) : on{event_new(base, -1, 0, &served, this)} {}
        event* on;
        callback then{};
    };

    static void call(evutil_socket_t, short, void* then) {
        (*std::unique_ptr<callback>{static_cast<callback*>(then)})();
    }
    static void served(evutil_socket_t, short, void* p) { std::exchange(static_cast<posted*>(p)->then, nullptr)(); }
    static void ready(evutil_socket_t, short, void* of) {
        const std::unique_ptr<watched> w{static_cast<watched*>(of)};
        std::erase_if(w->loop->watched_, [&w](const auto& one) { return one.second == w.get(); });
        event_free(w->on);
        w->then(0);
    }

    event_base* base_{};
    std::multimap<int, watched*> watched_{};
    std::vector<std::unique_ptr<posted>> posts_{};
};

}  // namespace

int main() {
    return loops::serve({.name = "libevent",
                         .version = event_get_version(),
                         .interface = "event_base_dispatch",
                         .features = {"tasks", "channel", "post", "stop", "rerun", "jump"},
                         .relaxations = {"timer_ties"},
                         .lacks = {{"hold_remote", "there are no remotes"}, {"drop_remote", "there are no remotes"}}},
                        [](std::size_t events) { return new libevent{events}; });
}
