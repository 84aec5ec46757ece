// SPDX-License-Identifier: BSL-1.0
// What is said of a port: in text, JSON, JUnit's XML and HTML.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/conformance/kit/session.hpp"

namespace galley::conformance {

/// What a port owes: by vector id, or by rule (all vectors chosen for it).
enum class expectation { pass, fail, skip };
using expectations = std::map<std::string, expectation, std::less<>>;

/// Lines `fail ID`, `skip ID`, the reason after it; `#` begins a comment. Throws std::runtime_error.
[[nodiscard]] expectations read_expectations(const std::string& text, const std::string& file);

/// A result against what was expected of it.
enum class standing {
    passed,
    failed,
    skipped,
    failed_as_expected,  ///< not a failure of the run
    passed_against,      ///< expected to fail: the expectations are out of date, a failure
    skipped_against,     ///< expected to fail or to pass, named so, and skipped: a failure
    ran_against,         ///< expected to be skipped, and run: a failure
};

using rule_words = std::map<std::string, std::string>;  ///< by number

struct report {
    introduction who{};
    rule_words words{};  ///< for the failures
    std::vector<result> results{};
    std::vector<standing> standings{};   ///< of the results, in their order
    std::vector<std::string> unknown{};  ///< what the expectations name, and no vector is
    std::string at_the_end{};            ///< what was wrong with the adapter's end
    std::string digest{};                ///< of all vectors that were put
};

[[nodiscard]] standing stand(const result& r, const expectations& owed);
[[nodiscard]] bool is_bad(standing s) noexcept;
[[nodiscard]] std::size_t count(const report& r, standing s);
/// What is wrong beside the vectors: expectations of none, the adapter's end, nothing that was run.
[[nodiscard]] std::vector<std::string> faults_of_the_run(const report& r);
/// Whether the run as a whole is good: no vector is bad, and neither is the run.
[[nodiscard]] bool is_good(const report& r);

/// Everything for people: each failure in full, then rule by rule, then the counts.
[[nodiscard]] std::string to_text(const report& r, std::size_t most_failures);
/// One failure: program, both traces side by side about the first difference, the rule in words, and how to see it.
[[nodiscard]] std::string failure_text(const result& r, const rule_words& words);
/// One line to be quoted, with the digest of the vectors.
[[nodiscard]] std::string claim(const report& r);
[[nodiscard]] std::string to_json_text(const report& r);
[[nodiscard]] std::string to_junit(const report& r);
[[nodiscard]] std::string to_html(const report& r);
/// An SVG badge.
[[nodiscard]] std::string badge(const report& r);

}  // namespace galley::conformance
