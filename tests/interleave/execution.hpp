// SPDX-License-Identifier: BSL-1.0
// What the variables of atomic.hpp call: the execution that is under way.
#pragma once

#include "explore.hpp"

#include <boost/context/fiber.hpp>

#include <algorithm>
#include <exception>
#include <memory>

namespace galley::interleave {

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
    /// Ends the execution as failed. Returns only if it is redundant, and to a thread.
    void fail(const std::string& what);
    /// The one T of this thread. With `end_own`, its `end` is called when the thread ends.
    template <class T>
    [[nodiscard]] T& own() {
        static constexpr char key{};
        auto& mine = own_[self_];
        const auto found = std::ranges::find(mine, &key, &own_object::key);
        auto& entry = found != mine.end() ? *found : mine.emplace_back(&key, std::make_shared<T>(), nullptr);
        return *static_cast<T*>(entry.object.get());
    }
    template <class T>
    void end_own() {
        T& object = own<T>();
        std::ranges::find(own_[self_], &object, [](const own_object& o) { return o.object.get(); })->end = [&object] {
            object.end();
        };
    }

    // The variables. Each atomic operation lets the others go first, if it is their turn.
    [[nodiscard]] std::size_t new_location(std::uint64_t value) { return memory_.new_location(self_, value); }
    [[nodiscard]] std::uint64_t load(std::size_t where, std::memory_order o, const std::source_location& at);
    void store(std::size_t where, std::uint64_t value, std::memory_order o, const std::source_location& at);
    /// `change` gives the new value from the old one. Returns the old one.
    template <class Change>
    std::uint64_t modify(std::size_t where, Change change, const char* operation, std::memory_order o,
                         const std::source_location& at) {
        const std::memory_order as = order_at(at, operation, o);
        pass({self_, step::access::modify, as == std::memory_order_seq_cst, where});
        use(where, at);
        const message_index read = choose_message(memory_.changeable(self_, where, as));
        const std::uint64_t old = memory_.value(where, read);
        memory_.modify(self_, where, read, change(old), as);
        narrate(operation, where, as, old, change(old), at);
        return old;
    }
    /// How often that of the calling thread has changed something.
    [[nodiscard]] std::size_t swaps() const noexcept { return swaps_[self_]; }
    [[nodiscard]] bool compare_exchange(std::size_t where, std::uint64_t& expected, std::uint64_t desired,
                                        std::memory_order success, std::memory_order failing, bool weak,
                                        const std::source_location& at);
    void end_location(std::size_t where);
    void fence(std::memory_order o, const std::source_location& at);
    void read_plain(plain_history& h, const std::source_location& at);
    void write_plain(plain_history& h, const std::source_location& at);
    void end_plain(plain_history& h);
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
    struct own_object {
        const char* key{};
        std::shared_ptr<void> object{};
        std::function<void()> end{};
    };

    [[noreturn]] void leave();
    void end_thread();
    /// The thread is about to do this: returns when it may.
    void pass(step next, const bool* waits_for = nullptr);
    [[nodiscard]] std::size_t choose(std::size_t count);
    /// What an operation may read, and whether that is what it compares with.
    struct option {
        message_index message{};
        bool equal{};
    };
    /// One of `options_`, of those that are not explored in another order.
    [[nodiscard]] option choose_option();
    [[nodiscard]] message_index choose_message(std::span<const message_index> from);
    void use(std::size_t where, const std::source_location& at);
    void count_plain();
    [[nodiscard]] std::optional<turn> whose_turn();
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
    boost::context::fiber scheduler_{};  ///< the program, while a thread runs
    boost::context::fiber outside_{};    ///< who has called perform
    std::array<std::vector<own_object>, most_threads> own_{};
    std::array<std::size_t, most_threads> swaps_{};  ///< of each thread
    message_index from_{};                           ///< of the thread's turn
    std::vector<option> options_{};                  ///< of one operation; here so that its memory is kept
    std::vector<step> ready_{};
    std::size_t tokens_{};
    std::size_t steps_{};
    std::size_t plain_steps_{};
    std::size_t spurious_{};  ///< failures of compare_exchange_weak so far
    bool redundant_{};
    bool narrated_;
    std::exception_ptr thrown_{};
    std::optional<failure> failed_{};
    std::set<std::string> outcomes_{};
    std::string story_{};
};

}  // namespace galley::interleave
