// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/schedule.hpp>

#include <charconv>
#include <system_error>

namespace galley::testing {

std::string to_text(const deviations& d) {
    std::string text;
    for (const deviation& each : d) {
        if (!text.empty()) text += ' ';
        text += std::to_string(each.decision) + ':' + std::to_string(each.choice);
    }
    return text;
}

namespace {

/// Reads a number off the front.
std::optional<std::size_t> take_number(std::string_view& text) {
    std::size_t number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<deviations> from_text(std::string_view text) {
    deviations read;
    while (!text.empty()) {
        if (!read.empty() && !take(text, ' ')) return std::nullopt;
        const auto decision = take_number(text);
        if (!decision || !take(text, ':')) return std::nullopt;
        const auto choice = take_number(text);
        const bool later = read.empty() || read.back().decision < decision;
        if (!choice || *choice == 0 || !later) return std::nullopt;
        read.push_back({*decision, *choice});
    }
    return read;
}

std::size_t schedule::choose(point, std::size_t of) {
    std::size_t choice = 0;
    if (next_ < lead_.size() && lead_[next_].decision == widths_.size()) {
        choice = lead_[next_++].choice;
        if (choice >= of) {
            choice = 0;
            fits_ = false;
        }
    } else if (random_ != nullptr) {
        choice = (*random_)() % of;
    }
    if (choice != 0) taken_.push_back({widths_.size(), choice});
    widths_.push_back(of);
    return choice;
}

}  // namespace galley::testing
