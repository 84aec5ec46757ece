// SPDX-License-Identifier: BSL-1.0
#include "tests/failing/stage.hpp"

#include "tests/failing/faults.hpp"
#include "tests/integration/fixture.hpp"

#include <cstring>
#include <exception>
#include <new>

namespace galley_test {

stage::~stage() = default;

galley::loop& stage::loop() {
    if (loop_ == nullptr) {
        driver_ = make_driver(on_.driver);
        loop_ = make_loop(on_.loop, *driver_);
        loop_->tasks().on_failure(
            [](void* self, const galley::context*, std::exception_ptr error) noexcept {
                static_cast<stage*>(self)->saw(std::move(error));
            },
            this);
    }
    return *loop_;
}

void stage::destroy_loop() noexcept { loop_.reset(); }

void stage::saw(std::error_code error) noexcept {
    if (errors_seen_++ == 0) {
        first_error_ = error;
    } else {
        other_errors_ = other_errors_ || error != first_error_;
    }
}

void stage::saw(std::exception_ptr error) noexcept {
    const spared judging;
    try {
        std::rethrow_exception(std::move(error));
    } catch (const burnt&) {
        saw_burnt();
    } catch (const io_failed&) {  // it was seen as a value
    } catch (const std::bad_alloc&) {
        saw_shortage();
    } catch (const std::system_error& e) {
        saw(e.code());
        check(std::strncmp(e.what(), "galley", 6) == 0, "an error says whose it is");
        check(std::strstr(e.what(), e.code().message().c_str()) != nullptr, "an error says what the kernel said");
    } catch (const galley::run_interrupted&) {
        check(false, "LIFE-1: the program came to a halt");
    } catch (...) {
        check(false, "an exception that nobody has documented");
    }
}

stage::account stage::close(int expected) noexcept {
    destroy_loop();
    driver_.reset();
    check(tokens_ == 0, "a value was lost, or destroyed twice");
    check(bodies_ == 0, "LIFE-5: a body is left");
    check(burnt_seen_ == burnt_, "TASK-3: a failure was silent, or seen twice");
    // What one side is told of, the other may see as the end of the connection; so the planted one is among several.
    const bool told = errors_seen_ == 0 || expected == 0 || other_errors_ || first_error_.value() == expected;
    check(told, "IO-5: another error than the kernel's");
    return {errors_seen_, broken_};
}

void stage::try_again() {
    if (loop_ == nullptr) {
        return;
    }
    run([this]() -> task<> {
        bool called = false;
        const galley::remote poster = loop_->get_remote();
        check(poster.post([&called] { called = true; }), "POST-4: an open loop refuses a post");
        galley::join_handle<int> child = co_await galley::spawn_here(galley::invoke([]() -> task<int> {
            co_await galley::sleep_for(1ms);
            co_return 1;
        }));
        const int value = co_await child.join();
        check(called && value == 1, "a loop goes on after a shortage");
    });
}

}  // namespace galley_test
