// SPDX-License-Identifier: BSL-1.0
// What the variables of atomic.hpp call: the execution that is under way.
#pragma once

#include "explore.hpp"

#include <boost/context/fiber.hpp>

#include <exception>

namespace galley::interleave {

/// Thrown through the program, never through its threads, when an execution is over before its end.
struct execution_over {};

class execution {
public:
    execution(search& choices, const limits& l, bool narrated);
    execution(const execution&) = delete;
    execution& operator=(const execution&) = delete;
    ~execution();

    [[nodiscard]] static execution& current();

    /// Runs the program once.
    void perform(const program& p);
    [[nodiscard]] bool redundant() const noexcept { return redundant_; }
    [[nodiscard]] std::optional<failure>& failed() noexcept { return failed_; }
    [[nodiscard]] const std::set<std::string>& outcomes() const noexcept { return outcomes_; }

    void run(std::vector<std::function<void()>> threads);
    void outcome(const std::string& text);
    /// Ends the execution as failed, and returns only if it is redundant.
    void fail(const std::string& what);

    // The variables. Each atomic operation lets the others go first, if it is their turn.
    [[nodiscard]] std::size_t new_location(std::uint64_t value) { return memory_.new_location(self_, value); }
    [[nodiscard]] std::uint64_t load(std::size_t where, std::memory_order o, const std::source_location& at);
    void store(std::size_t where, std::uint64_t value, std::memory_order o, const std::source_location& at);
    /// `change` gives the new value from the old one. Returns the old one.
    template <class Change>
    std::uint64_t modify(std::size_t where, Change change, const char* operation, std::memory_order o,
                         const std::source_location& at) {
        const std::memory_order as = order_at(at, operation, o);
        pass({self_, step::access::change, as == std::memory_order_seq_cst, where});
        const auto from = memory_.changeable(self_, where, as);
        const message_index read = from[choose(from.size())];
        const std::uint64_t old = memory_.value(where, read);
        memory_.modify(self_, where, read, change(old), as);
        narrate(operation, where, as, old, change(old), at);
        return old;
    }
    [[nodiscard]] bool compare_exchange(std::size_t where, std::uint64_t& expected, std::uint64_t desired,
                                        std::memory_order success, std::memory_order failing,
                                        const std::source_location& at);
    void fence(std::memory_order o, const std::source_location& at);
    void read_plain(plain_history& h, const std::source_location& at);
    void write_plain(plain_history& h, const std::source_location& at);
    /// A token that one thread sleeps on, in the kernel: it orders nothing.
    void set_token(bool& token, std::size_t where);
    void await_token(bool& token, std::size_t where);
    [[nodiscard]] std::size_t new_token() noexcept { return first_token + tokens_++; }

private:
    static constexpr std::size_t first_token = most_locations;
    struct fiber {
        boost::context::fiber at{};
        step next{};
        const bool* waits_for{};  ///< a token
        bool ended{};
    };

    /// The thread is about to do this: returns when it may.
    void pass(step next, const bool* waits_for = nullptr);
    [[nodiscard]] std::size_t choose(std::size_t count);
    [[nodiscard]] std::optional<thread_index> whose_turn();
    [[nodiscard]] std::string who_waits() const;
    [[nodiscard]] std::memory_order order_at(const std::source_location& at, const char* operation,
                                             std::memory_order o) const;
    void narrate(const char* operation, std::size_t where, std::memory_order o, std::uint64_t old, std::uint64_t value,
                 const std::source_location& at);
    void tell(const std::string& line);

    search& choices_;
    const limits& limits_;
    memory memory_{};
    thread_index self_{};
    std::vector<fiber> fibers_{};
    boost::context::fiber explorer_{};
    std::vector<step> ready_{};
    std::size_t tokens_{};
    std::size_t steps_{};
    bool redundant_{};
    bool narrated_;
    std::exception_ptr thrown_{};
    std::optional<failure> failed_{};
    std::set<std::string> outcomes_{};
    std::string story_{};
};

}  // namespace galley::interleave
