// SPDX-License-Identifier: BSL-1.0
// A scenario's channel as a descriptor: a socket pair, or a listener if somebody accepts.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

namespace loops {

class channel {
public:
    /// `verbs` are the statements that use it.
    explicit channel(const std::set<std::string>& verbs);

    /// The end that the loop has; -1 once it is closed.
    int near{-1};

    /// What the world does with the far end: data, end, peer.
    void act(const std::string& what, std::size_t bytes) const;
    /// Tries the operation: its result, or nothing if it would block.
    [[nodiscard]] std::optional<std::string> attempted(const std::string& verb, std::size_t bytes) const;

private:
    int far_{-1};  // a listener has none
};

}  // namespace loops
