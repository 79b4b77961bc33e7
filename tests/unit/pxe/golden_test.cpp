#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "golden.hpp"
#include "pxe/inventory.hpp"
#include "pxe/login_guard.hpp"
#include "pxe/ocs_xml.hpp"
#include "pxe/packet.hpp"

/// The recorded packets against the codec alone; what the server does with them is replayed by
/// tests/compat.
namespace pulse2::pxe {
namespace {

namespace json = boost::json;
using test::golden_records;
using test::to_value;

std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

/// Calls of one method that the recorded packet caused.
std::vector<json::array> agent_calls(const json::object& line, std::string_view method) {
  std::vector<json::array> calls;
  for (const auto& each : line.at("agent_rpcs").as_array()) {
    const auto& call = each.as_object();
    if (call.contains("method") && text(call, "method") == method) {
      calls.push_back(call.at("params").as_array());
    }
  }
  return calls;
}

class GoldenPacketTest : public ::testing::Test {
 protected:
  /// Runs `check` on every recorded packet whose call has this body; the number of them.
  template <class Body, class Check>
  int each(Check check) {
    int count = 0;
    for (const auto& line : golden_records("pxe.jsonl")) {
      if (!line.contains("request_hex")) continue;
      SCOPED_TRACE(text(line, "label"));
      const auto call = parse_packet(test::bytes_of_hex(text(line, "request_hex")));
      if (!call || !std::holds_alternative<Body>(call->body)) continue;
      check(line, *call, std::get<Body>(call->body));
      ++count;
    }
    return count;
  }
};

TEST_F(GoldenPacketTest, WhatIsDroppedGotNoAnswerAndCausedNoCall) {
  int dropped = 0;
  for (const auto& line : golden_records("pxe.jsonl")) {
    if (!line.contains("request_hex")) continue;
    const std::string packet = test::bytes_of_hex(text(line, "request_hex"));
    if (parse_packet(packet)) continue;
    SCOPED_TRACE(text(line, "label"));
    EXPECT_TRUE(line.at("responses_hex").as_array().empty());
    EXPECT_TRUE(line.at("agent_rpcs").as_array().empty());
    ++dropped;
  }
  EXPECT_EQ(dropped, 8);
}

TEST_F(GoldenPacketTest, LogsReachTheAgentAsRecorded) {
  const int count =
      each<LogEvent>([](const json::object& line, const Call&, const LogEvent& event) {
        const AgentLog log = agent_log(event);
        const auto calls = agent_calls(line, "imaging.logClientAction");
        ASSERT_EQ(calls.size(), 1U);
        EXPECT_EQ(calls[0].at(2).as_int64(), log.level);
        EXPECT_EQ(calls[0].at(3).as_string(), log.phase);
        EXPECT_EQ(calls[0].at(4).as_string(), log.message);
      });
  EXPECT_EQ(count, 10);
}

TEST_F(GoldenPacketTest, PasswordsAreJudgedAsRecorded) {
  const int count =
      each<Authenticate>([](const json::object& line, const Call&, const Authenticate& attempt) {
        const bool good =
            password_matches(attempt.password, "eca7d4d9c165ddc2fbb11ba04634aa08c6c000f9");
        const auto& answers = line.at("responses_hex").as_array();
        ASSERT_EQ(answers.size(), 1U);
        EXPECT_EQ(test::bytes_of_hex(answers[0].as_string()), encode_answer(good ? "ok" : "ko"));
      });
  EXPECT_EQ(count, 3);
}

TEST_F(GoldenPacketTest, TheInventoryReachesTheAgentAsRecorded) {
  const int count = each<SendInventory>(
      [](const json::object& line, const Call& call, const SendInventory& inventory) {
        const auto calls = agent_calls(line, "imaging.injectInventory");
        ASSERT_EQ(calls.size(), 1U);
        const auto expected = to_value(calls[0].at(2));
        EXPECT_EQ(xmlrpc::Value(to_struct(parse_inventory(inventory.text, "127.0.0.1"))), expected);
        EXPECT_EQ(call.address, "00:11:22:33:44:55");
      });
  EXPECT_EQ(count, 1);
}

TEST_F(GoldenPacketTest, TheInventoryIsPostedByteForByte) {
  const int count = each<SendInventory>(
      [](const json::object& line, const Call&, const SendInventory& inventory) {
        const auto& calls = line.at("agent_rpcs").as_array();
        const auto post = std::find_if(calls.begin(), calls.end(), [](const json::value& each) {
          return each.as_object().contains("inventory_post");
        });
        ASSERT_NE(post, calls.end());
        std::tm time{};  // of the recording: 2026-11-23 00:44:04
        time.tm_year = 126;
        time.tm_mon = 10;
        time.tm_mday = 23;
        time.tm_min = 44;
        time.tm_sec = 4;
        EXPECT_EQ(to_ocs_xml(parse_inventory(inventory.text, "127.0.0.1"), {"pc1", ""}, time),
                  post->as_object().at("inventory_post").as_string());
      });
  EXPECT_EQ(count, 1);
}

TEST_F(GoldenPacketTest, TheCommonImageIsNamed) {
  const int count =
      each<ImageDone>([](const json::object& line, const Call&, const ImageDone& done) {
        const auto calls = agent_calls(line, "imaging.logClientAction");
        ASSERT_FALSE(calls.empty());
        EXPECT_EQ(calls[0].at(4).as_string(), "end-of-backup request: " + done.image);
      });
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace pulse2::pxe
