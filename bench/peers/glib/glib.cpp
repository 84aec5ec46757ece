// SPDX-License-Identifier: BSL-1.0
// GLib: https://docs.gtk.org/glib/main-loop.html: an idle source that goes on as long as it is wanted, timeout sources,
// sources of descriptors.
#include "bench/harness/enter.hpp"
#include "bench/harness/locked_queue.hpp"
#include "bench/harness/watched.hpp"

#include <string>

#include <glib-unix.h>
#include <glib.h>

namespace galley_bench {

namespace {

struct glib {
    static constexpr const char* name = "glib";
    static constexpr std::uint64_t timer_unit = 1'000'000;
    static constexpr std::uint64_t timer_slack = 0;
    static constexpr bool expires_many = false;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 0;
    using expiring = glib;
    using exact = glib;
    using io = glib;
    using remotely = glib;
    static std::string version() {
        return std::to_string(glib_major_version) + "." + std::to_string(glib_minor_version) + "." +
               std::to_string(glib_micro_version);
    }

    class loop {
    public:
        loop() = default;
        loop(const loop&) = delete;
        loop& operator=(const loop&) = delete;
        ~loop() {
            g_main_loop_unref(loop_);
            g_main_context_unref(context_);
        }
        void run() { g_main_loop_run(loop_); }
        void stop() noexcept { g_main_loop_quit(loop_); }
        static void settle() noexcept {}
        [[nodiscard]] GMainContext* get() noexcept { return context_; }

    private:
        GMainContext* context_{g_main_context_new()};
        GMainLoop* loop_{g_main_loop_new(context_, FALSE)};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) : context_{l.get()} {}
        void post() noexcept {
            wanted_ = true;
            if (!attached_) {
                attached_ = true;
                GSource* const source = g_idle_source_new();
                g_source_set_callback(source, &called, this, nullptr);
                g_source_attach(source, context_);
                g_source_unref(source);  // the context's from here on
            }
        }

    private:
        static gboolean called(gpointer self) {
            auto& s = *static_cast<slot*>(self);
            s.wanted_ = false;
            static_cast<Heir&>(s).run();
            s.attached_ = s.wanted_;
            return s.wanted_ ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
        }
        GMainContext* context_;
        bool attached_{};
        bool wanted_{};
    };
    template <class Heir>
    class timer {
    public:
        explicit timer(loop& l) : context_{l.get()} {}
        void start(std::uint64_t delay) noexcept {
            source_ = g_timeout_source_new(static_cast<guint>(delay / 1'000'000));
            g_source_set_callback(
                source_,
                [](gpointer self) -> gboolean {
                    auto& t = *static_cast<timer*>(self);
                    g_source_unref(t.source_);
                    static_cast<Heir&>(t).fire();
                    return G_SOURCE_REMOVE;
                },
                this, nullptr);
            g_source_attach(source_, context_);
        }
        void cancel() noexcept {
            g_source_destroy(source_);
            g_source_unref(source_);
        }

    private:
        GMainContext* context_;
        GSource* source_{};
    };
    /// Attaching an idle source wakes the loop, from any thread. One for all that stands in a queue, as one for each
    /// takes microseconds.
    class remote {
    public:
        explicit remote(loop& l) : context_{l.get()} {}
        void post(void (*run)(void*), void* argument) {
            if (!calls_.push(run, argument)) {
                return;
            }
            GSource* const source = g_idle_source_new();
            g_source_set_callback(
                source,
                [](gpointer self) -> gboolean {
                    static_cast<remote*>(self)->calls_.run_all();
                    return G_SOURCE_REMOVE;
                },
                this, nullptr);
            g_source_attach(source, context_);
            g_source_unref(source);
        }

    private:
        GMainContext* context_;
        locked_queue calls_;
    };
    static constexpr GIOCondition in = G_IO_IN;
    static constexpr GIOCondition out = G_IO_OUT;
    /// Owns a source of a descriptor, which calls `self.*Ready` while it is started.
    template <class Owner, void (Owner::*Ready)()>
    class watch {
    public:
        watch(loop& l, int on, GIOCondition what, Owner& self)
            : context_{l.get()}, on_{on}, what_{what}, self_{&self} {}
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        ~watch() { stop(); }
        void start() noexcept {
            source_ = g_unix_fd_source_new(on_, what_);
            const GUnixFDSourceFunc called = [](gint, GIOCondition, gpointer p) -> gboolean {
                (static_cast<Owner*>(p)->*Ready)();
                return G_SOURCE_CONTINUE;
            };
            g_source_set_callback(source_, G_SOURCE_FUNC(called), self_, nullptr);
            g_source_attach(source_, context_);
        }
        void stop() noexcept {
            if (source_ != nullptr) {
                g_source_destroy(source_);
                g_source_unref(std::exchange(source_, nullptr));
            }
        }

    private:
        GMainContext* context_;
        int on_;
        GIOCondition what_;
        Owner* self_;
        GSource* source_{};
    };
    template <class Heir>
    using stream = watched_stream<glib, Heir>;
    template <class Heir>
    using acceptor = watched_acceptor<glib, Heir>;
    template <class Heir>
    using reader = watched_reader<glib, Heir>;
};

const entrant here{entrant::peer, "glib", &enter<glib>};

}  // namespace

}  // namespace galley_bench
