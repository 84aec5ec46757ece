// SPDX-License-Identifier: BSL-1.0
// GLib: https://docs.gtk.org/glib/main-loop.html. A yield and a post are idle sources. The loop runs until it is told
// to quit, which it is when the last task has ended.
#include <glib-unix.h>
#include <glib.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <utility>

#include "../cpp/loop.hpp"

namespace {

using loops::callback;

class main_loop final : public loops::loop {
public:
    void later(callback then) override { g_idle_add(&call, new callback{std::move(then)}); }
    void after(std::int64_t ms, callback then) override {
        g_timeout_add(static_cast<guint>(ms), &call, new callback{std::move(then)});
    }
    void when(int fd, bool writable, loops::ready_callback then) override {
        auto* const w = new watched{this, 0, std::move(then)};
        w->source = g_unix_fd_add(fd, writable ? G_IO_OUT : G_IO_IN, &ready, w);
        watched_.emplace(fd, w);
    }
    /// What watches it is removed first, and is never called.
    void close(int fd) override {
        for (auto [w, end] = watched_.equal_range(fd); w != end; ++w) g_source_remove(w->second->source);
        watched_.erase(fd);
        ::close(fd);
    }

    void post(std::size_t, callback called) override { later(std::move(called)); }
    void wake() override { g_main_context_wakeup(nullptr); }
    void stop() override { g_main_loop_quit(loop_); }
    void stop_from_outside() override { stop(); }
    void run() override { g_main_loop_run(loop_); }
    void ended() override { stop(); }
    [[nodiscard]] std::int64_t sample() override {
        GSource* const source = g_main_current_source();
        return (source != nullptr ? g_source_get_time(source) : g_get_monotonic_time()) / 1000;
    }

private:
    struct watched {
        main_loop* loop;
        guint source;
        loops::ready_callback then;
    };

    static gboolean call(gpointer then) {
        (*std::unique_ptr<callback>{static_cast<callback*>(then)})();
        return G_SOURCE_REMOVE;
    }
    static gboolean ready(gint, GIOCondition, gpointer of) {
        const std::unique_ptr<watched> w{static_cast<watched*>(of)};
        std::erase_if(w->loop->watched_, [&w](const auto& one) { return one.second == w.get(); });
        w->then(0);
        return G_SOURCE_REMOVE;
    }

    GMainLoop* loop_{g_main_loop_new(nullptr, FALSE)};
    std::multimap<int, watched*> watched_{};
};

std::string version() {
    return std::to_string(glib_major_version) + "." + std::to_string(glib_minor_version) + "." +
           std::to_string(glib_micro_version);
}

}  // namespace

int main() {
    return loops::serve({.name = "GLib",
                         .version = version(),
                         .interface = "g_main_loop_run",
                         .features = {"tasks", "channel", "post", "stop", "rerun", "jump"},
                         .lacks = {{"hold_remote", "there are no remotes"}, {"drop_remote", "there are no remotes"}}},
                        [](std::size_t) { return new main_loop; });
}
