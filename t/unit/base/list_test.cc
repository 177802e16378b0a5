#include "base/list.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

struct Item : ListNode<> {
  explicit Item(char name) : name(name) {}
  char name;
};

std::string shown(List<Item>& list) {
  std::string out;
  for (Item* item = list.front(); item != nullptr; item = list.next(item)) { out += item->name; }
  return out;
}

TEST(List, PushingAMemberAgainMovesIt) {
  Item a('a'), b('b');
  List<Item> list;
  list.push_back(&a);
  list.push_back(&a);
  EXPECT_EQ(shown(list), "a");
  list.push_back(&b);
  list.push_back(&b);
  EXPECT_EQ(shown(list), "ab");
  list.push_back(&a);
  EXPECT_EQ(shown(list), "ba");
  list.push_front(&b);
  list.push_front(&a);
  EXPECT_EQ(shown(list), "ab");
}

TEST(List, ADestroyedItemLeaves) {
  List<Item> list;
  Item a('a');
  {
    Item b('b');
    list.push_back(&b);
    list.push_back(&a);
  }
  EXPECT_EQ(shown(list), "a");
}

}  // namespace
}  // namespace sluice
