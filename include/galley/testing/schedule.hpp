// SPDX-License-Identifier: BSL-1.0
// The decisions of one run: where it differs from the order that the rules fix.
#pragma once

#include <galley/testing/chooser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace galley::testing {

/// At the `decision`-th decision of a run, from 0, `choice` was taken instead of 0.
struct deviation {
    std::size_t decision{};
    std::size_t choice{};
    friend bool operator==(const deviation&, const deviation&) = default;
};
using deviations = std::vector<deviation>;  ///< by decision

/// "3:1 7:2": as people keep it.
[[nodiscard]] std::string to_text(const deviations& d);
/// Nothing, if that is not what `to_text` gives.
[[nodiscard]] std::optional<deviations> from_text(std::string_view text);

/// Follows deviations, and then takes 0, or what a random source says. Notes what was decided.
class schedule final : public chooser {
public:
    explicit schedule(deviations lead, std::mt19937_64* random = nullptr) : lead_{std::move(lead)}, random_{random} {}

    [[nodiscard]] std::size_t choose(point what, std::size_t of) override;

    /// How many alternatives each decision had.
    [[nodiscard]] const std::vector<std::size_t>& widths() const noexcept { return widths_; }
    [[nodiscard]] const deviations& taken() const noexcept { return taken_; }
    /// Whether every deviation that it was to follow could be taken.
    [[nodiscard]] bool fits() const noexcept { return fits_ && next_ == lead_.size(); }

private:
    const deviations lead_;
    std::mt19937_64* random_;
    std::size_t next_{};  ///< of `lead_`
    std::vector<std::size_t> widths_;
    deviations taken_;
    bool fits_{true};
};

}  // namespace galley::testing
