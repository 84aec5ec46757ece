// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/adapter.hpp"

#include <iostream>
#include <memory>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include "spec/conformance/kit/vector.hpp"
#include "spec/stage/form/json.hpp"
#include "spec/stage/run/run.hpp"

namespace galley::conformance {
namespace {

json hello(const std::string& on) {
    const auto& schema = message_schema("hello_answer");
    return {{"re", "hello"},
            {"protocol", 1},
            {"name", "galley-" + on},
            {"version", "0.1"},
            {"language", "C++"},
            {"loop", "galley::" + on + "::loop"},
            {"features", schema["properties"]["features"]["items"]["enum"]},
            {"levels", "PL"},
            {"parameters", {{"R", "any"}, {"B", "any"}, {"b", "any"}}},
            {"relaxations", json::array()}};
}

json run(const json& request, const std::string& on) {
    json answer{{"re", "run"}, {"id", request["id"]}};
    try {
        const auto s = spec::parse_json(request["scenario"].dump());
        const auto make = [&](driver& d, const loop_options& o) -> std::unique_ptr<loop> {
            if (on == "fast") return std::make_unique<fast::loop>(d, o);
            return std::make_unique<ref::loop>(d, o);
        };
        answer["trace"] = trace_to_json(spec::run_scenario(s, make));
        answer["outcome"] = "ran";
    } catch (const std::exception& e) {
        answer["outcome"] = "errored";
        answer["reason"] = e.what();
    }
    return answer;
}

}  // namespace

bool serve(std::istream& in, std::ostream& out, const std::string& on) {
    for (std::string line; std::getline(in, line);) {
        const auto request = json::parse(line, nullptr, false);
        const auto what = request.is_object() && request.contains("do") ? request["do"] : json{};
        if (what == "stop") return true;
        const auto known = what == "hello" || what == "run";
        const auto wrong = known ? complaint(message_schema(what.get<std::string>() + "_request"), request)
                                 : "do: expected hello, run or stop";
        if (!wrong.empty()) {
            std::cerr << "galley adapter: " << wrong << '\n';
            return false;
        }
        out << (what == "hello" ? hello(on) : run(request, on)).dump() << std::endl;
    }
    return true;
}

}  // namespace galley::conformance
