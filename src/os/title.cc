#include "os/title.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace sluice::os {

namespace {

char* room = nullptr;
size_t room_size = 0;

// The strings of a list that lie one after another from `end` on; returns the end of the last.
char* extend(char* end, char** strings) {
  for (; *strings != nullptr; ++strings) {
    if (*strings == end) { end += strlen(end) + 1; }
  }
  return end;
}

}  // namespace

void take_title_room(int argc, char** argv) {
  if (argc == 0) { return; }
  room = argv[0];
  char* end = extend(extend(room, argv), environ);
  room_size = static_cast<size_t>(end - room);
  static auto* copies = new std::vector<std::string>;
  static auto* list = new std::vector<char*>;
  for (char** variable = environ; *variable != nullptr; ++variable) { copies->push_back(*variable); }
  for (std::string& copy : *copies) { list->push_back(copy.data()); }
  list->push_back(nullptr);
  environ = list->data();
}

void set_title(const std::string& title) {
  if (room_size == 0) { return; }
  size_t length = std::min(title.size(), room_size - 1);
  memcpy(room, title.data(), length);
  memset(room + length, 0, room_size - length);
}

void reduce_environment(const std::vector<std::string>& kept) {
  static auto* result = new std::vector<std::string>;
  result->clear();
  auto keep = [](const std::string& name) {
    if (const char* value = getenv(name.c_str()); value != nullptr) { result->push_back(name + "=" + value); }
  };
  bool zone_given = false;
  for (const std::string& entry : kept) {
    zone_given = zone_given || entry == "TZ" || entry.starts_with("TZ=");
    if (entry.find('=') == std::string::npos) {
      keep(entry);
    } else {
      result->push_back(entry);
    }
  }
  if (!zone_given) { keep("TZ"); }
  static auto* list = new std::vector<char*>;
  list->clear();
  for (std::string& variable : *result) { list->push_back(variable.data()); }
  list->push_back(nullptr);
  environ = list->data();
}

}  // namespace sluice::os
