#include "http/field.h"

#include <array>
#include <cstring>

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

// The compiler searches for a multiplier that gives every name a slot of its own. When a new name cannot be
// told apart from another like this, the build says so.
constexpr uint32_t byte(char c) { return static_cast<unsigned char>(c); }
constexpr uint32_t two_at(string_view text, size_t at) { return byte(text[at]) | byte(text[at + 1]) << 8; }
constexpr size_t slot_of(string_view name, uint32_t multiplier) {
  uint32_t ends = two_at(name, 0) | two_at(name, name.size() - 2) << 16;
  return FieldNameTable::slot(ends, name.size(), multiplier);
}

constexpr bool separates(uint32_t multiplier) {
  std::array<bool, size_t{1} << FieldNameTable::kSlotBits> taken{};
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

constexpr FieldNameTable make_table() {
  FieldNameTable table{};
  table.multiplier = find_multiplier();
  for (size_t id = 1; id < kFieldIds; ++id) {
    table.slots[slot_of(kFieldNames[id], table.multiplier)] = static_cast<uint8_t>(id);
    table.names[id] = FoldedName<24>(kFieldNames[id]);
  }
  return table;
}
constexpr FieldNameTable kTable = make_table();
static_assert(kTable.multiplier != 0, "two field names agree in length, first two and last two characters");

}  // namespace

constinit const FieldNameTable kFieldNameTable = kTable;

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
  if (id != FieldId::unknown) { seen_[static_cast<size_t>(id)] = false; }
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
  memset(seen_, 0, sizeof seen_);
}

void Fields::rebase(const char* old_begin, const char* old_end, ptrdiff_t delta) {
  for (Field& field : *this) {
    http::rebase(field.name, old_begin, old_end, delta);
    http::rebase(field.value, old_begin, old_end, delta);
  }
}

}  // namespace sluice::http
