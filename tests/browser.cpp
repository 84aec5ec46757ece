// SPDX-License-Identifier: BSL-1.0
#include "browser.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace galley {
namespace {

// Starting a browser takes longer than testing a page, so one page opens the others, one after the other. A text is
// written as one line of JSON, in hexadecimal: the browser prints the document as HTML, which would have to be undone.
constexpr std::string_view opener = R"(<!doctype html><pre id="verdicts"></pre><script>
const hex = text => [...new TextEncoder().encode(text)].map(byte => byte.toString(16).padStart(2, "0")).join("");
const next = () => {
    const page = pages.shift();
    if (!page) return;
    const frame = document.createElement("iframe");
    frame.width = 1200;
    frame.height = 900;
    frame.onload = () => {
        const told = frame.contentDocument.getElementById("selftest")?.textContent ?? "no verdict";
        document.getElementById("verdicts").append(`${hex(page)} ${hex(told)}\n`);
        frame.remove();
        next();
    };
    frame.src = page + "#selftest";
    document.body.append(frame);
};
next();
</script>)";

std::string from_hex(std::string_view hex) {
    std::string text;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        text += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
    return text;
}

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream{file, std::ios::binary}.rdbuf();
    return text.str();
}

}  // namespace

std::string find_browser() {
    for (const auto* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"})
        if (std::filesystem::exists(path)) return path;
    return {};
}

std::map<std::string, std::string> self_test(const std::string& browser, std::span<const std::filesystem::path> pages,
                                             const std::filesystem::path& folder) {
    std::string list;
    for (const auto& page : pages) list += (list.empty() ? "\"" : ",\"") + page.filename().string() + '"';
    std::ofstream{folder / "opener.html"} << "<script>const pages=[" << list << "];</script>" << opener;
    const auto printed = folder / "printed.html";
    // Virtual time makes the browser wait for what it has begun. Root must do without its sandbox; the pages are ours.
    const auto line = "timeout 550 " + browser +
                      " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --allow-file-access-from-files"
                      " --virtual-time-budget=100000000 --user-data-dir=" +
                      (folder / "profile").string() + " --dump-dom file://" + (folder / "opener.html").string() + " >" +
                      printed.string() + " 2>" + (folder / "browser.log").string();
    if (std::system(line.c_str()) != 0)  // NOLINT: the line is ours
        throw std::runtime_error{"the browser failed: " + line + "\n" + text_of(folder / "browser.log")};
    std::map<std::string, std::string> verdicts;
    auto text = text_of(printed);
    text.erase(0, text.find("<pre id=\"verdicts\">") + 19);
    std::istringstream lines{text.substr(0, text.find('<'))};
    for (const auto& page : pages) verdicts[page.filename().string()] = "no verdict";
    for (std::string page, told; lines >> page >> told;) verdicts[from_hex(page)] = from_hex(told);
    return verdicts;
}

}  // namespace galley
