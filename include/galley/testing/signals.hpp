// SPDX-License-Identifier: BSL-1.0
// Signals that are scripted, as signalfd(2) gives them.
#pragma once

#include <galley/testing/world.hpp>

#include <cstddef>
#include <memory>

namespace galley::testing {

/// A descriptor that reads as one of signalfd(2): a signalfd_siginfo for each signal that was raised. Loop thread only;
/// may go before its descriptor.
class signals {
public:
    explicit signals(world& w);

    /// Opened once; to be closed by whoever uses it.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    /// Now. For a later time: `w.outside.at(when, [&] { s.raise(SIGTERM); })`.
    void raise(int signal);

private:
    struct pending;
    class signal_file;

    world& world_;
    std::shared_ptr<pending> pending_;
    int descriptor_;
};

}  // namespace galley::testing
