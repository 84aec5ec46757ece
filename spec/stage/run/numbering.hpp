// SPDX-License-Identifier: BSL-1.0
// Numbers for objects that come and go, by address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace galley::spec {

/// Counts objects as they start. An address is used again for a later object, whose number replaces the earlier one's.
/// A hash table without removal: O(1), and an allocation only to grow.
class numbering {
public:
    void started(const void* object) {
        if (2 * (used_ + 1) > slots_.size()) grow();
        slot& s = slot_of(object);
        used_ += s.object == nullptr ? 1U : 0U;
        s = {object, ++count_};
    }
    /// The number of the latest object that started at this address; 0 if none has.
    [[nodiscard]] std::uint64_t operator[](const void* object) { return slots_.empty() ? 0 : slot_of(object).number; }

private:
    struct slot {
        const void* object{};
        std::uint64_t number{};
    };

    slot& slot_of(const void* object) {
        const auto mask = slots_.size() - 1;  // the size is a power of two
        // Fibonacci hashing: the high bits of the product depend on all bits of the address.
        auto at = static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(object) * 0x9e3779b97f4a7c15U) >> 32U);
        while (slots_[at & mask].object != nullptr && slots_[at & mask].object != object) ++at;
        return slots_[at & mask];
    }
    void grow() {
        const std::vector<slot> old = std::exchange(slots_, std::vector<slot>(slots_.empty() ? 16 : 2 * slots_.size()));
        for (const slot& s : old) {
            if (s.object != nullptr) slot_of(s.object) = s;
        }
    }

    std::vector<slot> slots_{};
    std::size_t used_{};
    std::uint64_t count_{};
};

}  // namespace galley::spec
