// Header fields of one message: an ordered list with ids for known names. Names and values are views into the
// connection's buffer or the request's arena; nothing is copied or folded.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/arena.h"
#include "http/fold.h"

namespace sluice::http {

using std::string_view;

// Names that something in the product looks at. `unknown` is every other. Keep in the order of kFieldNames.
enum class FieldId : uint8_t {
  unknown,
  accept,
  accept_encoding,
  accept_language,
  accept_ranges,
  age,
  allow,
  authorization,
  cache_control,
  cdn_cache_control,
  connection,
  content_disposition,
  content_encoding,
  content_language,
  content_length,
  content_location,
  content_range,
  content_type,
  cookie,
  date,
  early_data,
  etag,
  expect,
  expires,
  forwarded,
  host,
  http2_settings,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  link,
  location,
  origin,
  pragma,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  refresh,
  retry_after,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  warning,
  www_authenticate,
  x_accel_buffering,
  x_accel_charset,
  x_accel_expires,
  x_accel_limit_rate,
  x_accel_redirect,
  x_forwarded_for,
  x_forwarded_proto,
  x_powered_by,
  x_real_ip,
  count,
};
inline constexpr size_t kFieldIds = static_cast<size_t>(FieldId::count);

// How a name is recognised: its length, its first two and its last two characters choose a slot, and one
// comparison decides.
struct FieldNameTable {
  static constexpr unsigned kSlotBits = 9;
  FoldedName<24> names[kFieldIds];
  uint8_t slots[size_t{1} << kSlotBits];
  uint32_t multiplier;

  static constexpr size_t slot(uint32_t ends, size_t size, uint32_t multiplier) {
    uint32_t key = (ends | 0x20202020) + static_cast<uint32_t>(size) * 0x01010101;
    return (key * multiplier) >> (32 - kSlotBits);
  }
};
extern const FieldNameTable kFieldNameTable;

// Case-insensitive.
inline FieldId field_id(string_view name) {
  if (name.size() < 2) { return FieldId::unknown; }
  uint16_t first, last;
  memcpy(&first, name.data(), 2);
  memcpy(&last, name.data() + name.size() - 2, 2);
  const FieldNameTable& table = kFieldNameTable;
  size_t slot =
      FieldNameTable::slot(first | static_cast<uint32_t>(last) << 16, name.size(), table.multiplier);
  uint8_t id = table.slots[slot];
  // Unknown has size 0 here and equals no name.
  return table.names[id].is(name) ? static_cast<FieldId>(id) : FieldId::unknown;
}
string_view field_name(FieldId id);  // as usually written: "Content-Length"

struct Field {
  string_view name;
  string_view value;  // trimmed of optional white space
  FieldId id = FieldId::unknown;
};

// After the memory of [old_begin, old_end) moved by `delta` bytes: views into it follow, others stay.
inline void rebase(string_view& text, const char* old_begin, const char* old_end, ptrdiff_t delta) {
  if (text.data() >= old_begin && text.data() + text.size() <= old_end) {
    text = {text.data() + delta, text.size()};
  }
}

// Grows in the arena. Removing keeps the order of the rest.
class Fields {
 public:
  explicit Fields(Arena& arena) : arena_(&arena) {}

  void add(string_view name, string_view value) { add(Field{name, value, field_id(name)}); }
  void add(FieldId id, string_view value) { add(Field{field_name(id), value, id}); }
  void add(const Field& field) { keep(draft() = field); }
  // The place of the next field, to be filled where it will stay. It counts once it is kept.
  Field& draft() {
    if (size_ == capacity_) { grow(); }
    return items_[size_];
  }
  void keep(const Field& draft) {
    ++size_;
    seen_[static_cast<size_t>(draft.id)] = true;
  }
  // Replaces the first field of that name and removes the others, or adds it.
  void set(FieldId id, string_view value);
  void set(string_view name, string_view value);
  size_t remove(FieldId id);
  size_t remove(string_view name);

  // First field of that name, or null.
  const Field* find(FieldId id) const {
    if (!has(id)) { return nullptr; }
    return find_slow(id);
  }
  const Field* find(string_view name) const;
  string_view value(FieldId id) const {
    const Field* field = find(id);
    return field == nullptr ? string_view() : field->value;
  }
  // May say yes after a removal; never no wrongly.
  bool has(FieldId id) const { return seen_[static_cast<size_t>(id)]; }
  // has() says yes though there is none: nobody adds one for want of it.
  void withhold(FieldId id) { seen_[static_cast<size_t>(id)] = true; }
  size_t count(FieldId id) const;
  // All values of that name joined by ", " (in the arena when there are several).
  string_view combined(FieldId id) const;
  string_view combined(string_view name, string_view separator = ", ") const;

  const Field* begin() const { return items_; }
  const Field* end() const { return items_ + size_; }
  Field* begin() { return items_; }
  Field* end() { return items_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();
  Arena& arena() const { return *arena_; }
  // After the memory under names and values moved by `delta` bytes (a head buffer that grew).
  void rebase(const char* old_begin, const char* old_end, ptrdiff_t delta);

 private:
  const Field* find_slow(FieldId id) const;
  void grow();
  size_t remove(FieldId id, string_view name);
  void set(FieldId id, string_view name, string_view value);
  Arena* arena_;
  Field* items_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  bool seen_[(kFieldIds + 15) / 16 * 16] = {};
};

}  // namespace sluice::http
