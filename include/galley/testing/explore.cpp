// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/explore.hpp>

#include <galley/testing/exploring_loop.hpp>
#include <galley/testing/play.hpp>
#include <galley/testing/schedule.hpp>
#include <galley/testing/shrink.hpp>
#include <galley/testing/timeline.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>

namespace galley::testing {

namespace {

class explorer {
public:
    explorer(const explore_options& options, const body_function& body) : options_{options}, body_{body} {}

    exploration run_with(chooser& decides) {
        show(decides);
        return std::move(found_);
    }

    exploration run() {
        if (!options_.replay.empty()) {
            replay();
        } else if (!systematic() && !found_.complete) {
            random();
        }
        return std::move(found_);
    }

private:
    /// Runs the body on a loop that `decides` leads, watched by `shown` if there is one.
    [[nodiscard]] std::string run_once(chooser& decides, timeline* shown) {
        ++found_.schedules;
        if (options_.also != nullptr) options_.also->begin();
        std::uint64_t turns_left = options_.turns;
        std::string failure = play(
            [&](driver& d) {
                auto l = std::make_unique<exploring_loop>(d, options_.loop, options_.relaxed, decides, turns_left);
                if (shown != nullptr) shown->watch(*l);
                return l;
            },
            body_, &decides);
        if (turns_left == 0) failure = "no end within " + std::to_string(options_.turns) + " turns; " + failure;
        if (options_.also != nullptr) failure += options_.also->failures();
        return failure;
    }

    /// Those with fewer deviations first; each schedule once, as it is made from the one without its last deviation.
    /// True if one fails.
    bool systematic() {
        const std::size_t most = (options_.schedules + 1) / 2;
        std::deque<deviations> ahead{{}};
        bool all_are_ahead = true;
        while (!ahead.empty() && found_.schedules < most) {
            const deviations lead = std::move(ahead.front());
            ahead.pop_front();
            schedule decides{lead};
            if (!run_once(decides, nullptr).empty()) return fails(decides.taken());
            const std::size_t first = lead.empty() ? 0 : lead.back().decision + 1;
            for (std::size_t i = first; i < decides.widths().size(); ++i) {
                for (std::size_t choice = 1; choice < decides.widths()[i]; ++choice) {
                    if (found_.schedules + ahead.size() >= most) {
                        all_are_ahead = false;
                        break;
                    }
                    ahead.push_back(lead);
                    ahead.back().push_back({i, choice});
                }
            }
        }
        found_.complete = all_are_ahead && ahead.empty();
        return false;
    }

    void random() {
        std::mt19937_64 source{options_.seed};
        while (found_.schedules < options_.schedules) {
            schedule decides{{}, &source};
            if (!run_once(decides, nullptr).empty()) {
                fails(decides.taken());
                return;
            }
        }
    }

    void replay() {
        const auto lead = from_text(options_.replay);
        if (!lead) throw std::invalid_argument("galley::testing: no replay string: " + options_.replay);
        schedule decides{*lead};
        show(decides);
        found_.replay = to_text(decides.taken());
        if (!decides.fits()) {
            throw std::invalid_argument("galley::testing: this body has no schedule " + options_.replay +
                                        ": it was changed since, or the options were");
        }
    }

    /// Makes it small, and tells. Always true.
    bool fails(const deviations& failing) {
        const std::size_t searched = found_.schedules;
        const auto attempt = [&](const deviations& lead) {
            schedule decides{lead};
            return run_once(decides, nullptr).empty() ? std::nullopt : std::optional{decides.taken()};
        };
        const deviations small = shrink(failing, attempt);
        schedule decides{small};
        show(decides);
        found_.replay = to_text(decides.taken());
        if (found_.failure.empty()) {
            found_.failure = "the body is not deterministic: with the same schedule it failed before, and does not now";
        }
        found_.schedules = searched;
        return true;
    }

    void show(chooser& decides) {
        timeline shown{decides};
        found_.failure = run_once(shown, &shown);
        found_.timeline = shown.text();
    }

    const explore_options& options_;
    const body_function& body_;
    exploration found_;
};

}  // namespace

std::string exploration::report() const {
    const std::string runs = std::to_string(schedules) + (schedules == 1 ? " schedule" : " schedules");
    if (!failed()) return runs + (complete ? ", all that there are" : "") + ": no failure\n";
    const std::string again = replay.empty() ? "  it is the order that the rules fix\n"
                                             : "  replay: explore({.replay = \"" + replay + "\"}, body)\n";
    return failure + '\n' + timeline + again + "  found after " + runs + '\n';
}

exploration explore_body(const explore_options& options, const body_function& body) {
    return explorer{options, body}.run();
}

exploration explore_once(const explore_options& options, chooser& decides, const body_function& body) {
    return explorer{options, body}.run_with(decides);
}

}  // namespace galley::testing
