// SPDX-License-Identifier: BSL-1.0
#include "sites.hpp"

#include "explore.hpp"

#include <fmt/core.h>

#include <map>
#include <tuple>
#include <utility>

namespace galley::interleave {

namespace {

struct key {  // pointers to literals: cheap to compare, and one site may have several
    const char* file;
    unsigned line;
    unsigned column;
    const char* operation;
    auto operator<=>(const key&) const = default;
};

std::map<key, site> all_sites;
bool noting = false;

struct change {
    site where;
    std::memory_order to;
};
std::optional<change> weakening;

}  // namespace

std::string_view file_name(const std::source_location& at) noexcept {
    const std::string_view path = at.file_name();
    return path.substr(path.rfind('/') + 1);
}

std::memory_order pass_site(const std::source_location& at, const char* operation, std::memory_order o) {
    if (noting) {
        all_sites.try_emplace({at.file_name(), at.line(), at.column(), operation},
                              site{std::string{file_name(at)}, at.line(), at.column(), operation, o});
    }
    const bool is_it = weakening && weakening->where.line == at.line() && weakening->where.column == at.column() &&
                       weakening->where.operation == operation && weakening->where.file == file_name(at);
    return is_it ? weakening->to : o;
}

std::set<site> sites_of(const std::vector<program>& programs) {
    all_sites.clear();
    noting = true;
    for (const program& p : programs) {
        (void)explore(p, {.executions = 200});
    }
    noting = false;
    std::set<site> found;
    for (const auto& [k, s] : all_sites) {
        found.insert(s);
    }
    return found;
}

weakened::weakened(site where, std::memory_order to) { weakening = {std::move(where), to}; }
weakened::~weakened() { weakening.reset(); }

std::vector<std::memory_order> weaker(const site& s) {
    using enum std::memory_order;
    const bool loads = s.operation == "load" || s.operation == "compare_exchange failure";
    const bool stores = s.operation == "store";
    switch (s.order) {
        case seq_cst: return {loads ? acquire : stores ? release : acq_rel};
        case acq_rel: return {acquire, release};
        case acquire:
        case release: return {relaxed};
        default: return {};
    }
}

std::string_view to_text(std::memory_order o) noexcept {
    using enum std::memory_order;
    switch (o) {
        case relaxed: return "relaxed";
        case acquire: return "acquire";
        case release: return "release";
        case acq_rel: return "acq_rel";
        case seq_cst: return "seq_cst";
        default: return "consume";
    }
}

std::string to_text(const site& s) {
    return fmt::format("{}:{}:{} {} {}", s.file, s.line, s.column, s.operation, to_text(s.order));
}

}  // namespace galley::interleave
