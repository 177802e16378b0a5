#include "http/hop_by_hop.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

struct Message {
  Arena arena;
  Fields fields{arena};
  Message(std::initializer_list<string_view> connection) {
    for (string_view value : connection) { fields.add(FieldId::connection, value); }
  }
  bool ends_here(string_view name) { return HopByHop(fields).ends_here({name, "", field_id(name)}); }
};

TEST(HopByHop, the_connections_own_fields_always_end) {
  Message message{};
  for (string_view name : {"Connection", "keep-alive", "Proxy-Connection", "TE", "Transfer-Encoding",
                           "Upgrade", "HTTP2-Settings"}) {
    EXPECT_TRUE(message.ends_here(name)) << name;
  }
  for (string_view name : {"Host", "Content-Length", "Cookie", "X-Thing", "Trailer", "Proxy-Authorization"}) {
    EXPECT_FALSE(message.ends_here(name)) << name;
  }
}

TEST(HopByHop, nominated_fields_end_in_any_line_and_case) {
  Message message{"close, X-Thing", ",,\t cookie ,x-OTHER"};
  EXPECT_TRUE(message.ends_here("x-thing"));
  EXPECT_TRUE(message.ends_here("X-Other"));
  EXPECT_TRUE(message.ends_here("Cookie"));
  EXPECT_FALSE(message.ends_here("X-Thin"));
  EXPECT_FALSE(message.ends_here("Accept"));
}

TEST(HopByHop, host_and_framing_cannot_be_nominated) {
  Message message{"Host, content-length, Trailer"};
  EXPECT_FALSE(message.ends_here("Host"));
  EXPECT_FALSE(message.ends_here("Content-Length"));
  EXPECT_FALSE(message.ends_here("Trailer"));
}

TEST(HopByHop, options) {
  Message message{"Keep-Alive, UPGRADE", "Close"};
  HopByHop hop(message.fields);
  EXPECT_TRUE(hop.keep_alive());
  EXPECT_TRUE(hop.upgrade());
  EXPECT_TRUE(hop.close());
  Message none{"closed"};
  EXPECT_FALSE(HopByHop(none.fields).close());
}

TEST(HopByHop, a_trivial_connection_takes_no_memory) {
  Message message{"keep-alive"};
  size_t before = message.arena.footprint();
  HopByHop hop(message.fields);
  EXPECT_EQ(message.arena.footprint(), before);
  EXPECT_FALSE(hop.ends_here({"X-Thing", "", FieldId::unknown}));
}

}  // namespace
}  // namespace sluice::http
