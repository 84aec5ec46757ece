// SPDX-License-Identifier: BSL-1.0
// A set of ids. Internal to the checker.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace galley::spec::checking {

/// Ids count from 1 where a loop wrote them, so they are bits of few words; a trace that comes from elsewhere may name
/// any, and what is large goes into a tree.
class id_set {
public:
    /// False if it is there already.
    bool insert(std::uint64_t id) {
        if (id >= dense) return sparse_.insert(id).second;
        if (id / 64 >= words_.size()) words_.resize(id / 64 + 1);
        const bool added = (words_[id / 64] & bit(id)) == 0;
        words_[id / 64] |= bit(id);
        return added;
    }
    void erase(std::uint64_t id) {
        if (id >= dense) {
            sparse_.erase(id);
        } else if (id / 64 < words_.size()) {
            words_[id / 64] &= ~bit(id);
        }
    }
    [[nodiscard]] bool contains(std::uint64_t id) const {
        if (id >= dense) return sparse_.contains(id);
        return id / 64 < words_.size() && (words_[id / 64] & bit(id)) != 0;
    }
    /// The least one; 0 if there is none.
    [[nodiscard]] std::uint64_t first() const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if (words_[i] != 0) return 64 * i + static_cast<std::uint64_t>(std::countr_zero(words_[i]));
        }
        return sparse_.empty() ? 0 : *sparse_.begin();
    }
    [[nodiscard]] bool empty() const { return first() == 0; }

private:
    static constexpr std::uint64_t dense = 4'096;
    static constexpr std::uint64_t bit(std::uint64_t id) noexcept { return std::uint64_t{1} << id % 64; }

    std::vector<std::uint64_t> words_{};
    std::set<std::uint64_t> sparse_{};
};

}  // namespace galley::spec::checking
