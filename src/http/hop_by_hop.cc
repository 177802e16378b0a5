#include "http/hop_by_hop.h"

#include <array>

#include "base/hash.h"
#include "base/text.h"
#include "http/fold.h"

namespace sluice::http {

namespace {

constexpr size_t kWords = (kFieldIds + 63) / 64;
using Set = std::array<uint64_t, kWords>;

constexpr Set make_set(std::initializer_list<FieldId> ids) {
  Set set{};
  for (FieldId id : ids) {
    set[static_cast<size_t>(id) / 64] |= uint64_t{1} << (static_cast<size_t>(id) % 64);
  }
  return set;
}

// Of the connection, nominated or not. HTTP2-Settings belongs to an upgrade (RFC 9113 3.1).
constexpr Set kAlways =
    make_set({FieldId::connection, FieldId::proxy_connection, FieldId::keep_alive, FieldId::te,
              FieldId::transfer_encoding, FieldId::upgrade, FieldId::http2_settings});

// What gives a message its bounds and its server is ours to generate: nominating it changes nothing.
constexpr Set kProtected = make_set({FieldId::host, FieldId::content_length, FieldId::trailer});

bool holds(const Set& set, FieldId id) {
  size_t i = static_cast<size_t>(id);
  return (set[i / 64] >> (i % 64) & 1) != 0;
}

}  // namespace

HopByHop::HopByHop(const Fields& fields) {
  for (size_t i = 0; i < kWords; ++i) { known_[i] = kAlways[i]; }
  if (!fields.has(FieldId::connection)) { return; }
  for (const Field *field = fields.find(FieldId::connection), *end = fields.end(); field != end; ++field) {
    if (field->id == FieldId::connection) { read(field->value, fields.arena()); }
  }
}

void HopByHop::read(string_view value, Arena& arena) {
  if (is_word(value, "keep-alive")) {
    keep_alive_ = true;
    return;
  }
  while (!value.empty()) {
    Split parts = split(value, ',');
    string_view option = trim(parts.head);
    if (!option.empty()) { read_option(option, arena); }
    value = parts.tail;
  }
}

void HopByHop::read_option(string_view option, Arena& arena) {
  if (is_word(option, "keep-alive")) {
    keep_alive_ = true;
    return;
  }
  if (is_word(option, "close")) {
    close_ = true;
    return;
  }
  FieldId id = field_id(option);
  if (id != FieldId::unknown) {
    upgrade_ |= id == FieldId::upgrade;
    if (!holds(kProtected, id)) { nominate(id); }
    return;
  }
  uint32_t hash = hash_lowered(option);
  unknown_ = arena.make<Name>(unknown_, option, hash);
  unknown_bits_ |= uint64_t{1} << (hash % 64);
}

bool HopByHop::nominated(string_view name) const {
  uint32_t hash = hash_lowered(name);
  if ((unknown_bits_ >> (hash % 64) & 1) == 0) { return false; }
  for (const Name* at = unknown_; at != nullptr; at = at->next) {
    if (at->hash == hash && iequals(at->text, name)) { return true; }
  }
  return false;
}

}  // namespace sluice::http
