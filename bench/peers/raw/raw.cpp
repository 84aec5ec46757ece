// SPDX-License-Identifier: BSL-1.0
// Nothing around the work: what the machine can do.
#include "bench/raw.hpp"
#include "bench/harness/enter.hpp"
#include "bench/peers/raw/io.hpp"
#include "bench/raw_timers.hpp"

namespace galley_bench {

namespace {

struct raw_contender {
    static constexpr const char* name = "raw";
    static constexpr bool expires_many = true;
    static constexpr bool rearms = false;
    static const char* version() { return "the work alone"; }

    struct entry {
        void (*run)(void*);
        void* argument;
    };
    struct loop {
        void run() {
            while (!ready.empty()) {
                const entry e = ready.pop();
                e.run(e.argument);
            }
        }
        static void stop() noexcept {}
        static void settle() noexcept {}
        galley_bench::raw::ring<entry> ready{64};
        galley_bench::raw::wheel timers{};
    };
    template <class Heir>
    class slot {
    public:
        explicit slot(loop& l) : loop_{&l} {}
        void post() {
            if (loop_->ready.full()) [[unlikely]] {
                loop_->ready.grow();
            }
            loop_->ready.push({[](void* self) { static_cast<Heir*>(static_cast<slot*>(self))->run(); }, this});
        }

    private:
        loop* loop_;
    };
    template <class Heir>
    class timer : public galley_bench::raw::timer {
    public:
        explicit timer(loop& l) : galley_bench::raw::timer{nullptr}, loop_{&l} {}
        void start(std::uint64_t delay) noexcept { loop_->timers.start(*this, delay); }
        void cancel() noexcept { loop_->timers.cancel(*this); }

    private:
        loop* loop_;
    };

    /// What is best at expiring is another structure.
    struct expiring_only {
        using expiring = expiring_only;
        static constexpr std::uint64_t timer_unit = 1;
        static constexpr std::uint64_t timer_slack = 0;
        struct loop {
            void run() { timers.expire_all(); }
            static void stop() noexcept {}
            static void settle() noexcept {}
            galley_bench::raw::sorted_run timers;
        };
        template <class Heir>
        class timer : public galley_bench::raw::timer {
        public:
            explicit timer(loop& l)
                : galley_bench::raw::timer{[](galley_bench::raw::timer& t) noexcept { static_cast<Heir&>(t).fire(); }},
                  loop_{&l} {}
            void start(std::uint64_t delay) { loop_->timers.start(*this, delay); }
            void cancel() noexcept {}

        private:
            loop* loop_;
        };
    };
    using expiring = expiring_only;
    using io = galley_bench::raw::io;
};

const entrant here{entrant::measure, "raw", &enter<raw_contender>};

}  // namespace

}  // namespace galley_bench
