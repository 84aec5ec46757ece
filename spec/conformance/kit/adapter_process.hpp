// SPDX-License-Identifier: BSL-1.0
// An adapter as a child process that may do anything but harm: time and output are bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace galley::conformance {

/// What counts against an adapter; the words of PROTOCOL.md.
enum class misconduct { none, hangs, died, talkative };

struct reply {
    misconduct what{misconduct::none};
    std::string text{};  ///< the line, or for people what happened
};

/// Not thread safe. Ends the process and those that it has started (its process group) with itself.
class adapter_process {
public:
    /// Throws std::system_error if the command cannot be started. SIGPIPE is ignored from then on.
    explicit adapter_process(const std::vector<std::string>& command);
    adapter_process(const adapter_process&) = delete;
    adapter_process& operator=(const adapter_process&) = delete;
    ~adapter_process();

    /// Sends a line (without newline) and takes the one line that answers it.
    [[nodiscard]] reply ask(const std::string& line, std::chrono::milliseconds limit);
    /// Sends a line after which the process must end with status 0, having said nothing more.
    [[nodiscard]] reply finish(const std::string& line, std::chrono::milliseconds limit);
    /// The end of what it wrote to standard error.
    [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

private:
    using deadline = std::chrono::steady_clock::time_point;

    [[nodiscard]] bool pump(deadline until);
    void take_errors();
    [[nodiscard]] std::string how_it_ended();

    pid_t process_{-1};
    int in_{-1}, out_{-1}, err_{-1};
    std::string unsent_{}, unread_{}, errors_{};
    bool ended_{};  // its output is closed
};

}  // namespace galley::conformance
