// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/line.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "spec/stage/form/validate.hpp"
#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {
namespace {

[[noreturn]] void refuse(std::string_view what, const std::string& line) {
    throw std::invalid_argument{std::string{what} + " in: " + line};
}

void set(scenario& s, const std::string& word, const std::string& line) {
    if (word == "orderly") {
        s.close = closing::orderly;
        return;
    }
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    const auto value = [&] { return std::stoll(word.substr(equals + 1)); };
    if (key == "capacity") {
        s.queues = {value()};
        return;
    }
    for (const auto& setting : settings)
        if (key == setting.key) return setting.set(s, value());
    refuse("no setting " + word, line);
}

statement statement_of(std::istringstream words, const std::string& line) {
    std::string name;
    words >> name;
    const auto what = find_verb(name);
    if (!what) refuse("no verb " + name, line);
    statement st{.what = *what};
    std::size_t n = 0;
    for (std::int64_t v{}; words >> v;) {
        if (has_list(*what))
            st.routines.push_back(static_cast<std::uint8_t>(v));
        else
            st.operands.at(n++) = v;
    }
    return st;
}

world_entry entry_of(std::istringstream words, const std::string& line) {
    world_entry entry{};
    std::string name;
    words >> entry.at >> name;
    const auto what = find_world_verb(name);
    if (!what) refuse("no verb of the world " + name, line);
    entry.what = *what;
    std::size_t n = 0;
    for (std::int64_t v{}; words >> v;) entry.operands.at(n++) = v;
    return entry;
}

}  // namespace

void declare_objects_of_lines(scenario& s) {
    s.events = 2;
    s.semaphores = {1};
    s.mutexes = 1;
    s.queues = {1};
    s.channels = {0};
}

scenario scenario_of_line(const std::string& line) {
    scenario s;
    declare_objects_of_lines(s);
    for (std::size_t from = 0; from < line.size();) {
        const auto to = std::min(line.find_first_of("|@", from + 1), line.size());
        std::string part = line.substr(from, to - from);
        from = to;
        if (part[0] == '@') {
            s.world.push_back(entry_of(std::istringstream{part.substr(1)}, line));
        } else if (part[0] == '|') {
            auto& body = s.routines.emplace_back().body;
            std::istringstream statements{part.substr(1)};
            for (std::string text; std::getline(statements, text, ';');)
                if (text.find_first_not_of(' ') != text.npos)
                    body.push_back(statement_of(std::istringstream{text}, line));
        } else {
            std::istringstream words{part};
            for (std::string word; words >> word;) set(s, word, line);
        }
    }
    validate(s);
    return s;
}

}  // namespace galley::spec
