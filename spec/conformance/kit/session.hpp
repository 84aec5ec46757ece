// SPDX-License-Identifier: BSL-1.0
// Vectors before an adapter, one after another, and what came of each.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spec/conformance/kit/adapter_process.hpp"
#include "spec/conformance/kit/relaxed.hpp"
#include "spec/conformance/kit/vector.hpp"

namespace galley::conformance {

/// What an adapter says of itself.
struct introduction {
    std::string name{}, version{}, language{}, loop{};
    name_set features{};
    bool has_level_l{};
    std::optional<std::int64_t> R{}, B{}, b{};  ///< none: any
    relaxations relaxed{};
};

enum class outcome { passed, failed, skipped };

/// What came of one vector.
struct result {
    const vector* what{};
    outcome came{outcome::skipped};
    std::string kind{};  ///< of a failure: `wrong`, `errored`, or a misconduct of PROTOCOL.md (`hangs`, `lying`, ...)
    std::string rule{};  ///< that a wrong trace breaks
    bool is_named{};     ///< by the rule checker; else the rule is the one that the vector was chosen for
    std::string why{};   ///< for people
    spec::scenario asked{};  ///< the vector's program, with the parameters of the port
    std::optional<spec::trace> expected{}, actual{};
};

/// Thrown if there is no usable `hello`: nothing can be asked then.
struct no_adapter : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class session {
public:
    /// Starts the adapter and takes its introduction. Throws no_adapter.
    session(std::vector<std::string> command, std::chrono::milliseconds limit);

    [[nodiscard]] const introduction& who() const noexcept { return who_; }
    /// The vector's scenario must be valid. Never throws for what an adapter does: it is started again if need be.
    [[nodiscard]] result put(const vector& v);
    /// The next vectors are put however often the adapter has died: whoever makes a failing one small needs that.
    void forgive() noexcept { deaths_ = 0; }
    /// Tells it to stop; empty if it did as PROTOCOL.md says.
    [[nodiscard]] std::string finish();

private:
    void begin();
    void judge(result& r, const json& answer) const;
    void fail(result& r, std::string kind, std::string why) const;

    const std::vector<std::string> command_;
    const std::chrono::milliseconds limit_;
    std::unique_ptr<adapter_process> adapter_{};
    introduction who_{};
    int deaths_{};  // in a row
};

}  // namespace galley::conformance
