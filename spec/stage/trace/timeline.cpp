// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/trace/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

#include "spec/stage/form/print.hpp"
#include "spec/stage/trace/history.hpp"

namespace galley::spec {
namespace {

/// How something is drawn. One column wide in either script.
struct sign {
    std::string_view utf8{};
    std::string_view ascii{};
    std::string_view color{};
    std::string_view meaning{};
};

// Indexed by activity, then by ending.
constexpr std::array<sign, 5> activity_signs{{
    {"·", ".", "2", "ready, not yet run"},
    {"┄", ":", "33", "waits for others"},
    {"═", "=", "36", "I/O"},
    {"─", "-", "34", "sleeps"},
    {"█", "#", "32", "runs"},
}};
constexpr std::array<sign, 5> ending_signs{{
    {"", "", "", ""},
    {"●", "O", "1;32", "ended with a value"},
    {"✗", "X", "1;31", "failed"},
    {"○", "C", "1;35", "cancelled"},
    {"╳", "D", "1;31", "destroyed by the loop's end"},
}};

// Steps of the axis that people read easily, in ns; below a minute by powers of ten.
constexpr std::array<std::int64_t, 9> long_steps{60, 120, 300, 600, 900, 1800, 3600, 7200, 21600};
constexpr std::int64_t second = 1'000'000'000;

std::int64_t step_for(std::int64_t least, axis along) {
    for (std::int64_t ten = 1; ten < second * 100; ten *= 10)
        for (const std::int64_t step : {ten, 2 * ten, 5 * ten})
            if (step >= least && (along == axis::rounds || step <= 30 * second)) return step;
    if (along == axis::time && least <= 30 * second) return 30 * second;
    for (const auto step : long_steps)
        if (along == axis::time && step * second >= least) return step * second;
    const double tens = std::ceil(std::log10(static_cast<double>(least)));
    return tens >= 18 ? least : static_cast<std::int64_t>(std::pow(10.0, tens));
}

class chart {
public:
    chart(const history& h, axis along, const timeline_options& options, const scenario* names)
        : h_{h}, along_{along}, options_{options}, shown_{std::min(h.tasks.size(), options.most_tasks)} {
        for (std::size_t i = 0; i < shown_; ++i) labels_.push_back(label(i, names));
        for (const auto& l : labels_) label_width_ = std::max(label_width_, l.size());
        const auto width = std::max<std::size_t>(options.width, 40);
        label_width_ = std::min(label_width_, width / 3);
        columns_ = width - label_width_ - 2;
    }

    std::string text() {
        std::string out = axis_text();
        for (std::size_t i = 0; i < shown_; ++i) out += row(i);
        if (shown_ < h_.tasks.size()) out += "... and " + std::to_string(h_.tasks.size() - shown_) + " more tasks\n";
        return out + legend();
    }

private:
    // A child is indented below its spawner.
    std::string label(std::size_t index, const scenario* names) const {
        const auto& t = h_.tasks[index];
        std::size_t depth = 0;
        for (auto by = t.by; by != 0 && by <= index && depth < 6; by = h_.tasks[by - 1].by) ++depth;
        const auto routine = static_cast<std::size_t>(t.routine);
        const bool has_name = names != nullptr && t.routine >= 0 && routine < names->routines.size() &&
                              !names->routines[routine].name.empty();
        auto number = std::to_string(index + 1);
        number.insert(0, std::to_string(shown_).size() - number.size(), ' ');
        return number + " " + std::string(2 * depth, ' ') +
               (has_name        ? printable(names->routines[routine].name)
                : index == 0    ? "main"
                : t.routine < 0 ? "task"
                                : "routine " + std::to_string(t.routine));
    }

    // One column a character, whatever the name holds.
    static std::string printable(std::string_view name) {
        std::string safe;
        for (const char c : name.substr(0, 40)) safe += c >= ' ' && c <= '~' ? c : '?';
        return safe;
    }

    [[nodiscard]] std::size_t column(std::int64_t position) const {
        if (h_.end == 0) return 0;
        const auto part = static_cast<double>(position) / static_cast<double>(h_.end);
        return std::min(static_cast<std::size_t>(part * static_cast<double>(columns_ - 1)), columns_ - 1);
    }

    std::string axis_text() const {
        constexpr std::int64_t between = 9;  // columns, at least: room for a label
        const auto least =
            std::max<std::int64_t>(along_ == axis::time ? 1 : round_length,
                                   h_.end / std::max<std::int64_t>(1, static_cast<std::int64_t>(columns_) / between));
        const auto step = step_for(least, along_);
        std::string labels(columns_, ' ');
        std::size_t free = 0;
        const auto end = along_ == axis::time ? h_.end : h_.end - round_length;  // a round is labelled where it begins
        for (std::int64_t at = 0; at <= end; at += step) {
            const auto where = column(at);
            const auto text = along_ == axis::time ? duration_text(at) : std::to_string(at / round_length + 1);
            // The last label is flush right rather than lost.
            const auto start = where + text.size() > columns_ ? columns_ - std::min(text.size(), columns_) : where;
            if (start >= free) {
                labels.replace(start, text.size(), text);
                free = start + text.size() + 1;
            }
            if (at > end - step) break;
        }
        labels.erase(labels.find_last_not_of(' ') + 1);
        const std::string_view what = along_ == axis::time ? "" : "round";
        return std::string{what} + std::string(label_width_ + 2 - what.size(), ' ') + labels + "\n";
    }

    std::string row(std::size_t index) {
        std::vector<const sign*> cells(columns_, nullptr);
        const auto& t = h_.tasks[index];
        // What lasts shorter than a column is drawn over the rest of it, and a step is always seen.
        for (const auto what :
             {activity::queued, activity::waiting, activity::io, activity::sleeping, activity::running})
            for (const auto& s : t.spans) {
                if (s.what != what) continue;
                const auto& drawn = activity_signs[static_cast<std::size_t>(what)];
                if (s.to == s.from && what != activity::running) continue;
                const auto first = column(s.from);
                const auto after = std::max(column(s.to), first + 1);
                for (auto c = first; c < after; ++c) cells[c] = &drawn;
                used_.insert(&drawn);
            }
        if (t.end != ending::none) {
            const auto& drawn = ending_signs[static_cast<std::size_t>(t.end)];
            cells[column(t.ended_at)] = &drawn;
            used_.insert(&drawn);
        }
        auto name = labels_[index].substr(0, label_width_);
        name.append(label_width_ - name.size() + 2, ' ');
        while (!cells.empty() && cells.back() == nullptr) cells.pop_back();
        return name + painted(cells) + "\n";
    }

    std::string painted(const std::vector<const sign*>& cells) const {
        std::string out;
        const sign* last = nullptr;
        for (const auto* cell : cells) {
            if (options_.color && cell != last)
                out += cell == nullptr ? "\x1b[0m" : "\x1b[0;" + std::string{cell->color} + "m";
            out += cell == nullptr ? " " : options_.ascii ? cell->ascii : cell->utf8;
            last = cell;
        }
        return options_.color && last != nullptr ? out + "\x1b[0m" : out;
    }

    // Only what is in the chart.
    std::string legend() const {
        std::string out;
        std::size_t used = 0;
        const auto width = std::max<std::size_t>(options_.width, 40);
        const auto listed = [&](const auto& s) {
            if (!used_.contains(&s)) return;
            const auto size = s.meaning.size() + 2;
            out += used == 0 ? "" : used + 3 + size > width ? "\n" : "   ";
            used = used == 0 || used + 3 + size > width ? size : used + 3 + size;
            out += painted({&s}) + " " + std::string{s.meaning};
        };
        std::for_each(activity_signs.rbegin(), activity_signs.rend(), listed);
        std::ranges::for_each(ending_signs, listed);
        return out.empty() ? out : out + "\n";
    }

    const history& h_;
    axis along_;
    timeline_options options_;
    std::size_t shown_;
    std::vector<std::string> labels_{};
    std::size_t label_width_{5};  // at least that of `round`
    std::size_t columns_{0};
    std::set<const sign*> used_{};
};

std::string main_outcome_of(const event& e) {
    return e.kind == event_kind::destroyed ? "destroyed" : e.texts[0] + (e.texts[1].empty() ? "" : " " + e.texts[1]);
}

}  // namespace

std::vector<int> routines_of_tasks(const trace& t) {
    std::vector<int> routines;
    for (const auto& task : history_of(t, axis::time).tasks) routines.push_back(task.routine);
    return routines;
}

trace_summary summarize(const trace& t) {
    trace_summary s;
    for (const auto& e : t.events) {
        switch (e.kind) {
            case event_kind::spawn: ++s.tasks; break;
            case event_kind::step: ++s.steps; break;
            case event_kind::round: ++s.rounds; break;
            case event_kind::unobserved: s.unobserved.push_back(e.numbers[0]); break;
            case event_kind::exit: s.verdict = e.texts[0]; break;
            case event_kind::end:
            case event_kind::destroyed:
                if (e.numbers[0] == 1) s.main_outcome = main_outcome_of(e);
                break;
            default: break;
        }
    }
    const auto h = history_of(t, axis::time);
    s.end = h.end;
    s.waits = h.waits;
    return s;
}

std::string timeline(const trace& t, const timeline_options& options, const scenario* names) {
    auto along = axis::time;
    auto h = history_of(t, along);
    const auto end = h.end;
    const auto waits = h.waits;
    if (end == 0) h = history_of(t, along = axis::rounds);
    auto out = chart{h, along, options, names}.text();
    if (end == 0) return out + "\nNo time passed; the chart is by " + (t.has_level_l ? "round" : "step") + ".\n";
    out += "\nIt took " + duration_text(end) + ".";
    if (waits > end) out += " One after the other, the waits alone would take " + duration_text(waits) + ".";
    return out + "\n";
}

}  // namespace galley::spec
