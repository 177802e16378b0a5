#include "http/inner_exchange.h"

#include <gtest/gtest.h>

#include <optional>

namespace sluice::http {
namespace {

class InnerExchangeTest : public testing::Test {
 protected:
  Flow push(std::string_view text, bool last = false) {
    Chain chain;
    chain.append(text);
    Flow flow = exchange->push(chain, last);
    EXPECT_TRUE(chain.empty());
    return flow;
  }
  // What one pull gives, and what it says: "+" more, "." end, "?" wait, "!" error.
  std::string pull(uint64_t room = 100) {
    Chain got;
    Flow flow = body->pull(got, room);
    std::string text;
    for (size_t i = 0; i < got.slices(); ++i) { text.append(got.at(i).data, got.at(i).size); }
    return text + (flow == Flow::ok ? "+" : flow == Flow::end ? "." : flow == Flow::again ? "?" : "!");
  }

  Client client;
  event::Scope parent;
  std::optional<InnerBody> body{std::in_place};
  std::optional<InnerExchange> exchange{std::in_place, client, &parent, 0, &*body};
};

TEST_F(InnerExchangeTest, WhatIsPushedIsPulled) {
  EXPECT_EQ(pull(), "?");
  EXPECT_EQ(push("hello"), Flow::again);
  EXPECT_TRUE(body->ready().is_set());
  EXPECT_EQ(pull(2), "he+");
  EXPECT_EQ(pull(), "llo+");
  EXPECT_EQ(pull(), "?");
  EXPECT_FALSE(body->ready().is_set());
  EXPECT_EQ(push("you", true), Flow::again);
  EXPECT_EQ(pull(), "you.");
  EXPECT_EQ(push(""), Flow::end);
  EXPECT_EQ(exchange->delivered(), 8);
}

TEST_F(InnerExchangeTest, ThereIsRoomOnceAllWasPulled) {
  push("hello");
  EXPECT_EQ(exchange->unsent(), 5u);
  EXPECT_FALSE(exchange->sink_ready().is_set());
  pull(2);
  EXPECT_FALSE(exchange->sink_ready().is_set());
  pull();
  EXPECT_TRUE(exchange->sink_ready().is_set());
  EXPECT_EQ(exchange->unsent(), 0u);
  EXPECT_EQ(push(""), Flow::ok);
}

TEST_F(InnerExchangeTest, ABodyThatBreaksOffGivesWhatCameBefore) {
  push("half");
  exchange->end_body();
  EXPECT_EQ(pull(), "half+");
  EXPECT_TRUE(body->ready().is_set());
  EXPECT_EQ(pull(), "!");
}

TEST_F(InnerExchangeTest, ABodyThatWasCompletedDoesNotBreakOff) {
  push("all", true);
  exchange->end_body();
  exchange.reset();
  EXPECT_EQ(pull(), "all.");
}

TEST_F(InnerExchangeTest, ItIsGivenUpWhenNobodyPulls) {
  push("hello");
  EXPECT_FALSE(exchange->released().is_set());
  body.reset();
  EXPECT_TRUE(exchange->released().is_set());
  EXPECT_TRUE(exchange->scope().canceled());
  EXPECT_FALSE(parent.canceled());
  EXPECT_EQ(exchange->unsent(), 0u);
  Chain more;
  more.append("more");
  EXPECT_EQ(exchange->push(more, false), Flow::error);
}

TEST_F(InnerExchangeTest, ItEndsWithTheScopeAround) {
  parent.cancel(What::closed);
  EXPECT_TRUE(exchange->scope().canceled());
  InnerExchange alone(client, nullptr, 7, nullptr);
  EXPECT_FALSE(alone.scope().canceled());
  EXPECT_EQ(alone.bytes_sent(), 7u);
}

TEST_F(InnerExchangeTest, WithoutAReaderAllIsDropped) {
  exchange.emplace(client, nullptr, 0, nullptr);
  EXPECT_EQ(push("hello"), Flow::ok);
  EXPECT_EQ(push("you", true), Flow::end);
  EXPECT_EQ(exchange->unsent(), 0u);
}

}  // namespace
}  // namespace sluice::http
