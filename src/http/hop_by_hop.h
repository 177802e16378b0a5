// Which fields of a message end at this hop (RFC 9110 7.6.1): the connection's own, and those that its
// Connection fields nominate. Made once per message, asked per field in the forwarding loop.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace sluice::http {

class HopByHop {
 public:
  // Reads all Connection fields of `fields`, which must outlive this.
  explicit HopByHop(const Fields& fields);

  // True: the field must not be forwarded. Not asked about fields that the proxy sets itself: nobody can
  // nominate those away.
  bool ends_here(const Field& field) const {
    if (field.id != FieldId::unknown) {
      return (known_[index(field.id) / 64] >> (index(field.id) % 64) & 1) != 0;
    }
    return unknown_ != nullptr && nominated(field.name);
  }

  // Connection options that mean something to us.
  bool close() const { return close_; }
  bool keep_alive() const { return keep_alive_; }
  bool upgrade() const { return upgrade_; }

 private:
  struct Name {
    Name* next;
    string_view text;
    uint32_t hash;
  };
  static constexpr size_t index(FieldId id) { return static_cast<size_t>(id); }
  void read(string_view value, Arena& arena);
  void read_option(string_view option, Arena& arena);
  void nominate(FieldId id) { known_[index(id) / 64] |= uint64_t{1} << (index(id) % 64); }
  bool nominated(string_view name) const;

  static constexpr size_t kWords = (kFieldIds + 63) / 64;
  uint64_t known_[kWords];
  Name* unknown_ = nullptr;
  uint64_t unknown_bits_ = 0;  // a bit per hash: most names are told apart without a walk
  bool close_ = false;
  bool keep_alive_ = false;
  bool upgrade_ = false;
};

}  // namespace sluice::http
