// SPDX-License-Identifier: BSL-1.0
// libev: https://metacpan.org/dist/EV/view/libev/ev.pod. A yield is an idle watcher, a post an async watcher, one for
// each of the scenario's events.
#include <ev.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <memory>

#include "../cpp/loop.hpp"
#include "../cpp/once.hpp"

namespace {

using loops::callback;
using loops::once;

class libev final : public loops::loop {
public:
    explicit libev(std::size_t events) : posts_(events) {
        for (auto& p : posts_) init(p);
        init(wake_);
        init(stop_);
    }

    void later(callback then) override {
        auto* const w = new once<ev_idle>{std::move(then)};
        ev_idle_init(&w->handle, [](struct ev_loop* loop, ev_idle* idle, int) {
            ev_idle_stop(loop, idle);
            call(idle);
        });
        ev_idle_start(loop_, &w->handle);
    }
    void after(std::int64_t ms, callback then) override {
        auto* const w = new once<ev_timer>{std::move(then)};
        const auto due = [](struct ev_loop*, ev_timer* timer, int) { call(timer); };
        ev_timer_init(&w->handle, due, static_cast<double>(ms) / 1000, 0.);
        ev_timer_start(loop_, &w->handle);
    }
    void when(int fd, bool writable, loops::ready_callback then) override {
        auto* const w = new watched{std::move(then)};
        const auto ready = [](struct ev_loop* loop, ev_io* io, int) {
            static_cast<libev*>(ev_userdata(loop))->forget(io);
            const std::unique_ptr<watched> self{&watched::of(io)};
            self->then(0);
        };
        ev_io_init(&w->handle, ready, fd, writable ? EV_WRITE : EV_READ);
        ev_io_start(loop_, &w->handle);
        watched_.emplace(fd, &w->handle);
    }
    /// "You must not close a descriptor that is watched": so what watches it is stopped first, and is never called.
    void close(int fd) override {
        for (auto [io, end] = watched_.equal_range(fd); io != end; ++io) ev_io_stop(loop_, io->second);
        watched_.erase(fd);
        ::close(fd);
    }

    void post(std::size_t event, callback called) override {
        if (!posts_[event].then) posts_[event].then = std::move(called);
        ev_async_send(loop_, &posts_[event].watcher);
    }
    void wake() override { ev_async_send(loop_, &wake_.watcher); }
    void stop() override { ev_break(loop_, EVBREAK_ALL); }
    void stop_from_outside() override {
        stop_.then = [this] { stop(); };
        ev_async_send(loop_, &stop_.watcher);
    }
    void keep_alive(bool more) override { more ? ev_ref(loop_) : ev_unref(loop_); }
    void run() override {
        ev_set_userdata(loop_, this);
        ev_run(loop_, 0);
    }
    [[nodiscard]] std::int64_t sample() override { return std::llround(ev_now(loop_) * 1000); }

private:
    using watched = once<ev_io, loops::ready_callback>;
    struct async {
        ev_async watcher{};
        callback then{};
    };

    template <class Watcher>
    static void call(Watcher* w) {
        const std::unique_ptr<once<Watcher>> self{&once<Watcher>::of(w)};
        self->then();
    }

    void forget(ev_io* io) {
        ev_io_stop(loop_, io);
        std::erase_if(watched_, [io](const auto& w) { return w.second == io; });
    }

    /// It does not keep the loop running, as a remote does not.
    void init(async& a) {
        ev_async_init(&a.watcher, [](struct ev_loop*, ev_async* sent, int) {
            const auto then = std::exchange(static_cast<async*>(sent->data)->then, nullptr);
            if (then) then();
        });
        a.watcher.data = &a;
        ev_async_start(loop_, &a.watcher);
        ev_unref(loop_);
    }

    struct ev_loop* loop_{ev_loop_new(EVFLAG_AUTO)};
    std::multimap<int, ev_io*> watched_{};
    std::vector<async> posts_;
    async wake_{}, stop_{};
};

}  // namespace

int main() {
    return loops::serve({.name = "libev",
                         .version = std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor()),
                         .interface = "ev_run, with watchers",
                         .features = {"tasks", "channel", "post", "stop", "rerun", "keep_alive", "jump"},
                         .relaxations = {"timer_ties"},
                         .lacks = {{"hold_remote", "there are no remotes"}, {"drop_remote", "there are no remotes"}}},
                        [](std::size_t events) { return new libev{events}; });
}
