// SPDX-License-Identifier: BSL-1.0
// What the README shows is the example, and what that prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

int first_example();  // the main program of examples/legal_orders.cpp

namespace galley::test {
namespace {

std::string contents(const std::string& path) {
    std::ifstream file{GALLEY_SOURCE_DIR "/" + path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(the_readme, shows_the_example) {
    std::string source = contents("examples/legal_orders.cpp");
    source.erase(0, source.find("#include"));
    ASSERT_NE(source, "");
    EXPECT_THAT(contents("include/galley/testing/README.md"), ::testing::HasSubstr("```cpp\n" + source + "```\n"));
}

TEST(the_readme, shows_what_the_example_prints) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(first_example(), 0);
    std::istringstream printed{::testing::internal::GetCapturedStdout()};
    std::string indented;
    for (std::string line; std::getline(printed, line);) indented += "    " + line + '\n';
    EXPECT_THAT(contents("include/galley/testing/README.md"), ::testing::HasSubstr(indented));
}

}  // namespace
}  // namespace galley::test
