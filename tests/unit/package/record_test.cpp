#include "package/record.hpp"

#include <gtest/gtest.h>

#include "package/conf_xml.hpp"
#include "test_data.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::package {
namespace {

using xmlrpc::Array;
using xmlrpc::Struct;

const Struct k_no_command = {{"name", ""}, {"command", ""}};

Package package_of(const std::string& name) {
  return parse_conf_xml(test_data(name)).value();
}

/// getPackageDetail("test") as recorded, files in the order of contract 04.
TEST(Record, IsTheRecordedAnswer) {
  const std::vector<FileEntry> files = {
      {"install.bat", "/test", "7885517b39317add6a1d362968b01774"},
      {"MD5SUMS", "/test", "5d3ff03e396aa072f5cae2b2ddcd88b9"}};
  const Struct expected = {{"postCommandSuccess", k_no_command},
                           {"files", Array{Struct{{"path", "/test"},
                                                  {"name", "install.bat"},
                                                  {"id", "7885517b39317add6a1d362968b01774"}},
                                           Struct{{"path", "/test"},
                                                  {"name", "MD5SUMS"},
                                                  {"id", "5d3ff03e396aa072f5cae2b2ddcd88b9"}}}},
                           {"installInit", k_no_command},
                           {"description", "Ceci est le package de test"},
                           {"boolcnd", ""},
                           {"Qsoftware", ""},
                           {"preCommand", k_no_command},
                           {"basepath", "/var/lib/packages/test"},
                           {"Qversion", ""},
                           {"Qvendor", ""},
                           {"reboot", "1"},
                           {"label", "TestPackage"},
                           {"associateinventory", 0},
                           {"version", "2.0.0.9"},
                           {"command", Struct{{"command", "./install.bat"}, {"name", "commande"}}},
                           {"licenses", ""},
                           {"postCommandFailure", k_no_command},
                           {"id", "test"},
                           {"size", 66}};
  EXPECT_EQ(to_record(package_of("test.xml"), files, 66, "/var/lib/packages/test"), expected);
}

TEST(Record, WrittenTextsAreStringsAndAbsentOnesInts) {
  const Struct absent = to_record(package_of("latin1.xml"), {}, 0, "/p");
  EXPECT_EQ(*absent.find("reboot"), xmlrpc::Value(0));
  EXPECT_EQ(*absent.find("associateinventory"), xmlrpc::Value(0));
  const Struct written = to_record(package_of("inv.xml"), {}, 0, "/p");
  EXPECT_EQ(*written.find("reboot"), xmlrpc::Value("1"));
  EXPECT_EQ(*written.find("associateinventory"), xmlrpc::Value("1"));
}

TEST(Record, ExtensionsAreAnsweredOnlyWhenSet) {
  Package package = package_of("inv.xml");
  const Struct plain = to_record(package, {}, 0, "/p");
  EXPECT_FALSE(plain.contains("sub_packages"));
  EXPECT_FALSE(plain.contains("entity_id"));
  package.sub_packages = {{"other", "c"}};
  package.entity_id = "3";
  const Struct extended = to_record(package, {}, 0, "/p");
  EXPECT_EQ(*extended.find("sub_packages"),
            xmlrpc::Value(Array{Struct{{"pid", "other"}, {"condition", "c"}}}));
  EXPECT_EQ(*extended.find("entity_id"), xmlrpc::Value("3"));
}

TEST(Record, TheFragmentIsTheEncodedRecord) {
  const Package package = package_of("cdata.xml");
  const std::string fragment = render_record(package, {}, 5'000'000'000, "/p");
  const std::string answer = xmlrpc::encode_response(to_record(package, {}, 5'000'000'000, "/p"));
  EXPECT_EQ(
      std::string(xmlrpc::k_response_prefix) + fragment + std::string(xmlrpc::k_response_suffix),
      answer);
  EXPECT_NE(fragment.find("<double>5000000000"), std::string::npos);
}

}  // namespace
}  // namespace pulse2::package
