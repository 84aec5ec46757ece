// SPDX-License-Identifier: BSL-1.0
// What the adapters of the loops in C and C++ share: an event loop with callbacks, as far as scenarios ask for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace loops {

using callback = std::function<void()>;
using ready_callback = std::function<void(int error)>;  ///< 0, or an error of the kernel's

/// Times are milliseconds; each loop's own means are behind it. A loop lives for one scenario.
class loop {
public:
    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    virtual ~loop() = default;

    /// As soon as possible, but not now.
    virtual void later(callback then) = 0;
    virtual void after(std::int64_t ms, callback then) = 0;
    /// Once, when the descriptor can be read, or written.
    virtual void when(int fd, bool writable, ready_callback then) = 0;
    /// Whatever the loop wants to know before a descriptor is closed; then it is.
    virtual void close(int fd) = 0;

    /// From any thread: calls `called` once, or once for several posts of an event if the loop merges those that it has
    /// not served yet.
    virtual void post(std::size_t event, callback called) = 0;
    /// A post that calls nothing.
    virtual void wake() = 0;

    virtual void stop() = 0;
    virtual void stop_from_outside() = 0;
    virtual void keep_alive(bool) {}

    /// Until it returns; all tasks having ended is told by `ended`.
    virtual void run() = 0;
    virtual void ended() {}

    /// The loop's own idea of the time of this iteration, from any origin that `origin` had as well.
    [[nodiscard]] virtual std::int64_t sample() = 0;
};

/// What is said of it in `hello`, and which statements it has no means for.
struct introduction {
    std::string name{}, version{}, language{"C"}, interface{};
    std::vector<std::string> features{}, relaxations{};
    std::map<std::string, std::string> lacks{};  ///< statement, and why
};

/// Answers the requests until the end. `make` gets the number of events, and is called in a forked child,
/// once for each scenario.
int serve(const introduction& who, const std::function<loop*(std::size_t events)>& make);

}  // namespace loops
