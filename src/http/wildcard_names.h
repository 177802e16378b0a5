// Host names and masks, as server_name and map's hostnames write them, each with a value: "example.com",
// "*.example.com", ".example.com" (both of these), "www.example.*". The exact name is found first, then the
// longest *.suffix, then the longest prefix.*. A lookup folds and hashes the host in one pass, whatever the
// number of names. Values are opaque: pointers that outlive the table.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/name_table.h"

namespace sluice::http {

using std::string_view;

class WildcardNames {
 public:
  static constexpr size_t kLongestName = 255;  // RFC 1035 2.3.4

  enum class Added : uint8_t {
    yes,
    conflict,  // the name was there
    invalid,   // a wildcard elsewhere than at one end and a dot, or a name longer than any host
  };
  Added add(string_view name, void* value);
  // After the last add.
  void shrink();
  // Null: nothing fits. Case does not matter.
  void* find(string_view host) const;
  size_t footprint() const { return exact_.footprint() + leading_.footprint() + trailing_.footprint(); }

 private:
  void* find_suffix(string_view lowered) const;

  NameTable<void*> exact_;
  NameTable<void*> leading_;   // of *.example.com: "example.com", hashed from its end
  NameTable<void*> trailing_;  // of www.example.*: "www.example"
};

}  // namespace sluice::http
