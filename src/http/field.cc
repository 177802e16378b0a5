#include "http/field.h"

#include <array>
#include <cstring>

#include "base/text.h"
#include "http/fold.h"

namespace sluice::http {

namespace {

constexpr string_view kFieldNames[] = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Ranges",
    "Age",
    "Allow",
    "Authorization",
    "Cache-Control",
    "CDN-Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Early-Data",
    "ETag",
    "Expect",
    "Expires",
    "Forwarded",
    "Host",
    "HTTP2-Settings",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Link",
    "Location",
    "Origin",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Refresh",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "Via",
    "Warning",
    "WWW-Authenticate",
    "X-Accel-Buffering",
    "X-Accel-Charset",
    "X-Accel-Expires",
    "X-Accel-Limit-Rate",
    "X-Accel-Redirect",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Powered-By",
    "X-Real-IP",
};
static_assert(std::size(kFieldNames) == kFieldIds);

// A name's slot comes from its length, its first two and its last two characters, times a multiplier that the
// compiler searches so that no two names share a slot: one look decides. When a new name cannot be told apart
// from another like this, the build says so.
constexpr unsigned kSlotBits = 9;
constexpr size_t kSlots = size_t{1} << kSlotBits;
constexpr size_t kLongest = 24;

constexpr uint32_t byte(char c) { return static_cast<unsigned char>(c); }
constexpr uint32_t two_at(string_view text, size_t at) { return byte(text[at]) | byte(text[at + 1]) << 8; }
constexpr size_t slot_of(uint32_t ends, size_t size, uint32_t multiplier) {
  uint32_t key = (ends | 0x20202020) + static_cast<uint32_t>(size) * 0x01010101;
  return (key * multiplier) >> (32 - kSlotBits);
}
constexpr size_t slot_of(string_view name, uint32_t multiplier) {
  return slot_of(two_at(name, 0) | two_at(name, name.size() - 2) << 16, name.size(), multiplier);
}

constexpr bool separates(uint32_t multiplier) {
  std::array<bool, kSlots> taken{};
  for (size_t id = 1; id < kFieldIds; ++id) {
    bool& slot = taken[slot_of(kFieldNames[id], multiplier)];
    if (slot) { return false; }
    slot = true;
  }
  return true;
}
constexpr uint32_t find_multiplier() {
  uint32_t candidate = 0x9e3779b1;
  for (int tries = 0; tries < 4000; ++tries, candidate = candidate * 1664525 + 1013904222) {
    if (separates(candidate | 1)) { return candidate | 1; }
  }
  return 0;
}
constexpr uint32_t kMultiplier = find_multiplier();
static_assert(kMultiplier != 0, "two field names agree in length, first two and last two characters");

constexpr auto make_slots() {
  std::array<uint8_t, kSlots> slots{};
  for (size_t id = 1; id < kFieldIds; ++id) {
    slots[slot_of(kFieldNames[id], kMultiplier)] = static_cast<uint8_t>(id);
  }
  return slots;
}
constexpr auto kSlotIds = make_slots();

constexpr auto make_lowered() {
  std::array<FoldedName<kLongest>, kFieldIds> names{};
  for (size_t id = 1; id < kFieldIds; ++id) { names[id] = FoldedName<kLongest>(kFieldNames[id]); }
  return names;
}
constexpr auto kLowered = make_lowered();

}  // namespace

FieldId field_id(string_view name) {
  if (name.size() < 2) { return FieldId::unknown; }
  uint16_t first, last;
  memcpy(&first, name.data(), 2);
  memcpy(&last, name.data() + name.size() - 2, 2);
  uint8_t id = kSlotIds[slot_of(first | static_cast<uint32_t>(last) << 16, name.size(), kMultiplier)];
  // Unknown has size 0 here and equals no name.
  return kLowered[id].is(name) ? static_cast<FieldId>(id) : FieldId::unknown;
}

string_view field_name(FieldId id) { return kFieldNames[static_cast<size_t>(id)]; }

void Fields::grow() {
  uint32_t capacity = capacity_ == 0 ? 24 : capacity_ * 2;
  auto* items = arena_->array<Field>(capacity);
  if (size_ > 0) { memcpy(static_cast<void*>(items), items_, size_ * sizeof(Field)); }
  items_ = items;
  capacity_ = capacity;
}

namespace {
bool same(const Field& field, FieldId id, string_view name) {
  return id != FieldId::unknown ? field.id == id : iequals(field.name, name);
}
}  // namespace

size_t Fields::remove(string_view name) { return remove(field_id(name), name); }
size_t Fields::remove(FieldId id) { return remove(id, field_name(id)); }

size_t Fields::remove(FieldId id, string_view name) {
  if (!has(id)) { return 0; }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    if (!same(items_[i], id, name)) { items_[kept++] = items_[i]; }
  }
  size_t removed = size_ - kept;
  size_ = kept;
  if (id != FieldId::unknown) {
    seen_[static_cast<size_t>(id) / 64] &= ~(uint64_t{1} << (static_cast<size_t>(id) % 64));
  }
  return removed;
}

void Fields::set(string_view name, string_view value) { set(field_id(name), name, value); }
void Fields::set(FieldId id, string_view value) { set(id, field_name(id), value); }

void Fields::set(FieldId id, string_view name, string_view value) {
  if (!has(id)) {
    add({name, value, id});
    return;
  }
  bool placed = false;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    if (same(items_[i], id, name)) {
      if (placed) { continue; }
      items_[i].value = value;
      placed = true;
    }
    items_[kept++] = items_[i];
  }
  size_ = kept;
  if (!placed) { add({name, value, id}); }
}

const Field* Fields::find_slow(FieldId id) const {
  for (const Field& field : *this) {
    if (field.id == id) { return &field; }
  }
  return nullptr;
}

const Field* Fields::find(string_view name) const {
  FieldId id = field_id(name);
  if (!has(id)) { return nullptr; }
  for (const Field& field : *this) {
    if (same(field, id, name)) { return &field; }
  }
  return nullptr;
}

size_t Fields::count(FieldId id) const {
  if (!has(id)) { return 0; }
  size_t found = 0;
  for (const Field& field : *this) { found += field.id == id ? 1 : 0; }
  return found;
}

string_view Fields::combined(FieldId id) const { return has(id) ? combined(field_name(id)) : string_view(); }

string_view Fields::combined(string_view name, string_view separator) const {
  FieldId id = field_id(name);
  size_t total = 0;
  size_t found = 0;
  string_view first;
  for (const Field& field : *this) {
    if (!same(field, id, name)) { continue; }
    if (found++ == 0) { first = field.value; }
    total += field.value.size() + separator.size();
  }
  if (found < 2) { return first; }
  char* out = arena_->characters(total);
  char* at = out;
  for (const Field& field : *this) {
    if (!same(field, id, name)) { continue; }
    if (at != out) {
      memcpy(at, separator.data(), separator.size());
      at += separator.size();
    }
    memcpy(at, field.value.data(), field.value.size());
    at += field.value.size();
  }
  return {out, static_cast<size_t>(at - out)};
}

void Fields::clear() {
  size_ = 0;
  for (uint64_t& word : seen_) { word = 0; }
}

void Fields::rebase(const char* old_begin, const char* old_end, ptrdiff_t delta) {
  for (Field& field : *this) {
    http::rebase(field.name, old_begin, old_end, delta);
    http::rebase(field.value, old_begin, old_end, delta);
  }
}

}  // namespace sluice::http
