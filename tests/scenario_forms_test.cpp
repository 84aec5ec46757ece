// SPDX-License-Identifier: BSL-1.0
// The forms of a scenario: JSON, bytes, text, schema; what is refused, and in which words.
// RapidCheck prints how to replay a failure.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "spec/stage/form/bytes.hpp"
#include "spec/stage/form/vocabulary.hpp"
#include "tests/arbitrary_scenario.hpp"

using namespace galley::spec;

namespace {

std::string read_text(const std::filesystem::path& path) {
    std::ifstream in{path};
    if (!in) throw std::runtime_error{"cannot read " + path.string()};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::filesystem::path scenario_folder() { return std::filesystem::path{GALLEY_SOURCE_DIR} / "spec" / "scenario"; }

/// The message with which the text is refused, or "accepted".
std::string refusal(const std::string& text, std::string_view file = "") {
    try {
        static_cast<void>(parse_json(text, file));
        return "accepted";
    } catch (const scenario_error& error) {
        return error.what();
    }
}

std::string with_main(const std::string& statements, const std::string& more = "") {
    return R"({"galley_scenario":1,"routines":[{"body":[)" + statements + R"(]},{"body":[]}])" + more + "}";
}

std::string refused_statement(const std::string& statement) { return refusal(with_main(statement)); }

/// Every verb of the statement and world tables once, each operand at the given end of its range.
scenario with_every_verb(bool high) {
    scenario s;
    s.name = high ? "\"every\" verb\n\xc3\xbc" : "";
    for (const auto& row : objects) {
        declare(s, row, most_objects);
        if (row.initial && high) (s.*row.initial).back() = row.high;
    }
    if (high) {
        s.close = closing::orderly;
        for (const auto& row : settings) row.set(s, row.high);
    }
    s.routines.resize(most_routines);
    for (std::size_t v = 0; v < verb_count; ++v) {
        statement st{static_cast<verb>(v)};
        for (std::size_t i = 0; i < verbs[v].count; ++i) {
            const auto& row = verbs[v].slots[i];
            if (row.kind == operand_kind::routines) {
                st.routines.assign(static_cast<std::size_t>(high ? row.high : row.low), high ? most_routines - 1 : 1);
            } else {
                st.operands[i] = high ? row.high : row.low;
            }
        }
        s.routines[0].body.push_back(st);
    }
    for (std::size_t v = 0; v < world_verb_count; ++v) {
        world_entry e{high ? last_time : 0, static_cast<world_verb>(v)};
        for (std::size_t i = 0; i < world_verbs[v].count; ++i) {
            e.operands[i] = high ? world_verbs[v].slots[i].high : world_verbs[v].slots[i].low;
        }
        s.world.push_back(e);
    }
    return s;
}

}  // namespace

TEST(vocabulary, names_are_distinct_and_found) {
    for (std::size_t v = 0; v < verb_count; ++v) EXPECT_EQ(find_verb(verbs[v].name), static_cast<verb>(v));
    for (std::size_t v = 0; v < world_verb_count; ++v) {
        EXPECT_EQ(find_world_verb(world_verbs[v].name), static_cast<world_verb>(v));
    }
    EXPECT_FALSE(find_verb("Sleep").has_value());
}

TEST(vocabulary, operands_text_is_the_trace_arg) {
    EXPECT_EQ(operands_text({verb::yield, {}, {}}), "");
    EXPECT_EQ(operands_text({verb::sleep, {300'000'000'000, 0}, {}}), "300000000000");
    EXPECT_EQ(operands_text({verb::spawn, {2, 15}, {}}), "2,15");
    EXPECT_EQ(operands_text({verb::all, {}, {1, 2, 3}}), "1,2,3");
    EXPECT_EQ(operands_text({verb::all, {}, {}}), "");
}

TEST(json, both_ends_of_every_range_round_trip) {
    for (const bool high : {false, true}) {
        const auto s = with_every_verb(high);
        ASSERT_NO_THROW(validate(s));
        EXPECT_EQ(parse_json(to_json(s, true)), s);
        EXPECT_EQ(parse_json(to_json(s, false)), s);
    }
}

TEST(json, compact_is_one_line_and_large_integers_are_strings) {
    const auto text = to_json(with_every_verb(true), false);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_NE(text.find(R"({"do":"sleep","ns":"9223372036854775807"})"), std::string::npos);
    scenario s;
    s.routines = {
        {"", {{verb::sleep, {std::int64_t{1} << 53, 0}, {}}, {verb::sleep, {(std::int64_t{1} << 53) + 1, 0}, {}}}}};
    EXPECT_NE(to_json(s, false).find(R"("ns":9007199254740992},{"do":"sleep","ns":"9007199254740993")"),
              std::string::npos);
}

TEST(json, defaults_and_decimal_strings) {
    const auto s = parse_json(R"({"galley_scenario":"1","routines":[{"body":[{"do":"sleep","ns":"7"}]}]})");
    scenario expected;
    expected.routines = {{"", {{verb::sleep, {7, 0}, {}}}}};
    EXPECT_EQ(s, expected);
}

TEST(json, syntax_errors_give_line_and_column) {
    EXPECT_EQ(refusal("{\n  \"name\": }", "a.json").substr(0, 12), "a.json:2:11:")
        << refusal("{\n  \"name\": }", "a.json");
    EXPECT_EQ(refusal("").substr(0, 4), "1:1:") << refusal("");
    EXPECT_EQ(refusal("\n\n{\"a\":1e999}").substr(0, 2), "3:") << refusal("\n\n{\"a\":1e999}");
    EXPECT_NE(refusal("{} x"), "accepted");
    EXPECT_NE(refusal("{\"name\": \"\xff\"}").find("UTF-8"), std::string::npos);
    EXPECT_EQ(refusal("[1]", "a.json"), "a.json: expected an object, got a list");
}

TEST(json, refusals_are_precise) {
    using std::string;
    EXPECT_EQ(refusal("{}"), "missing field \"galley_scenario\"");
    EXPECT_EQ(refusal(R"({"galley_scenario":2})"), "galley_scenario: expected an integer from 1 to 1, got 2");
    EXPECT_EQ(refusal(R"({"galley_scenario":1})", "a.json"), "a.json: missing field \"routines\"");
    EXPECT_EQ(refusal(R"({"galley_scenario":1,"routines":[]})"), "routines: expected 1 to 32 routines, got 0");
    EXPECT_EQ(refusal(with_main("", R"(,"wrold":[])")), "unknown field \"wrold\" of a scenario");
    EXPECT_EQ(refusal(with_main("", R"(,"budget":0)")), "budget: expected an integer from 1 to 1000000, got 0");
    EXPECT_EQ(refusal(with_main("", R"(,"resolution":3)")), "resolution: expected a power of two, got 3");
    EXPECT_EQ(refusal(with_main("", R"(,"close":"gently")")),
              "close: expected \"destroy\" or \"orderly\", got \"gently\"");
    EXPECT_EQ(refusal(with_main("", R"(,"queues":[1,0])")), "queues[1]: expected an integer from 1 to 1000, got 0");
    EXPECT_EQ(refusal(with_main("", R"(,"name":")" + string(201, 'n') + '"')),
              "name: expected at most 200 bytes, got 201");
    EXPECT_EQ(refused_statement(R"({"ns":5})"), "routines[0].body[0]: missing field \"do\"");
    EXPECT_EQ(refused_statement(R"({"do":"slep","ns":5})"), "routines[0].body[0].do: unknown verb \"slep\"");
    EXPECT_EQ(refused_statement(R"({"do":"sleep"})"), "routines[0].body[0]: missing field \"ns\"");
    EXPECT_EQ(refused_statement(R"({"do":"sleep","ns":5,"ms":5})"),
              "routines[0].body[0]: unknown field \"ms\" of sleep");
    EXPECT_EQ(refused_statement(R"({"do":"sleep","ns":5,"ns":6})"),
              "routines[0].body[0]: expected each field once, got \"ns\" twice");
    EXPECT_EQ(refused_statement(R"({"do":"yield"},{"do":"join","handle":16})"),
              "routines[0].body[1].handle: expected an integer from 0 to 15, got 16");
    EXPECT_EQ(refused_statement(R"({"do":"spawn","routine":2,"handle":0})"),
              "routines[0].body[0].routine: expected a routine with a higher number than its own (1 to 1), got 2");
    EXPECT_EQ(refused_statement(R"({"do":"all","routines":[1,7]})"),
              "routines[0].body[0].routines[1]: expected a routine with a higher number than its own (1 to 1), got 7");
    EXPECT_EQ(refused_statement(R"({"do":"any","routines":[]})"),
              "routines[0].body[0].routines: expected 1 to 8 routines, got 0");
    EXPECT_EQ(refused_statement(R"({"do":"set","event":0})"),
              "routines[0].body[0].event: expected one of the 0 declared events, got 0");
    EXPECT_EQ(refusal(with_main("", R"(,"world":[{"at":5,"do":"wake"},{"at":4,"do":"wake"}])")),
              "world[1].at: expected entries sorted by time: at least 5, got 4");
    EXPECT_EQ(refusal(with_main("", R"(,"world":[{"at":5,"do":"rain"}])")),
              "world[0].do: unknown verb of the world \"rain\"");
}

TEST(json, integers_are_integers) {
    for (const std::string bad :
         {"1.0", "1e3", "true", "null", "\"\"", "\"-\"", "\"+1\"", "\"01\"", "\" 1\"", "\"1 \"", "\"-0\"", "-1",
          "9223372036854775808", "\"9223372036854775808\"", "99999999999999999999999", "[1]", "{}"}) {
        const auto message = refused_statement(R"({"do":"sleep","ns":)" + bad + '}');
        EXPECT_TRUE(
            message.starts_with("routines[0].body[0].ns: expected an integer from 0 to 9223372036854775807, got "))
            << bad << ": " << message;
    }
    EXPECT_EQ(refused_statement(R"({"do":"sleep","ns":9223372036854775807})"), "accepted");
}

TEST(json, hostile_text_is_refused) {
    EXPECT_EQ(refusal(std::string(1'000'000, '['), "deep.json"),
              "deep.json: [0][0][0][0][0][0][0]: expected a scenario, got text that nests too deep");
    std::string objects_only;
    for (int i = 0; i < 200'000; ++i) objects_only += "{\"a\":";
    EXPECT_EQ(refusal(objects_only), "a.a.a.a.a.a.a: expected a scenario, got text that nests too deep");
    EXPECT_NE(refusal("[" + std::string(1'000'000, ' ') + "]"), "accepted");
    std::string wide = "{";
    for (int i = 0; i < 100'000; ++i) wide += '"' + std::to_string(i) + "\":0,";
    EXPECT_EQ(refusal(wide), "unknown fields: no object has so many");
}

TEST(validate, refuses_what_no_text_can_say) {
    const auto refused = [](auto&& change) {
        auto s = with_every_verb(false);
        change(s);
        try {
            validate(s);
            return std::string{"accepted"};
        } catch (const scenario_error& error) {
            return std::string{error.what()};
        }
    };
    EXPECT_EQ(refused([](scenario&) {}), "accepted");
    EXPECT_EQ(refused([](scenario& s) { s.routines[1].name = "\xff"; }), "routines[1].name: expected UTF-8");
    EXPECT_EQ(refused([](scenario& s) { s.routines[0].body[0].operands[0] = 1; }),
              "routines[0].body[0]: expected an unused operand to be 0, got 1");
    EXPECT_EQ(refused([](scenario& s) { s.routines[0].body[0].routines = {1}; }),
              "routines[0].body[0]: expected a list of routines for all and any only");
    EXPECT_EQ(refused([](scenario& s) { s.routines[0].body[0].what = static_cast<verb>(verb_count); }),
              "routines[0].body[0].do: expected a verb, got number 48");
    EXPECT_EQ(refused([](scenario& s) { s.routines[2].body.resize(65); }),
              "routines[2].body: expected 0 to 64 statements, got 65");
    EXPECT_EQ(refused([](scenario& s) { s.routines[3].body = {{verb::call, {3, 0}, {}}}; }).substr(0, 61),
              "routines[3].body[0].routine: expected a routine with a higher");
    EXPECT_EQ(refused([](scenario& s) { s.world.resize(257); }), "world: expected 0 to 256 entries, got 257");
    EXPECT_EQ(refused([](scenario& s) { s.close = static_cast<closing>(2); }), "close: expected destroy or orderly");
}

TEST(validate, the_cost_limit_is_exact_and_cannot_overflow) {
    scenario s;
    s.routines.resize(4);
    s.routines[3].body.assign(47, {verb::yield, {}, {}});
    s.routines[2].body.assign(64, {verb::yield, {}, {}});
    s.routines[1].body.assign(39, {verb::call, {2, 0}, {}});
    auto& main = s.routines[0].body;
    main.assign(39, {verb::call, {1, 0}, {}});            // 39 * (1 + 39 * 65) = 98,904
    main.resize(39 + 16, {verb::spawn, {2, 0}, {}});      // 16 * 65 = 1,040 more
    main.push_back({verb::all, {}, {3}});                 // 48 more
    main.resize(39 + 16 + 1 + 8, {verb::yield, {}, {}});  // 8 more
    EXPECT_EQ(cost(s), most_cost);
    EXPECT_NO_THROW(validate(s));
    s.routines[3].body.push_back({verb::yield, {}, {}});
    EXPECT_EQ(cost(s), most_cost + 1);
    EXPECT_THROW(validate(s), scenario_error);

    scenario huge;  // unrolled, about 512^31 statements
    huge.routines.resize(most_routines);
    for (std::size_t r = 0; r + 1 < most_routines; ++r) {
        huge.routines[r].body.assign(64,
                                     {verb::all, {}, std::vector<std::uint8_t>(8, static_cast<std::uint8_t>(r + 1))});
    }
    EXPECT_THROW(validate(huge), scenario_error);
    EXPECT_EQ(cost(huge), most_cost + 1);
}

TEST(bytes, every_verb_round_trips_at_both_ends) {
    for (const bool high : {false, true}) {
        auto s = with_every_verb(high);
        s.name.clear();
        EXPECT_EQ(from_bytes(to_bytes(s)), s);
    }
}

TEST(bytes, nothing_is_the_empty_program) {
    scenario empty;
    empty.routines.resize(1);
    EXPECT_EQ(from_bytes({}), empty);
    EXPECT_TRUE(to_bytes(empty).empty());
}

TEST(bytes, cost_is_kept_within_the_limit) {
    const std::vector<std::uint8_t> bytes(100'000, static_cast<std::uint8_t>(verb::all));
    const auto s = from_bytes(bytes);
    EXPECT_NO_THROW(validate(s));
    std::vector<std::uint8_t> doubling;
    for (int r = 0; r < 32; ++r) {
        for (int i = 0; i < 2; ++i) doubling.insert(doubling.end(), {static_cast<std::uint8_t>(verb::call), 0});
        doubling.push_back(static_cast<std::uint8_t>(verb_count));
    }
    EXPECT_LE(cost(from_bytes(doubling)), most_cost_from_bytes);
    EXPECT_GT(cost(from_bytes(doubling)), most_cost_from_bytes / 3);
}

RC_GTEST_PROP(bytes_property, any_bytes_give_a_valid_scenario_that_round_trips,
              (const std::vector<std::uint8_t>& bytes)) {
    const auto s = from_bytes(bytes);
    validate(s);
    RC_ASSERT(from_bytes(to_bytes(s)) == s);
    RC_ASSERT(parse_json(to_json(s, true)) == s);
    RC_ASSERT(parse_json(to_json(s, false)) == s);
}

RC_GTEST_PROP(bytes_property, changing_a_number_changes_one_statement, (scenario s)) {
    RC_PRE(!s.routines[0].body.empty());
    auto longer = s;
    longer.routines[0].body.insert(longer.routines[0].body.begin(), statement{verb::sleep, {3, 0}, {}});
    RC_PRE(longer.routines[0].body.size() <= most_statements && cost(longer) <= most_cost_from_bytes);
    auto bytes = to_bytes(longer);
    const auto at = bytes.size() - to_bytes(s).size();  // two bytes longer: the statement's, after settings and objects
    RC_ASSERT(at == 2u);
    auto changed = longer;
    changed.routines[0].body[0].operands[0] = 4;
    std::size_t differing = 0;
    const auto changed_bytes = to_bytes(changed);
    for (std::size_t i = 0; i < bytes.size(); ++i) differing += bytes[i] != changed_bytes[i] ? 1 : 0;
    RC_ASSERT(differing == 1u);
    RC_ASSERT(from_bytes(changed_bytes) == changed);
}

TEST(print, durations_are_exact) {
    EXPECT_EQ(duration_text(0), "0");
    EXPECT_EQ(duration_text(3), "3ns");
    EXPECT_EQ(duration_text(1'500'000), "1.5ms");
    EXPECT_EQ(duration_text(1'050), "1.05us");
    EXPECT_EQ(duration_text(1'000'001), "1000.001us");
    EXPECT_EQ(duration_text(90'000'000'000), "90s");
    EXPECT_EQ(duration_text(300'000'000'000), "5m");
    EXPECT_EQ(duration_text(7'200'000'000'000), "2h");
    EXPECT_EQ(duration_text(-2'000), "-2us");
    EXPECT_EQ(duration_text(last_time), "forever");
    EXPECT_EQ(duration_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775.808us");
}

TEST(print, a_program_reads_like_one) {
    scenario s;
    s.name = "dinner";
    s.budget = 2;
    s.events = 1;
    s.queues = {3};
    s.routines = {{"cook", {{verb::all, {}, {1, 2}}, {verb::spawn, {1, 4}, {}}, {verb::close_queue, {0, 0}, {}}}},
                  {"simmer", {{verb::sleep, {300'000'000'000, 0}, {}}, {verb::wait, {0, 0}, {}}}},
                  {"", {{verb::put, {0, 7}, {}}, {verb::timeout, {1'500'000, 3}, {}}}},
                  {"", {}}};
    s.world = {{100, world_verb::stop, {}}, {2'000, world_verb::post, {0, 0}}};
    EXPECT_EQ(to_text(s), R"(scenario dinner
settings: budget 2
events: 1
queues: 1, capacity 3
routine 0 cook:
    all [1 simmer, 2]
    spawn routine 1 simmer, handle 4
    close_queue 0
routine 1 simmer:
    sleep 5m
    wait event 0
routine 2:
    put queue 0, 7
    timeout 1.5ms, routine 3
routine 3:
world:
    at 100ns: stop
    at 2us: post event 0
)");
}

TEST(examples, are_valid_and_canonical) {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator{scenario_folder() / "examples"}) {
        if (file.path().extension() != ".json") continue;
        ++count;
        const auto text = read_text(file.path());
        EXPECT_EQ(to_json(parse_json(text, file.path().filename().string()), true), text) << file.path();
    }
    EXPECT_GE(count, 11);
}

namespace {

using nlohmann::json;

/// A schema's integer: a range, or a decimal string besides.
void expect_integer(const json& schema, std::int64_t low, std::int64_t high, const std::string& where) {
    ASSERT_TRUE(schema.contains("anyOf")) << where;
    EXPECT_EQ(schema.at("anyOf").at(0).at("type"), "integer") << where;
    EXPECT_EQ(schema.at("anyOf").at(0).at("minimum"), low) << where;
    EXPECT_EQ(schema.at("anyOf").at(0).at("maximum"), high) << where;
    EXPECT_EQ(schema.at("anyOf").at(1).at("$ref"), "#/$defs/decimal") << where;
}

template <std::size_t N>
void expect_verbs(const json& schema, const std::array<verb_info, N>& table, bool world) {
    ASSERT_EQ(schema.at("oneOf").size(), N);
    for (std::size_t v = 0; v < N; ++v) {
        const auto& variant = schema.at("oneOf").at(v);
        const auto& fields = variant.at("properties");
        const std::string name{table[v].name};
        EXPECT_EQ(fields.at("do").at("const"), name);
        EXPECT_EQ(variant.at("additionalProperties"), false) << name;
        EXPECT_EQ(fields.size(), table[v].count + (world ? 2 : 1)) << name;
        EXPECT_EQ(variant.at("required").size(), fields.size()) << name;
        if (world) expect_integer(fields.at("at"), operands::at.low, operands::at.high, name + ".at");
        for (const auto& row : table[v].operands()) {
            const auto where = name + '.' + std::string{row.key};
            ASSERT_TRUE(fields.contains(row.key)) << where;
            const auto& field = fields.at(std::string{row.key});
            if (row.kind != operand_kind::routines) {
                expect_integer(field, row.low, row.high, where);
                continue;
            }
            EXPECT_EQ(field.at("minItems"), row.low) << where;
            EXPECT_EQ(field.at("maxItems"), row.high) << where;
            expect_integer(field.at("items"), operands::routine.low, operands::routine.high, where);
        }
    }
}

}  // namespace

TEST(schema, agrees_with_the_table) {
    const auto schema = json::parse(read_text(scenario_folder() / "scenario.schema.json"));
    expect_verbs(schema.at("$defs").at("statement"), verbs, false);
    expect_verbs(schema.at("$defs").at("entry"), world_verbs, true);
    const auto& fields = schema.at("properties");
    EXPECT_EQ(schema.at("additionalProperties"), false);
    const auto written = json::parse(to_json(with_every_verb(true), false));
    EXPECT_EQ(fields.size(), written.size());
    for (const auto& [key, value] : written.items()) EXPECT_TRUE(fields.contains(key)) << key;
    for (const auto& row : settings) {
        const std::string key{row.key};
        expect_integer(fields.at(key), row.low, row.high, key);
        EXPECT_EQ(fields.at(key).at("default"), row.usual) << key;
    }
    for (const auto& row : objects) {
        const std::string key{row.key};
        if (!row.initial) {
            expect_integer(fields.at(key), 0, most_objects, key);
            continue;
        }
        EXPECT_EQ(fields.at(key).at("maxItems"), most_objects) << key;
        expect_integer(fields.at(key).at("items"), row.low, row.high, key);
    }
    EXPECT_EQ(fields.at("name").at("maxLength"), longest_name);
    EXPECT_EQ(fields.at("routines").at("maxItems"), most_routines);
    EXPECT_EQ(fields.at("world").at("maxItems"), most_entries);
    EXPECT_EQ(schema.at("$defs").at("routine").at("properties").at("body").at("maxItems"), most_statements);
}
