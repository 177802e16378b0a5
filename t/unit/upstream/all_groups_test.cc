#include "upstream/all_groups.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

net::Address address(const char* text) { return *net::Address::parse(text, 0); }

Addresses addresses(std::initializer_list<const char*> texts) {
  auto list = std::make_shared<std::vector<net::Address>>();
  for (const char* text : texts) { list->push_back(address(text)); }
  return list;
}

TEST(AllGroups, FindsBlocksByNameInAnyCase) {
  AllGroups all;
  Group block;
  block.name = "BackEnd";
  all.add(&block);
  EXPECT_EQ(all.find("backend", 80), &block);
  EXPECT_EQ(all.find("BACKEND", 80), &block);
  EXPECT_EQ(all.find("backend:80", 80), nullptr);  // a block has no port
  EXPECT_EQ(all.find("other", 80), nullptr);
}

TEST(AllGroups, FindsImplicitOnesByPort) {
  AllGroups all;
  Group group;
  group.name = "app.test:8080";
  all.add_implicit(&group, "app.test:8080", 80);
  Group plain;
  plain.name = "www.test";
  all.add_implicit(&plain, "www.test", 80);
  EXPECT_EQ(all.find("App.Test:8080", 80), &group);
  EXPECT_EQ(all.find("app.test", 80), nullptr);
  EXPECT_EQ(all.find("www.test:80", 80), &plain);
  EXPECT_EQ(all.all().size(), 2u);
}

TEST(AllGroups, MakesOneForAnAddressOnce) {
  AllGroups all;
  MadeGroup made = all.for_address("127.0.0.1:81", 80);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->peers[0]->name, "127.0.0.1:81");
  EXPECT_EQ(all.for_address("127.0.0.1:81", 80), made);
  EXPECT_NE(all.for_address("127.0.0.1", 80), made);
  EXPECT_NE(all.for_address("unix:/run/x", 80), nullptr);
  EXPECT_EQ(all.for_address("name.test", 80), nullptr);
}

TEST(AllGroups, MakesAnotherWhenTheAddressesChanged) {
  AllGroups all;
  Addresses first = addresses({"10.0.0.1", "10.0.0.2"});
  MadeGroup made = all.for_name("a.test:81", 81, first);
  ASSERT_EQ(made->peers.size(), 2u);
  EXPECT_EQ(made->peers[1]->name, "10.0.0.2:81");
  EXPECT_EQ(all.for_name("A.test:81", 81, first), made);
  MadeGroup other = all.for_name("a.test:81", 81, addresses({"10.0.0.3"}));
  EXPECT_NE(other, made);
  EXPECT_EQ(made->peers[0]->name, "10.0.0.1:81");  // who holds it still may use it
}

TEST(AllGroups, ForgetsTheOneNotUsedLongest) {
  AllGroups all;
  Addresses one = addresses({"10.0.0.1"});
  std::weak_ptr<Group> kept = all.for_name("kept.test", 80, one);
  std::weak_ptr<Group> lost = all.for_name("lost.test", 80, one);
  for (size_t i = 0; i < AllGroups::kMostMade; ++i) {
    all.for_name("n" + std::to_string(i) + ".test", 80, one);
    all.for_name("kept.test", 80, one);
  }
  EXPECT_FALSE(kept.expired());
  EXPECT_TRUE(lost.expired());
}

}  // namespace
}  // namespace sluice::upstream
