#include "http/field.h"

#include <array>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"

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

// Cheap hash over length, first, middle and last characters: enough to tell the known names apart with a
// short probe.
constexpr size_t kTableSize = 512;
constexpr size_t slot_of(string_view name) {
  auto at = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(name[i]) | 0x20); };
  size_t n = name.size();
  return (n * 7 + at(0) * 31 + at(n - 1) * 17 + at(n / 2) * 53 + at(n > 2 ? n - 3 : 0) * 101) % kTableSize;
}

constexpr auto make_table() {
  std::array<uint8_t, kTableSize> table{};
  for (size_t id = 1; id < kFieldIds; ++id) {
    size_t slot = slot_of(kFieldNames[id]);
    while (table[slot] != 0) { slot = (slot + 1) % kTableSize; }
    table[slot] = static_cast<uint8_t>(id);
  }
  return table;
}
constexpr auto kTable = make_table();

}  // namespace

FieldId field_id(string_view name) {
  if (name.empty()) { return FieldId::unknown; }
  for (size_t slot = slot_of(name); kTable[slot] != 0; slot = (slot + 1) % kTableSize) {
    if (iequals(kFieldNames[kTable[slot]], name)) { return static_cast<FieldId>(kTable[slot]); }
  }
  return FieldId::unknown;
}

string_view field_name(FieldId id) { return kFieldNames[static_cast<size_t>(id)]; }

void Fields::add(Field field) {
  if (size_ == capacity_) {
    uint32_t capacity = capacity_ == 0 ? 24 : capacity_ * 2;
    auto* items = arena_->array<Field>(capacity);
    if (size_ > 0) { memcpy(static_cast<void*>(items), items_, size_ * sizeof(Field)); }
    items_ = items;
    capacity_ = capacity;
  }
  items_[size_++] = field;
  seen_[static_cast<size_t>(field.id) / 64] |= uint64_t{1} << (static_cast<size_t>(field.id) % 64);
}

namespace {
bool same(const Field& field, FieldId id, string_view name) {
  return id != FieldId::unknown ? field.id == id : iequals(field.name, name);
}
}  // namespace

size_t Fields::remove(string_view name) {
  FieldId id = field_id(name);
  if (!has(id)) { return 0; }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    if (!same(items_[i], id, name)) { items_[kept++] = items_[i]; }
  }
  size_t removed = size_ - kept;
  size_ = kept;
  return removed;
}

size_t Fields::remove(FieldId id) { return remove(field_name(id)); }

void Fields::set(string_view name, string_view value) {
  FieldId id = field_id(name);
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

void Fields::set(FieldId id, string_view value) { set(field_name(id), value); }

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
