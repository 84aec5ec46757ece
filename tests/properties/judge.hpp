// SPDX-License-Identifier: BSL-1.0
// Judges: each follows a case event by event and objects where a rule of its own is broken.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shadow.hpp"

namespace galley::spec::properties {

/// A rule that is broken, and where: the index of the event that shows it.
struct finding {
    std::string rule{};
    std::size_t at{};
    std::string what{};
};

/// Sees each event twice: with the state before it, and with the state after it. Judges know what the program says and
/// what the driver was asked, which the rule checker does not: they judge what it cannot.
class judge {
public:
    judge(const watched& w, std::vector<finding>& found) noexcept : case_{w}, found_{found} {}
    judge(const judge&) = delete;
    judge& operator=(const judge&) = delete;
    virtual ~judge() = default;
    virtual void before(const event&, const shadow&) {}
    virtual void after(const event&, const shadow&) {}
    virtual void finish(const shadow&) {}

    void at(std::size_t index) noexcept { index_ = index; }

protected:
    void object(std::string_view rule, std::string what) {
        found_.push_back({std::string{rule}, index_, std::move(what)});
    }
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    const watched& case_;

private:
    std::vector<finding>& found_;
    std::size_t index_{};
};

using judge_pointer = std::unique_ptr<judge>;
[[nodiscard]] judge_pointer judge_of_life(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_looks(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_time(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_operations(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_tasks(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_cancellation(const watched& w, std::vector<finding>& found);
[[nodiscard]] judge_pointer judge_of_synchronisation(const watched& w, std::vector<finding>& found);

/// All that judges and rule checker have against the first event that breaks a rule; empty if nothing does. What
/// follows such an event is not judged: the state that it would be judged by is a guess. If judges and checker object
/// to the same event, the judges are heard, who know more.
[[nodiscard]] std::vector<finding> findings_in(const watched& w);

}  // namespace galley::spec::properties
