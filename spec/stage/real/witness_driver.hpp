// SPDX-License-Identifier: BSL-1.0
// Stands between a loop and a real driver, passes everything on, and bears witness of what the driver promises.
#pragma once

#include <spec/stage/real/real_channels.hpp>

#include <galley/contract/driver.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace galley::spec {

/// What it holds, adding a problem where it does not:
///   - each operation that is in flight is reported once, and nothing else is (IO-1);
///   - within one look, the operations of a descriptor that were performed come reads before writes, and each in start
///     order (READY-1, IO-4);
///   - the bytes that reads got are those that the world sent into the channel, each once and in order, also when
///     operations are cancelled (IO-3); the bytes that writes claim to have moved arrive at the far end, and no others;
///   - a transfer is no longer than its buffer, and the buffer is not touched beyond it (IO-5).
/// The loop's thread only. It owns nothing; all that it is given must outlive it.
class witness_driver final : public driver {
public:
    witness_driver(driver& d, real_channels& channels, problem_list& problems);

    [[nodiscard]] instant now() noexcept override { return inner_.now(); }
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override { inner_.cancel(op); }
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override { inner_.shut(); }
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override { return inner_.get_waker(); }

    /// After the loop has gone and the channels are closed: what was written must have arrived.
    void compare_far_ends();

private:
    static constexpr std::size_t no_channel = ~std::size_t{0};

    void object(std::string text);
    void take(operation_list& reported, operation_list& done);
    void performed(const operation& op, std::size_t channel);

    driver& inner_;
    real_channels& channels_;
    problem_list& problems_;
    std::unordered_map<const operation*, std::size_t> in_flight_;  ///< and its channel
    std::vector<std::size_t> bytes_read_;                          ///< of each channel
    std::vector<std::string> written_;                             ///< into each channel
    std::uint64_t writes_{};
};

}  // namespace galley::spec
