// SPDX-License-Identifier: BSL-1.0
// galley picture: given traces, from any loop, as a page.
#include "spec/stage/picture/picture.hpp"

#include <fmt/core.h>

#include <optional>

#include "spec/stage/command/commands.hpp"
#include "spec/stage/trace/compare.hpp"

namespace galley::command {

int picture(const picture_options& options) {
    std::vector<spec::trace> traces;
    for (const auto& file : options.traces) traces.push_back(read_trace(file));
    std::vector<spec::picture_side> sides;
    for (std::size_t i = 0; i < traces.size(); ++i) sides.push_back({shown_name(options.traces[i]), &traces[i]});
    std::optional<spec::scenario> program;
    if (!options.scenario_file.empty()) program = read_scenario(options.scenario_file);
    const auto rules = rule_texts();
    write_file(spec::picture({.title = program ? program->name : sides.front().name,
                              .sides = sides,
                              .program = program ? &*program : nullptr,
                              .rules = rules}),
               options.html_file);
    if (traces.size() == 2 && options.html_file != "-") {
        const auto difference = spec::difference_text(traces[0], traces[1], sides[0].name, sides[1].name);
        fmt::print("{}", difference.empty() ? "the traces are equal\n" : difference);
    }
    return ok;
}

}  // namespace galley::command
