#include "pxe_service/responder.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/clock.hpp"
#include "run_coroutine.hpp"

namespace pulse2::pxe_service {
namespace {

using base::ErrorKind;
using base::Expected;
using imaging::Address;
using imaging::Computer;
using imaging::Logged;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Operations that answer what a test wants and remember what the agent would learn.
class Played final : public imaging::Operations {
 public:
  explicit Played(boost::asio::io_context& io) : m_io(io) {}

  boost::asio::any_io_executor executor() override { return m_io.get_executor(); }
  Awaitable<Expected<Computer>> find_computer(Address address) override {
    if (failure) co_return base::fail(*failure, "as the test wants");
    Computer computer;
    computer.uuid = "UUID1";
    computer.mac = address.mac;
    computer.shortname = "pc1";
    co_return computer;
  }
  bool is_cached(const base::Mac& /*mac*/) override { return cached; }
  Awaitable<Expected<Logged>> log_action(Address address, int level, std::string phase,
                                         std::string message) override {
    co_return co_await post_action(std::move(address), level, std::move(phase), std::move(message));
  }
  Awaitable<Expected<Logged>> post_action(Address /*address*/, int level, std::string /*phase*/,
                                          std::string message) override {
    if (disk_full) co_return base::fail(ErrorKind::no_space, "as the test wants");
    notes.push_back(std::to_string(level) + " " + message);
    co_return Logged::queued;
  }
  Awaitable<Expected<bool>> register_computer(std::string name, std::string /*address*/,
                                              bool /*wait*/) override {
    if (failure) co_return base::fail(*failure, "as the test wants");
    registered.push_back(std::move(name));
    co_return false;
  }
  imaging::PxeParameters pxe_parameters() const override { return {}; }
  Awaitable<Expected<bool>> inject_inventory(Address /*address*/,
                                             xmlrpc::Struct /*inventory*/) override {
    if (agent_away) co_return base::fail(ErrorKind::unavailable, "as the test wants");
    co_return true;
  }
  Awaitable<Expected<std::string>> create_image_folder(Address /*address*/) override {
    co_return "an image";
  }
  Awaitable<Expected<imaging::ImageState>> image_done(Address /*address*/,
                                                      std::string image) override {
    if (image == "bad") co_return base::fail(ErrorKind::invalid_argument, "no UUID");
    if (disk_full) co_return base::fail(ErrorKind::io, "as the test wants");
    co_return imaging::ImageState::invalid;
  }
  Awaitable<Expected<int>> default_menu_item(Address /*address*/) override {
    if (agent_away) co_return base::fail(ErrorKind::unavailable, "as the test wants");
    co_return 4;
  }
  Awaitable<Expected<bool>> change_default_menu_item(Address /*address*/, int item) override {
    changed.push_back(item);
    co_return true;
  }

  std::optional<ErrorKind> failure;
  bool cached = true;
  bool disk_full = false;
  bool agent_away = false;
  std::vector<std::string> notes;
  std::vector<std::string> registered;
  std::vector<int> changed;

 private:
  boost::asio::io_context& m_io;
};

class ResponderTest : public ::testing::Test {
 protected:
  Answer ask(const std::string& packet, const std::string& client = "192.0.2.1") {
    auto call = pxe::parse_packet(packet + "Mc:00:11:22:33:44:55");
    EXPECT_TRUE(call) << packet;
    Origin origin{client, client};
    const auto answer =
        test::run_coroutine(m_io, m_responder.answer(*std::move(call), std::move(origin)));
    m_io.poll();
    return answer;
  }

  boost::asio::io_context m_io;
  Played m_operations{m_io};
  os::ManualClock m_clock;
  std::vector<Parcel> m_parcels;
  Responder m_responder{
      m_operations, m_clock, {true, std::chrono::milliseconds(0)}, [this](Parcel parcel) {
        m_parcels.push_back(std::move(parcel));
      }};
};

TEST_F(ResponderTest, StepsAreAcknowledgedWhenTheyAreKept) {
  EXPECT_EQ(ask("L7"), "ACK");
  EXPECT_EQ(ask("L0"), std::nullopt);
  EXPECT_THAT(m_operations.notes, ElementsAre("8 'postinstall finished'", "1 'booted'"));
  m_operations.disk_full = true;
  EXPECT_EQ(ask("L7"), "ERROR");
  m_operations.cached = false;
  EXPECT_EQ(ask("L7"), "ACK") << "nobody waits for the agent";
}

TEST_F(ResponderTest, UnknownAndNotKnownYetAreToldApart) {
  m_operations.failure = ErrorKind::not_found;
  EXPECT_EQ(ask("\x1B"), std::nullopt);
  EXPECT_EQ(ask("\xED"
                "bad"),
            std::nullopt);
  EXPECT_EQ(ask("\xCD\x01"), "ACK");
  EXPECT_THAT(m_operations.notes, IsEmpty());
  m_operations.failure = ErrorKind::unavailable;
  EXPECT_EQ(ask("\x1B"), std::nullopt);
  EXPECT_EQ(ask("\x1A"), std::nullopt);
  EXPECT_EQ(ask("\xEC"), std::nullopt);
  EXPECT_EQ(ask("\xAA"), std::nullopt);
  EXPECT_THAT(m_operations.notes,
              ElementsAre("4 failed to recover a computer UUID", "4 failed to obtain a hostname",
                          "4 failed to summon an image UUID", "4 hardware inventory not stored"));
}

TEST_F(ResponderTest, ImageEnds) {
  EXPECT_EQ(ask("\xED"
                "image"),
            "ACK");
  EXPECT_EQ(ask("\xED"
                "bad"),
            std::nullopt);
  EXPECT_THAT(m_operations.notes,
              ElementsAre("8 end-of-backup request: image", "8 end-of-backup success: image",
                          "8 end-of-backup request: bad"));
  m_operations.disk_full = true;
  EXPECT_EQ(ask("\xED"
                "image"),
            "ERROR");
}

TEST_F(ResponderTest, TheDefaultChangesOnlyAfterARestorationOfIt) {
  (void)ask("L1\x04");
  EXPECT_EQ(ask("\xCD\x09"), "ACK");
  (void)ask("L1\x04");
  (void)ask("L2");
  EXPECT_EQ(ask("\xCD\x09"), "ACK");
  EXPECT_THAT(m_operations.changed, ElementsAre(9));
  m_operations.agent_away = true;
  EXPECT_EQ(ask("\xCD\x09"), "ACK") << "nothing would change";
  (void)ask("L1\x04");
  (void)ask("L3");
  EXPECT_EQ(ask("\xCD\x09"), "ERROR");
}

TEST_F(ResponderTest, InventoriesGoOnAlsoWithoutTheAgent) {
  m_operations.agent_away = true;
  EXPECT_EQ(ask("\xAAS4:2\n"), std::nullopt);
  ASSERT_EQ(m_parcels.size(), 1U);
  EXPECT_TRUE(m_parcels[0].is_told);
  EXPECT_NE(m_parcels[0].document.find("<IPADDR>192.0.2.1</IPADDR>"), std::string::npos);
}

TEST_F(ResponderTest, RegistrationsOfGlpiSendAnInventoryFirst) {
  (void)ask(
      "\xAD"
      "IDpc\xE9:");
  ASSERT_EQ(m_parcels.size(), 1U);
  EXPECT_FALSE(m_parcels[0].is_told);
  EXPECT_NE(m_parcels[0].document.find("<NAME>pc&#233;</NAME>"), std::string::npos);
  EXPECT_EQ(m_parcels[0].document.find("<CPUS>"), std::string::npos);
  EXPECT_THAT(m_operations.registered, ElementsAre("pc\xE9"));
  EXPECT_THAT(m_operations.notes, ElementsAre("8 menu identification", "8 identification success"));
  m_operations.failure = ErrorKind::io;
  (void)ask(
      "\xAD"
      "IDpc:");
  EXPECT_EQ(m_operations.notes.back(), "5 identification failure");
}

TEST_F(ResponderTest, WaitsForOthers) {
  EXPECT_EQ(ask("T;\x05"
                "100;60 "),
            "10");
  m_clock.advance(std::chrono::seconds(20));
  EXPECT_EQ(ask("T;\x05"
                "100;60 "),
            "40");
  (void)ask("L2");
  EXPECT_EQ(ask("T;\x05"
                "100;60 "),
            "10");
}

}  // namespace
}  // namespace pulse2::pxe_service
