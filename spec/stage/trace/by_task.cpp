// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/trace/by_task.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace galley::spec {

namespace {

using histories = std::map<std::string, std::vector<std::string>>;

class teller {
public:
    void on(const event& e) {
        switch (e.kind) {
            case event_kind::spawn: spawn(e.numbers[0], e.numbers[1]); break;
            case event_kind::did: {
                const bool is_id = e.texts[0] == "spawn" || (e.texts[0] == "go" && e.texts[2] != "misuse");
                tell(e.numbers[0], e.texts[0] + " " + e.texts[1] + ": " +
                                       (is_id ? paths_[std::stoull(e.texts[2])] : std::string{e.texts[2]}));
                break;
            }
            case event_kind::scope:
                if (e.texts[0] == "close") {
                    tell(e.numbers[0], "leaves a scope: " + e.texts[1]);
                }
                break;
            case event_kind::end: tell(e.numbers[0], "ends: " + e.texts[0] + " " + e.texts[1]); break;
            case event_kind::unobserved: tell(e.numbers[0], "unobserved"); break;
            case event_kind::destroyed: tell(e.numbers[0], "destroyed"); break;
            case event_kind::callback: result["callbacks"].emplace_back("called"); break;
            default: break;
        }
    }

    histories result{};

private:
    void spawn(std::uint64_t task, std::uint64_t by) {
        paths_[task] = by == 0 ? std::to_string(task) : paths_[by] + "." + std::to_string(++spawned_[by]);
        result[paths_[task]];
    }
    void tell(std::uint64_t task, std::string what) { result[paths_[task]].push_back(std::move(what)); }

    std::map<std::uint64_t, std::string> paths_{};
    std::map<std::uint64_t, int> spawned_{};
};

std::string line(const std::vector<std::string>& lines, std::size_t at) {
    return at < lines.size() ? lines[at] : "(nothing more)";
}

}  // namespace

histories by_task(const trace& t) {
    teller told;
    for (const event& e : t.events) {
        told.on(e);
    }
    return std::move(told.result);
}

std::string difference_by_task(const trace& a, const trace& b, const std::string& name_a, const std::string& name_b) {
    histories of_a = by_task(a);
    histories of_b = by_task(b);
    for (const auto& [task, lines] : of_b) {
        of_a[task];
    }
    for (const auto& [task, in_a] : of_a) {
        const std::vector<std::string>& in_b = of_b[task];
        if (in_a != in_b) {
            const auto at = static_cast<std::size_t>(std::ranges::mismatch(in_a, in_b).in1 - in_a.begin());
            return "task " + task + ", at its item " + std::to_string(at + 1) + ":\n  " + name_a + ": " +
                   line(in_a, at) + "\n  " + name_b + ": " + line(in_b, at) + "\n";
        }
    }
    return {};
}

}  // namespace galley::spec
