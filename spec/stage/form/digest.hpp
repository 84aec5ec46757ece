// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace galley::spec {

/// A name for a text, the same on every machine: FNV-1a, 64 bits. Not against those who look for collisions.
[[nodiscard]] constexpr std::uint64_t digest_of(std::string_view text) noexcept {
    std::uint64_t digest = 0xcbf29ce484222325;
    for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return digest;
}

}  // namespace galley::spec
