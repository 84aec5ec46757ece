// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/shrink.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace galley::testing {

namespace {

/// What grows with every deviation, and with every choice: less is smaller.
std::pair<std::size_t, std::size_t> size_of(const deviations& d) {
    std::size_t choices = 0;
    for (const deviation& each : d) choices += each.choice;
    return {d.size(), choices};
}

class shrinker {
public:
    shrinker(deviations failing, const attempt& fails, std::size_t most)
        : best_{std::move(failing)}, fails_{fails}, left_{most} {}

    deviations run() {
        while (left_ > 0 && (without_parts() || with_less())) {
        }
        return std::move(best_);
    }

private:
    /// A candidate may come out otherwise than it was meant, as an earlier decision changes which later ones there are.
    bool better(const deviations& candidate) {
        if (left_ == 0) return false;
        --left_;
        auto taken = fails_(candidate);
        if (!taken || size_of(*taken) >= size_of(best_)) return false;
        best_ = std::move(*taken);
        return true;
    }

    /// Leaves out a half, a quarter and so on to a single one; true if one could be spared.
    bool without_parts() {
        for (std::size_t part = best_.size(); part > 0; part /= 2) {
            for (std::size_t from = 0; from < best_.size(); from += part) {
                deviations candidate = best_;
                const auto first = candidate.begin() + static_cast<std::ptrdiff_t>(from);
                candidate.erase(first, first + static_cast<std::ptrdiff_t>(std::min(part, best_.size() - from)));
                if (better(candidate)) return true;
            }
        }
        return false;
    }

    bool with_less() {
        for (std::size_t i = 0; i < best_.size(); ++i) {
            for (std::size_t choice = 1; choice < best_[i].choice; ++choice) {
                deviations candidate = best_;
                candidate[i].choice = choice;
                if (better(candidate)) return true;
            }
        }
        return false;
    }

    deviations best_;
    const attempt& fails_;
    std::size_t left_;
};

}  // namespace

deviations shrink(deviations failing, const attempt& fails, std::size_t most) {
    return shrinker{std::move(failing), fails, most}.run();
}

}  // namespace galley::testing
