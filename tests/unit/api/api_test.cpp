#include <gtest/gtest.h>

#include "api/failure.hpp"
#include "api/machine.hpp"
#include "api/mirror.hpp"
#include "api/mirror_api.hpp"
#include "api/package_api_get.hpp"
#include "api/package_api_put.hpp"
#include "api/scheduler_api.hpp"
#include "api/service_record.hpp"
#include "api/user_package_api.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

constexpr std::string_view k_fid = "00112233445566778899aabbccddeeff";

std::shared_ptr<catalog::Entry> entry(const std::string& id) {
  auto made = std::make_shared<catalog::Entry>();
  made->src = std::make_shared<const std::string>("/srv/p1");
  made->folder = id;
  made->id = id;
  made->label = "Label of " + id;
  made->version = "1.0";
  catalog::FileRecord file;
  file.name = "sub/it's a+b.exe";
  for (std::size_t i = 0; i < file.id.size(); ++i) {
    file.id[i] = static_cast<unsigned char>(i * 0x11);
  }
  made->files.push_back(file);
  std::string fragment;
  xmlrpc::encode_value(fragment, Struct{{"id", id}, {"label", made->label}});
  made->fragment = std::make_shared<const catalog::Fragment>(fragment);
  return made;
}

class FixedCatalog final : public CatalogReader {
 public:
  explicit FixedCatalog(std::vector<catalog::Snapshot::EntryPointer> packages)
      : m_snapshot(std::make_shared<const catalog::Snapshot>(
            1, std::vector<catalog::Snapshot::Tree>{{"/srv/p1", std::move(packages)}},
            std::vector<catalog::BrokenPackage>{})) {}
  [[nodiscard]] std::shared_ptr<const catalog::Snapshot> snapshot() const override {
    return m_snapshot;
  }
  [[nodiscard]] catalog::Progress progress() const override { return {}; }
  [[nodiscard]] std::vector<catalog::FrozenTree> frozen() const override { return {}; }

 private:
  std::shared_ptr<const catalog::Snapshot> m_snapshot;
};

PackageView view(std::vector<catalog::Snapshot::EntryPointer> packages) {
  return {std::make_shared<const FixedCatalog>(std::move(packages)),
          std::make_shared<const catalog::NoMirrors>(), "/srv/p1"};
}

base::Expected<Answer> call(const MethodTable& table, std::string_view name, const Array& params) {
  const auto* variants = table.find(name);
  if (variants == nullptr) return base::fail(base::ErrorKind::internal, "no method");
  const auto method = select(*variants, name, params.size());
  if (!method) return tl::unexpected(method.error());
  return (*method)->call(Arguments(params));
}

Value value_of(const base::Expected<Answer>& answer) {
  EXPECT_TRUE(answer.has_value());
  if (!answer) return {};
  const auto* value = std::get_if<Value>(&*answer);
  EXPECT_NE(value, nullptr);
  return value == nullptr ? Value() : *value;
}

Struct record(const char* mount) {
  return service_record({"http", "h", 9990, "", ""}, mount);
}

TEST(Failure, HasTheFormThatClientsLookFor) {
  const Value value =
      failure({base::ErrorKind::not_found, "no such package", "/secret"}, "getPackageLabel", {"x"});
  const Struct& members = *value.as_struct();
  EXPECT_EQ(members.find("faultCode")->as_string(), "not_found: no such package ");
  EXPECT_EQ(members.find("faultString")->as_string(), "getPackageLabel ('x',)");
  EXPECT_EQ(members.find("faultTraceback")->as_string(), "not_found: no such package");
}

TEST(Failure, IsBoundedHoweverMuchWasSent) {
  const Array params(10000, Value(std::string(5000, 'x')));
  EXPECT_LT(describe_params(params).size(), 1200U);
}

TEST(MethodTable, TellsVariantsApartByTheirNumberOfParameters) {
  MethodTable table = mirror_methods(view({entry("test")}), "http://h/mirror1_files");
  table.add(package_api_get_methods(view({entry("test")})));
  EXPECT_EQ(value_of(call(table, "isAvailable", {"nope"})), Value(false));
  EXPECT_EQ(value_of(call(table, "isAvailable", {"nope", "any"})), Value(true));
  const auto wrong = call(table, "isAvailable", {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, base::ErrorKind::invalid_argument);
}

TEST(ServiceRecord, CarriesThePortAsTextAndBracketsAroundIpv6) {
  const Struct made = service_record({"https", "::1", 9990, "u", "p"}, "/rpc");
  EXPECT_EQ(made, (Struct{{"protocol", "https"},
                          {"server", "[::1]"},
                          {"port", "9990"},
                          {"mountpoint", "/rpc"},
                          {"uuid", "UUID/rpc"}}));
  EXPECT_EQ(url_host(""), "localhost");
}

TEST(ServiceRecord, CarriesCredentialsOnlyWhenAskedForAndSet) {
  const ServiceAddress address{"http", "h", 1, "u", "p"};
  EXPECT_TRUE(service_record(address, "/a", Credentials::include).contains("password"));
  EXPECT_FALSE(service_record(address, "/a").contains("username"));
  EXPECT_FALSE(
      service_record({"http", "h", 1, "", ""}, "/a", Credentials::include).contains("username"));
}

TEST(Mirror, EncodesEveryUnsafeByteOfAUrl) {
  const MethodTable table = mirror_methods(view({entry("test")}), "http://h/mirror1_files");
  const std::string url = "http://h/mirror1_files/test/sub/it%27s%20a%2Bb.exe";
  EXPECT_EQ(value_of(call(table, "getFilePath", {k_fid})), Value(url));
  EXPECT_EQ(value_of(call(table, "getFilesURI", {Value(Array{k_fid, "nope", 7})})),
            Value(Array{url, "", ""}));
  EXPECT_FALSE(call(table, "getFilesURI", {"text"}));
}

TEST(Packages, PendingOnesAreNotListedAndSayWhy) {
  auto waiting = entry("waiting");
  waiting->waits_for_files = true;
  auto edited = entry("edited");
  edited->in_edition = true;
  const MethodTable table = package_api_get_methods(view({edited, entry("test"), waiting}));
  EXPECT_EQ(std::get<PackageListPointer>(*call(table, "getAllPackages", {}))->packages().size(),
            1U);
  const Value pending = value_of(call(table, "getAllPendingPackages", {false}));
  ASSERT_EQ(pending.as_array()->size(), 2U);
  EXPECT_EQ(pending.as_array()->front().as_struct()->find("why")->as_string(), "association");
  // A package in edition is not visible and yet available; one that waits is neither.
  EXPECT_TRUE(std::holds_alternative<OnePackage>(*call(table, "getPackageDetail", {"edited"})));
  EXPECT_EQ(value_of(call(table, "getPackageDetail", {"waiting"})), Value(Struct{}));
}

TEST(Packages, AnswersOfOddCallsAreThoseOfTheRecordings) {
  const MethodTable table = package_api_get_methods(view({entry("test")}));
  EXPECT_EQ(value_of(call(table, "getPackageDetail", {42})), Value(Struct{}));
  EXPECT_TRUE(std::get<PackageListPointer>(*call(table, "getPackagesDetail", {"test"}))
                  ->packages()
                  .empty());
  EXPECT_EQ(value_of(call(table, "getLocalPackagePath", {"test"})), Value("/srv/p1"));
  EXPECT_EQ(value_of(call(table, "getLocalPackagesPath", {Value(Array{"test", "nope"})})),
            Value(Array{"/srv/p1"}));
  EXPECT_EQ(value_of(call(table, "getPackageId", {"Label of test", "1.0"})), Value("test"));
  EXPECT_EQ(value_of(call(table, "getPackagesIds", {"Label of test"})),
            Value(Struct{{"1.0", "test"}}));
  EXPECT_EQ(call(table, "getPackageLabel", {"nope"}).error().kind, base::ErrorKind::not_found);
}

TEST(MirrorApi, GivesAMachineAStickyMirrorAndAnotherFallback) {
  const MethodTable table = mirror_api_methods({{record("/m1"), record("/m2")}, {}, {}});
  for (int i = 0; i < 50; ++i) {
    const Value machine = Struct{{"uuid", "UUID" + std::to_string(i)}};
    const Value mirror = value_of(call(table, "getMirror", {machine}));
    EXPECT_EQ(mirror, value_of(call(table, "getMirror", {machine})));
    EXPECT_NE(mirror, value_of(call(table, "getFallbackMirror", {machine})));
  }
}

TEST(MirrorApi, RefusesAMachineWithoutUuidButListsPackageApis) {
  const MethodTable table = mirror_api_methods({{record("/m1")}, {record("/p")}, {}});
  EXPECT_FALSE(call(table, "getMirror", {"string"}));
  EXPECT_FALSE(call(table, "getMirrors", {Value(Array{Struct{{"name", "x"}}})}));
  EXPECT_EQ(value_of(call(table, "getApiPackage", {"string"})), Value(Array{record("/p")}));
  EXPECT_EQ(call(mirror_api_methods({}), "getMirror", {Struct{{"uuid", "u"}}}).error().kind,
            base::ErrorKind::not_found);
}

TEST(MirrorApi, MultiSiteTakesTheServerOfTheMachine) {
  const MethodTable table =
      mirror_api_methods({{record("/m1")}, {record("/p")}, MirrorAssignment::multi_site});
  const Value machine = Struct{{"uuid", "u"}, {"server", "site2"}};
  Struct mirror = record("/m1");
  mirror["server"] = "site2";
  EXPECT_EQ(value_of(call(table, "getMirror", {machine})), Value(mirror));
  EXPECT_EQ(value_of(call(table, "getFallbackMirror", {machine})), Value(0));
}

TEST(UserPackageApi, AnswersTheSameListToEveryUserWithAUuid) {
  const MethodTable table = user_package_api_methods({record("/p")});
  EXPECT_EQ(value_of(call(table, "getUserPackageApi", {Struct{{"uuid", "u"}}})),
            Value(Array{record("/p")}));
  EXPECT_FALSE(call(table, "getUserPackageApi", {Struct{{"name", "root"}}}));
}

TEST(SchedulerApi, DescribesItselfInStrings) {
  const MethodTable table = scheduler_api_methods("/scheduler_api", {"s1", "s2"});
  EXPECT_EQ(value_of(call(table, "getServerDetails", {})),
            Value(Struct{{"mount_point", "/scheduler_api"}, {"schedulers", "s1 s2"}}));
}

TEST(PackageApiPut, ReadsWhatIsThere) {
  const MethodTable table =
      package_api_put_methods(view({entry("test")}), {"/nonexistent", {}}, nullptr);
  EXPECT_EQ(value_of(call(table, "getRsyncStatus", {"test"})), Value(Array{}));
  EXPECT_FALSE(call(table, "getRsyncStatus", {"nope"}));
  EXPECT_EQ(value_of(call(table, "getTemporaryFiles", {})), Value(Array{}));
  EXPECT_FALSE(call(table, "getTemporaryFilesSuggestedCommand", {"../x"}));
}

}  // namespace
}  // namespace pulse2::api
