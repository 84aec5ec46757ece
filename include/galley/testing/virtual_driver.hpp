// SPDX-License-Identifier: BSL-1.0
// A driver whose clock stands still until the loop waits: hours pass in no time, and what the world does is scripted.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/testing/virtual_file.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace galley::testing {

/// Time moves only while the loop waits, and by `pass`; never by being read. A loop that waits for nothing that could
/// come is told so (LIFE-7), and its run ends *deadlocked*. Loop thread only, but for its waker. Allocates: a test that
/// is out of memory is over.
class virtual_driver final : public driver {
public:
    /// The first descriptor that is given out: no number of the kernel's.
    static constexpr int first_descriptor = 1 << 24;

    virtual_driver();
    ~virtual_driver() override;

    // ---- the world -------------------------------------------------------------------------------------------------

    /// `event` happens at `when`, or at the next look at the driver, if that is past; those of one moment in the order
    /// of these calls. It stands for something outside of the loop: a thread that posts, a signal, a peer.
    /// It must not throw.
    void at(instant when, std::function<void()> event);
    /// Time that a step takes, as a long computation does; negative: the clock jumps back, at most to 0.
    void pass(duration d) noexcept { now_ = saturating_add(now_, d); }

    /// A descriptor for `file`. No number is given out twice, so what is stale shows as EBADF.
    [[nodiscard]] int open(std::unique_ptr<virtual_file> file);
    /// Whether it is open.
    [[nodiscard]] bool is_open(int descriptor) const noexcept;
    /// What waits on this descriptor is tried again: reads first, each kind in start order (IO-4). Of one that is
    /// closed: nothing.
    void changed(int descriptor);
    /// The next operation of that kind that is started, but for `after` of them, ends at once with `error`.
    void fail(io kind, int error, std::size_t after = 0) { faults_.push_back({kind, error, after}); }
    /// The next socket that is made, but for `after` of them, is not: the program is told `error`, EMFILE, say.
    void fail_socket(int error, std::size_t after = 0) { faults_.push_back({std::nullopt, error, after}); }
    /// For a network that is asked for a socket: the errno value to say instead of making one; 0: it makes one.
    [[nodiscard]] int socket_fault() noexcept { return take_fault(std::nullopt); }
    /// Who makes sockets on this driver from now on; at first nobody does: there is no network (ENETDOWN).
    void use(std::shared_ptr<sockets> network) noexcept { sockets_ = std::move(network); }
    /// The names of what is open, in the order of the descriptors.
    [[nodiscard]] std::vector<std::string> open_files() const;

    // ---- the contract ----------------------------------------------------------------------------------------------

    [[nodiscard]] instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override;
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override;
    [[nodiscard]] sockets& get_sockets() noexcept override { return *sockets_; }
    [[nodiscard]] bool exhausted() const noexcept override { return events_.empty() && completions_.empty(); }

private:
    class token;
    class no_sockets;
    struct open_file {
        std::unique_ptr<virtual_file> file{};  ///< null: closed
        std::vector<operation*> in_flight{};   ///< in start order
    };
    struct completion {
        instant time;
        operation* op;
    };
    struct fault {
        std::optional<io> of;  ///< none: of a socket's making
        int error;
        std::size_t after;
    };

    [[nodiscard]] open_file* find(int descriptor) noexcept;
    [[nodiscard]] int take_fault(std::optional<io> of) noexcept;
    void end_all(open_file& f, const io_result& how);
    void happen();
    void report(operation_list& done);

    instant now_{};
    std::optional<instant> event_time_;                                          ///< of the event that is happening
    std::map<std::pair<instant, std::uint64_t>, std::function<void()>> events_;  ///< by (time, order)
    std::uint64_t events_made_{};
    std::vector<open_file> files_;
    std::vector<fault> faults_;
    std::vector<completion> completions_;
    std::uint64_t started_{};
    std::shared_ptr<token> token_;
    std::shared_ptr<sockets> sockets_;
    bool shut_{};
};

}  // namespace galley::testing
