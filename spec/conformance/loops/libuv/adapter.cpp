// SPDX-License-Identifier: BSL-1.0
// libuv: https://docs.libuv.org/en/v1.x/. A yield is an idle handle ("will run the given callback once per loop
// iteration"), a post an async handle, one for each event, as another thread cannot make one.
#include <unistd.h>
#include <uv.h>

#include <map>
#include <utility>

#include "../cpp/loop.hpp"
#include "../cpp/once.hpp"

namespace {

using loops::callback;
using loops::once;

class uv final : public loops::loop {
public:
    explicit uv(std::size_t events) : posts_(events) {
        uv_loop_init(&loop_);
        for (auto& p : posts_) init(p);
        init(wake_);
        init(stop_);
        init(alive_);
    }

    void later(callback then) override {
        auto* const h = new once<uv_idle_t>{std::move(then)};
        uv_idle_init(&loop_, &h->handle);
        uv_idle_start(&h->handle, &call<uv_idle_t>);
    }
    void after(std::int64_t ms, callback then) override {
        auto* const h = new once<uv_timer_t>{std::move(then)};
        uv_timer_init(&loop_, &h->handle);
        uv_timer_start(&h->handle, &call<uv_timer_t>, static_cast<std::uint64_t>(ms), 0);
    }

    /// One poll handle for a descriptor, as libuv has no more: it calls for what was asked last.
    void when(int fd, bool writable, loops::ready_callback then) override {
        auto& p = polls_[fd];
        if (p == nullptr) {
            p = new poll{nullptr};
            uv_poll_init(&loop_, &p->handle, fd);
        }
        p->then = std::move(then);
        uv_poll_start(&p->handle, writable ? UV_WRITABLE : UV_READABLE, [](uv_poll_t* h, int status, int) {
            uv_poll_stop(h);
            const auto next = std::move(poll::of(h).then);
            next(-status);
        });
    }
    void close(int fd) override {
        if (const auto found = polls_.find(fd); found != polls_.end()) {
            uv_close(reinterpret_cast<uv_handle_t*>(&found->second->handle),
                     [](uv_handle_t* closed) { delete static_cast<poll*>(closed->data); });
            polls_.erase(found);
        }
        ::close(fd);
    }

    void post(std::size_t event, callback called) override {
        if (!posts_[event].then) posts_[event].then = std::move(called);
        uv_async_send(&posts_[event].handle);
    }
    void wake() override { uv_async_send(&wake_.handle); }
    void stop() override { uv_stop(&loop_); }
    void stop_from_outside() override {
        stop_.then = [this] { uv_stop(&loop_); };
        uv_async_send(&stop_.handle);
    }
    void keep_alive(bool more) override {
        kept_ += more ? 1 : -1;
        kept_ > 0 ? uv_ref(reinterpret_cast<uv_handle_t*>(&alive_.handle))
                  : uv_unref(reinterpret_cast<uv_handle_t*>(&alive_.handle));
    }
    void run() override { uv_run(&loop_, UV_RUN_DEFAULT); }
    [[nodiscard]] std::int64_t sample() override { return static_cast<std::int64_t>(uv_now(&loop_)); }

private:
    using poll = once<uv_poll_t, loops::ready_callback>;
    struct async {
        uv_async_t handle{};
        callback then{};
    };

    /// The memory of a handle lives until libuv says that it is closed.
    template <class Holder, class Handle>
    static void dispose(Handle* h) {
        uv_close(reinterpret_cast<uv_handle_t*>(h),
                 [](uv_handle_t* closed) { delete static_cast<Holder*>(closed->data); });
    }
    template <class Handle>
    static void call(Handle* h) {
        const auto then = std::move(once<Handle>::of(h).then);
        dispose<once<Handle>>(h);
        then();
    }

    /// It does not keep the loop running, as a remote does not.
    void init(async& a) {
        uv_async_init(&loop_, &a.handle, [](uv_async_t* h) {
            const auto then = std::exchange(static_cast<async*>(h->data)->then, nullptr);
            if (then) then();
        });
        a.handle.data = &a;
        uv_unref(reinterpret_cast<uv_handle_t*>(&a.handle));
    }

    uv_loop_t loop_{};
    std::map<int, poll*> polls_{};
    std::vector<async> posts_;
    async wake_{}, stop_{}, alive_{};
    int kept_{};
};

}  // namespace

int main() {
    return loops::serve({.name = "libuv",
                         .version = uv_version_string(),
                         .interface = "uv_run, with callbacks",
                         .features = {"tasks", "channel", "post", "stop", "rerun", "keep_alive", "jump"},
                         .lacks = {{"hold_remote", "there are no remotes"}, {"drop_remote", "there are no remotes"}}},
                        [](std::size_t events) { return new uv{events}; });
}
