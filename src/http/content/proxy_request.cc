// The head of a request to an origin: generated from parsed fields, never relayed bytes (RFC 9110 7.6).
#include <cstring>

#include "base/text.h"
#include "http/content/proxy.h"
#include "http/hop_by_hop.h"
#include "http/uri.h"

namespace sluice::http {

void NameSet::remove(const std::string& name) {
  FieldId id = field_id(name);
  if (id != FieldId::unknown) {
    known_[static_cast<size_t>(id)] = false;
    return;
  }
  std::erase_if(unknown_, [&](const std::string& each) { return iequals(each, name); });
}

bool NameSet::has_unknown(string_view name) const {
  for (const std::string& each : unknown_) {
    if (iequals(each, name)) { return true; }
  }
  return false;
}

bool names_h2c(string_view value) {
  bool found = false;
  each_member(value, [&](string_view member) { found = found || istarts_with(member, "h2c"); });
  return found;
}

namespace {

// Appends to memory that grows by starting over in a larger piece; heads are small, so that is rare.
class Composer {
 public:
  explicit Composer(Arena& arena)
      : arena_(arena), begin_(arena.characters(kFirst)), at_(begin_), end_(begin_ + kFirst) {}
  template <size_t N>
  void text(const char (&literal)[N]) {
    if (static_cast<size_t>(end_ - at_) < N - 1) { grow(N - 1); }
    memcpy(at_, literal, N - 1);
    at_ += N - 1;
  }
  void text(string_view t) {
    if (static_cast<size_t>(end_ - at_) < t.size()) { grow(t.size()); }
    at_ = put(at_, t);
  }
  // Once for each field of a request.
  [[gnu::always_inline]] void field(string_view name, string_view value) {
    size_t size = name.size() + value.size() + 4;
    if (static_cast<size_t>(end_ - at_) < size) { grow(size); }
    at_ = put(at_, name);
    memcpy(at_, ": ", 2);
    at_ = put(at_ + 2, value);
    memcpy(at_, "\r\n", 2);
    at_ += 2;
  }
  void number(uint64_t value) {
    char digits[20];
    text({digits, static_cast<size_t>(write_decimal(digits, value) - digits)});
  }
  string_view result() const { return {begin_, static_cast<size_t>(at_ - begin_)}; }

 private:
  static constexpr size_t kFirst = 1024;
  void grow(size_t more) {
    size_t used = static_cast<size_t>(at_ - begin_);
    size_t capacity = (used + more) * 2;
    char* larger = arena_.characters(capacity);
    memcpy(larger, begin_, used);
    begin_ = larger;
    at_ = larger + used;
    end_ = larger + capacity;
  }
  Arena& arena_;
  char* begin_;
  char* at_;
  char* end_;
};

// put(name, value, id) for each field of proxy_set_header.
template <class Put>
void each_configured(Request& r, const ProxySettings& settings, Put put) {
  for (const SetField& field : settings.set_fields) {
    // Framing is ours: a configured value could only contradict it.
    if (field.id == FieldId::content_length || field.id == FieldId::transfer_encoding) { continue; }
    string_view value = field.value.evaluate(r);
    if (value.empty()) { continue; }
    if (field.id == FieldId::upgrade && names_h2c(value)) { continue; }
    put(field.name, escape(r.arena(), value, Escape::value), field.id);
  }
}

// put(name, value, id) for each field of the client's that is passed on.
template <class Put>
void each_passed(const Request& r, const ProxySettings& settings, Put put) {
  HopByHop hop(r.head.fields);
  for (const Field& field : r.head.fields) {
    if (field.id == FieldId::host || field.id == FieldId::content_length || field.id == FieldId::expect) {
      continue;
    }
    if (settings.set_names.has(field) || hop.ends_here(field)) { continue; }
    put(field.name, field.value, field.id);
  }
}

// All of them as the rules leave them.
void put_ruled(Composer& out, Request& r, const ProxySettings& settings) {
  Fields fields(r.arena());
  auto gather = [&](string_view name, string_view value, FieldId id) { fields.add({name, value, id}); };
  each_configured(r, settings, gather);
  if (settings.pass_request_headers) { each_passed(r, settings, gather); }
  for (const FieldRule& rule : settings.field_rules) { apply(r, rule, fields); }
  for (const Field& field : fields) { out.field(field.name, field.value); }
}

// The method and target of a request as received have been checked by the parser.
string_view method_for(Request& r, const ProxySettings& settings) {
  if (!settings.method.empty()) { return escape(r.arena(), settings.method.evaluate(r), Escape::target); }
  return r.method_override.empty() ? r.head.method_text : r.method_override;
}
string_view clean_target(Request& r, string_view target) {
  bool received = target.data() == r.unchanged_target.data();
  return received ? target : escape(r.arena(), target, Escape::target);
}

}  // namespace

string_view compose_request(Request& r, const ProxySettings& settings, const ProxyTarget& target,
                            int64_t length, bool upgrade) {
  Composer out(r.arena());
  out.text(method_for(r, settings));
  out.text(" ");
  out.text(clean_target(r, target.target));
  bool old = settings.version == ProxySettings::Version::v10;
  out.text(string_view(old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n"));
  if (!settings.set_names.has(FieldId::host)) { out.field("Host", target.host); }
  if (upgrade && !settings.set_names.has(FieldId::connection)) {
    out.text("Connection: upgrade\r\n");
  } else if (old && !settings.set_names.has(FieldId::connection)) {
    out.text("Connection: close\r\n");
  }
  if (upgrade && !settings.set_names.has(FieldId::upgrade)) {
    out.field("Upgrade", r.head.fields.value(FieldId::upgrade));
  }
  auto put = [&out](string_view name, string_view value, FieldId) { out.field(name, value); };
  bool ruled = !settings.field_rules.empty();
  if (ruled) {
    put_ruled(out, r, settings);
  } else {
    each_configured(r, settings, put);
  }
  if (length == kChunkedBody) { out.text("Transfer-Encoding: chunked\r\n"); }
  if (length >= 0) {
    out.text("Content-Length: ");
    out.number(static_cast<uint64_t>(length));
    out.text("\r\n");
  }
  if (settings.pass_request_headers && !ruled) { each_passed(r, settings, put); }
  out.text("\r\n");
  return out.result();
}

}  // namespace sluice::http
