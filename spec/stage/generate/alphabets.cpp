// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/generate/enumerate.hpp"

namespace galley::spec {

namespace {

letter plain(verb what, std::int64_t number = 0) { return {what, {number, 0}, 0}; }
letter second(verb what, std::int64_t number) { return {what, {0, number}, 0}; }
letter list(verb what, std::size_t length) { return {what, {}, length}; }

alphabet task_alphabet() {
    return {"tasks",
            {plain(verb::yield), plain(verb::spawn), plain(verb::join), plain(verb::drop), plain(verb::cancel),
             plain(verb::call), plain(verb::try_), list(verb::all, 2), list(verb::any, 2), plain(verb::fail, 1),
             plain(verb::return_, 1)},
            {},
            {.brief = 3, .whole = 4}};
}

alphabet cancel_alphabet() {
    return {"cancel",
            {plain(verb::yield), plain(verb::sleep, 1), plain(verb::spawn), plain(verb::join), plain(verb::cancel),
             plain(verb::scope), plain(verb::cancel_scope), plain(verb::shield), plain(verb::timeout, 1),
             plain(verb::group), plain(verb::go), plain(verb::cancel_group), plain(verb::fail, 1)},
            {},
            {.brief = 3, .whole = 4}};
}

alphabet sync_alphabet() {
    scenario base;
    base.events = 1;
    base.semaphores = {1};
    base.mutexes = 1;
    base.queues = {1};
    return {"sync",
            {plain(verb::yield), plain(verb::spawn), plain(verb::cancel), plain(verb::set), plain(verb::reset),
             plain(verb::wait), plain(verb::acquire), plain(verb::release), plain(verb::lock), plain(verb::unlock),
             second(verb::put, 1), plain(verb::get), plain(verb::close_queue)},
            base,
            {.brief = 4, .whole = 5}};
}

alphabet time_alphabet() {
    scenario base;
    base.resolution = 4;
    base.world = {{3, world_verb::jump, {2, 0}}, {6, world_verb::stop, {}}};
    base.runs = 2;
    return {"time",
            {plain(verb::yield), plain(verb::now), plain(verb::sleep, 0), plain(verb::sleep, 1), plain(verb::sleep, 5),
             plain(verb::sleep_until, 4), plain(verb::sleep, last_time), plain(verb::burn, 1), plain(verb::burn, 4),
             plain(verb::spawn), plain(verb::cancel), plain(verb::timeout, 3), list(verb::all, 2)},
            base,
            {.brief = 3, .whole = 4}};
}

alphabet io_alphabet() {
    scenario base;
    base.channels = {1};
    base.world = {{1, world_verb::data, {0, 2}},
                  {2, world_verb::room, {0, 1}},
                  {2, world_verb::peer, {0, 0}},
                  {4, world_verb::end, {0, 0}},
                  {6, world_verb::break_, {0, 104}}};
    return {"io",
            {plain(verb::sleep, 1), plain(verb::spawn), plain(verb::cancel), plain(verb::timeout, 1),
             second(verb::read, 1), second(verb::read, 3), second(verb::write, 2), plain(verb::accept),
             plain(verb::connect), plain(verb::readable), plain(verb::writable), plain(verb::close)},
            base,
            {.brief = 4, .whole = 5}};
}

alphabet list_alphabet() {
    return {"lists",
            {plain(verb::yield), list(verb::all, 1), list(verb::all, 3), list(verb::any, 1), list(verb::any, 3),
             plain(verb::fail, 1)},
            {},
            {.brief = 3, .whole = 4}};
}

alphabet life_alphabet() {
    scenario base;
    base.events = 1;
    base.runs = 2;
    base.world = {{1, world_verb::wake, {}}};
    return {"life",
            {plain(verb::yield), plain(verb::spawn), plain(verb::wait), plain(verb::post), plain(verb::hold_remote),
             plain(verb::drop_remote), plain(verb::keep_alive), plain(verb::drop_keep_alive), plain(verb::stop)},
            base,
            {.brief = 4, .whole = 6, .slots = 1}};
}

alphabet join_alphabet() {
    return {"joins",
            {plain(verb::yield), plain(verb::spawn), plain(verb::join), plain(verb::cancel), plain(verb::fail, 1)},
            {},
            {.brief = 5, .whole = 6, .slots = 2}};
}

alphabet reach_alphabet() {
    return {"reach",
            {plain(verb::yield), plain(verb::sleep, 1), plain(verb::spawn), plain(verb::cancel), plain(verb::shield)},
            {},
            {.brief = 5, .whole = 7, .slots = 1}};
}

alphabet scope_alphabet() {
    return {"scopes",
            {plain(verb::sleep, 1), plain(verb::spawn), plain(verb::scope), plain(verb::cancel_scope),
             plain(verb::timeout, 1)},
            {},
            {.brief = 4, .whole = 6, .slots = 1}};
}

alphabet timer_alphabet() {
    return {"timers",
            {plain(verb::sleep, 1), plain(verb::sleep, 64), plain(verb::burn, 63), plain(verb::spawn),
             plain(verb::cancel), plain(verb::timeout, 1)},
            {},
            {.brief = 5, .whole = 7, .slots = 1}};
}

alphabet group_alphabet() {
    return {"groups",
            {plain(verb::yield), plain(verb::group), plain(verb::go), plain(verb::cancel_group), plain(verb::fail, 1)},
            {},
            {.brief = 5, .whole = 7, .slots = 1}};
}

/// Trees whose shape is made by several tasks: one opens a group and a shield in it, and another then sends tasks there
/// and cancels it, so that a task comes after a shield, or an heir after both.
alphabet shape_alphabet() {
    return {"shapes",
            {plain(verb::yield), plain(verb::shield), plain(verb::group), plain(verb::go), plain(verb::cancel_group)},
            {},
            {.brief = 5, .whole = 6, .slots = 1}};
}

alphabet queue_alphabet() {
    scenario base;
    base.queues = {1};
    return {"queues",
            {plain(verb::spawn), plain(verb::cancel), second(verb::put, 1), plain(verb::get), plain(verb::close_queue)},
            base,
            {.brief = 5, .whole = 7, .slots = 2}};
}

/// How things end that are put together: outcomes that are answers, deadlines that are instants, handles that go.
alphabet composition_alphabet() {
    return {"composition",
            {plain(verb::sleep, 1), plain(verb::spawn), plain(verb::try_join), plain(verb::lose), plain(verb::try_),
             plain(verb::timeout_at, 1), list(verb::any, 2), plain(verb::fail, 1)},
            {},
            {.brief = 4, .whole = 5, .slots = 1}};
}

}  // namespace

alphabet core_alphabet() {
    scenario base;
    base.events = 1;
    return {"core",
            {plain(verb::yield), plain(verb::sleep, 0), plain(verb::sleep, 1), plain(verb::burn, 1), plain(verb::spawn),
             plain(verb::join), plain(verb::cancel), list(verb::all, 2), plain(verb::timeout, 1), plain(verb::set),
             plain(verb::wait), plain(verb::fail, 1), plain(verb::stop)},
            base,
            {.brief = 4, .whole = 5}};
}

std::vector<alphabet> all_alphabets() {
    return {core_alphabet(),  task_alphabet(),  cancel_alphabet(), sync_alphabet(),
            time_alphabet(),  io_alphabet(),    list_alphabet(),   life_alphabet(),
            join_alphabet(),  reach_alphabet(), scope_alphabet(),  timer_alphabet(),
            group_alphabet(), shape_alphabet(), queue_alphabet(),  composition_alphabet()};
}

}  // namespace galley::spec
