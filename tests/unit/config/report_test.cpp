#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace pulse2::config {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view k_begin = "<!-- tables begin -->\n";
constexpr std::string_view k_end = "<!-- tables end -->";

/// A file of the repository.
std::string project_file(const std::string& name) {
  return std::string(PULSE2_TEST_DATA) + "/../../" + name;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(EffectiveText, ShowsEveryValueWithItsSource) {
  const Loaded loaded = load(
      "[main]\nport = 9990\n[mirror:01]\nmount_point = /m\nsrc = /p\n[loggers]\nkeys=root\n"
      "[logger_root]\nlevel=INFO\n",
      "f.ini");
  const std::string text = effective_text(loaded);
  EXPECT_THAT(text, HasSubstr("port = 9990"));
  EXPECT_THAT(text, HasSubstr("; f.ini:2\n"));
  EXPECT_THAT(text, HasSubstr("package_mirror_command_options = -ar --delete   ; default\n"));
  EXPECT_THAT(text, HasSubstr("[mirror:01]\nmount_point = /m"));
  EXPECT_THAT(text, HasSubstr("; f.ini:5\n"));
  EXPECT_THAT(text, HasSubstr("level = INFO"));
  EXPECT_THAT(text, HasSubstr("; [imaging_api] is not active\n"));
}

TEST(EffectiveText, NamesTheLineOfAValueThatAnotherSectionGives) {
  const Loaded loaded = load(
      "[main]\ntmp_input_dir = /in\n[package_api_put:01]\nmount_point = /p\nsrc = /s\n", "f.ini");
  EXPECT_THAT(effective_text(loaded),
              ContainsRegex("src = /s +; f.ini:5\ntmp_input_dir = /in +; f.ini:2"));
}

TEST(EffectiveText, HidesSecrets) {
  const Loaded loaded = load(
      "[main]\n[ssl]\nusername = u\npassword = geheim\n[mmc_agent]\npassword = {base64}Z2VoZWlt\n"
      "[mirror:1]\nmount_point = /m\nsrc = /p\nmirror = https://u:geheim@h/m\n",
      "f.ini");
  const std::string text = effective_text(loaded);
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(text, Not(HasSubstr("geheim")));
  EXPECT_THAT(text, HasSubstr("password = (hidden)"));
  EXPECT_THAT(text, HasSubstr("mirror = https://u:(hidden)@h/m"));
  EXPECT_THAT(effective_text(load("[main]\n", "f")), Not(HasSubstr("s3cr3t")));
}

TEST(EffectiveText, CanBeReadBackToTheSameValues) {
  const Loaded first = load("[main]\nport = 9990\nhost = ::1\n[http]\nmax_upload_body = 5G\n", "f");
  const Loaded second = load(effective_text(first), "g");
  EXPECT_TRUE(second.ok());
  EXPECT_THAT(second.warnings, IsEmpty());
  EXPECT_EQ(second.settings.main.host, "::1");
  EXPECT_EQ(second.settings.http.max_upload_body, 5 * k_gib);
  EXPECT_EQ(second.settings.base_url(), first.settings.base_url());
}

TEST(HideCredentials, LeavesOtherUrlsAlone) {
  EXPECT_EQ(hide_credentials("http://h:1/a@b http://u@h/"), "http://h:1/a@b http://u@h/");
  EXPECT_EQ(hide_credentials("a://u:p@q@h x b://v:w@i"), "a://u:(hidden)@h x b://v:(hidden)@i");
}

TEST(HideCredentials, FindsAPasswordWithASlash) {
  EXPECT_EQ(hide_credentials("http://u:p/q@h/a@b c"), "http://u:(hidden)@b c");
  EXPECT_EQ(hide_credentials("http://[2001:db8::1]:80/a@b"), "http://[2001:db8::1]:80/a@b");
  EXPECT_EQ(hide_credentials("http://h:/a"), "http://h:/a");
  EXPECT_EQ(hide_credentials("http://"), "http://");
}

/// With PULSE2_UPDATE_DOCS set, the page is written instead.
TEST(Documentation, HasTheTablesOfTheCode) {
  const std::string path = project_file("docs/configuration.md");
  std::string page = read(path);
  const std::size_t begin = page.find(k_begin);
  const std::size_t end = page.find(k_end);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << "no table marks";
  const std::size_t start = begin + k_begin.size();
  if (std::getenv("PULSE2_UPDATE_DOCS") != nullptr) {
    page.replace(start, end - start, documentation_tables());
    std::ofstream(path, std::ios::binary) << page;
    return;
  }
  EXPECT_EQ(page.substr(start, end - start), documentation_tables())
      << "run unit_config with PULSE2_UPDATE_DOCS=1 to write the page";
}

TEST(ShippedFile, LoadsWithoutAComplaint) {
  const Loaded loaded = load(read(project_file("conf/package-server.ini")), "package-server.ini");
  for (const auto& error : loaded.errors)
    ADD_FAILURE() << error.to_text();
  for (const auto& warning : loaded.warnings)
    ADD_FAILURE() << warning.to_text();
  EXPECT_EQ(loaded.settings.main.port, 9990);
}

/// The file shows defaults as comments: with their marks removed it must load just as well.
TEST(ShippedFile, ShowsOnlyOptionsThatExist) {
  std::istringstream lines(read(project_file("conf/package-server.ini")));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const bool is_shown = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    text += (is_shown ? line.substr(1) : line) + "\n";
  }
  const Loaded loaded = load(text, "package-server.ini");
  for (const auto& error : loaded.errors)
    ADD_FAILURE() << error.to_text();
  for (const auto& warning : loaded.warnings)
    ADD_FAILURE() << warning.to_text();
  EXPECT_TRUE(loaded.settings.imaging_api);
}

}  // namespace
}  // namespace pulse2::config
