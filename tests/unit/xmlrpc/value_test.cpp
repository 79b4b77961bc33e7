#include "xmlrpc/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pulse2::xmlrpc {
namespace {

TEST(Value, KnowsItsType) {
  EXPECT_TRUE(Value().is_nil());
  EXPECT_TRUE(Value(true).is_bool());
  EXPECT_TRUE(Value(1).is_int());
  EXPECT_TRUE(Value(std::size_t{1}).is_int());
  EXPECT_TRUE(Value(std::numeric_limits<std::uint64_t>::max()).is_double());
  EXPECT_TRUE(Value(1.0).is_double());
  EXPECT_TRUE(Value("text").is_string());
  EXPECT_TRUE(Value::borrow("text").is_string());
  EXPECT_TRUE(Value(Binary{"x"}).is_binary());
  EXPECT_TRUE(Value(DateTime{"x"}).is_date_time());
  EXPECT_TRUE(Value(Array{}).is_array());
  EXPECT_TRUE(Value(Struct{}).is_struct());
}

TEST(Value, AccessorsConvertOnlyWhatTheyPromise) {
  EXPECT_EQ(Value(3).as_int(), 3);
  EXPECT_EQ(Value(3).as_bool(), true);
  EXPECT_EQ(Value(3).as_double(), 3.0);
  EXPECT_EQ(Value(true).as_int(), std::nullopt);
  EXPECT_EQ(Value(3.5).as_int(), std::nullopt);
  EXPECT_EQ(Value("3").as_int(), std::nullopt);
  EXPECT_EQ(Value("a").as_string(), "a");
  EXPECT_EQ(Value::borrow("a").as_string(), "a");
  EXPECT_EQ(Value(1).as_string(), std::nullopt);
  EXPECT_EQ(Value(1).as_array(), nullptr);
  EXPECT_EQ(Value(1).as_struct(), nullptr);
}

TEST(Value, TruthIsPythons) {
  for (const Value& value : {Value(), Value(false), Value(0), Value(0.0), Value(""),
                             Value::borrow(""), Value(Array{}), Value(Struct{})}) {
    EXPECT_FALSE(value.truthy()) << describe(value);
  }
  for (const Value& value : {Value(true), Value(-1), Value(0.1), Value("0"), Value(Array{Nil{}}),
                             Value(Struct{{"a", 0}}), Value(DateTime{""})}) {
    EXPECT_TRUE(value.truthy()) << describe(value);
  }
}

TEST(Value, OwnedAndBorrowedStringsAreEqual) {
  EXPECT_EQ(Value("a"), Value::borrow("a"));
  EXPECT_NE(Value("a"), Value::borrow("b"));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_NE(Value(1), Value(1.0));
}

TEST(Value, ToOwnedLeavesNoReferences) {
  std::string body = "borrowed";
  const Value borrowed = Array{Value::borrow(body), Struct{{"a", Value::borrow(body)}}};
  const Value owned = borrowed.to_owned();
  body.assign("changed!");
  EXPECT_EQ(owned, Value(Array{"borrowed", Struct{{"a", "borrowed"}}}));
}

TEST(Struct, KeepsOrderAndFinds) {
  Struct members{{"b", 1}, {"a", 2}};
  members["c"] = 3;
  members["b"] = 4;
  std::vector<std::string> names;
  for (const Member& member : members)
    names.push_back(member.name);
  EXPECT_THAT(names, testing::ElementsAre("b", "a", "c"));
  EXPECT_EQ(*members.find("b"), Value(4));
  EXPECT_EQ(members.find("x"), nullptr);
  EXPECT_TRUE(members.erase("a"));
  EXPECT_FALSE(members.erase("a"));
  EXPECT_EQ(members.size(), 2U);
}

TEST(Struct, EqualInAnyOrder) {
  EXPECT_EQ((Struct{{"a", 1}, {"b", 2}}), (Struct{{"b", 2}, {"a", 1}}));
  EXPECT_FALSE((Struct{{"a", 1}}) == (Struct{{"a", 1}, {"b", 2}}));
}

TEST(Struct, KeepsTheLastOfRepeatedNames) {
  EXPECT_EQ((Struct{{"a", 1}, {"b", 2}, {"a", 3}}), (Struct{{"a", 3}, {"b", 2}}));
  Struct many;
  for (int i = 0; i < 1000; ++i)
    many.append("n" + std::to_string(i % 500), i);
  many.keep_last_of_each();
  ASSERT_EQ(many.size(), 500U);
  EXPECT_EQ(many.begin()->name, "n0");
  EXPECT_EQ(*many.find("n7"), Value(507));
}

TEST(Describe, LooksLikePython) {
  EXPECT_EQ(describe(Array{1, true, Nil{}, "a\n", 2.5, Struct{{"k", Array{}}}}),
            "[1, True, None, 'a\\n', 2.5, {'k': []}]");
  EXPECT_EQ(describe(Binary{"abc"}), "3 bytes");
}

TEST(Describe, IsBounded) {
  EXPECT_LT(describe(std::string(1'000'000, 'x')).size(), 300U);
  EXPECT_LT(describe(Array(100'000, Value("text"))).size(), 300U);
}

}  // namespace
}  // namespace pulse2::xmlrpc
