// SPDX-License-Identifier: BSL-1.0
// Circular lists of nodes that are linked through their own members: no end is a special case.
#pragma once

namespace galley {

/// A place in a chain. Its links say nothing until it is linked, nor after it was unlinked.
class chain_link {
public:
    chain_link(const chain_link&) = delete;
    chain_link& operator=(const chain_link&) = delete;

    void link_before(chain_link& after) noexcept {
        previous = after.previous;
        next = &after;
        after.previous->next = this;
        after.previous = this;
    }
    void unlink() noexcept {
        previous->next = next;
        next->previous = previous;
    }

    chain_link* previous;
    chain_link* next;

protected:
    chain_link() noexcept {}  // the links are written when it is linked
    ~chain_link() = default;
};

/// The link in which a chain begins and ends. O(1), all of it. Not thread safe.
class chain final : public chain_link {
public:
    chain() noexcept { clear(); }
    ~chain() = default;
    [[nodiscard]] bool empty() const noexcept { return next == this; }
    /// Forgets what is linked.
    void clear() noexcept { previous = next = this; }
};

}  // namespace galley
