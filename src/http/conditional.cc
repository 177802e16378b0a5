#include "http/conditional.h"

#include <charconv>

#include "base/clock.h"
#include "base/text.h"

namespace sluice::http {

namespace {

bool is_weak(string_view etag) { return etag.starts_with("W/"); }
string_view opaque(string_view etag) { return is_weak(etag) ? etag.substr(2) : etag; }

// entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; a backslash is nothing special (RFC 9110 8.8.3). Returns the
// tag that `list` starts with, or an empty view.
string_view leading_etag(string_view list) {
  size_t open = is_weak(list) ? 2 : 0;
  if (open >= list.size() || list[open] != '"') { return {}; }
  size_t close = list.find('"', open + 1);
  return close == string_view::npos ? string_view() : list.substr(0, close + 1);
}

enum class Held : uint8_t { absent, yes, no };

// Several lines of one field are one list.
template <class Test>
Held any_line(const Fields& request, FieldId id, Test test) {
  if (!request.has(id)) { return Held::absent; }
  Held held = Held::absent;
  for (const Field& field : request) {
    if (field.id == id && held != Held::yes) { held = test(field.value) ? Held::yes : Held::no; }
  }
  return held;
}

Held match_field(const Fields& request, FieldId id, const Validators& validators, bool weakly) {
  return any_line(request, id, [&](string_view value) {
    return value == "*" || etag_listed(value, validators.etag, weakly);
  });
}

// A date that cannot be read, or nothing to compare it with: as if the field were absent.
Held unmodified_since(const Fields& request, const Validators& validators) {
  const Field* field = request.find(FieldId::if_unmodified_since);
  if (field == nullptr || validators.last_modified < 0) { return Held::absent; }
  auto date = clock::parse_http_date(field->value);
  if (!date) { return Held::absent; }
  return validators.last_modified <= *date ? Held::yes : Held::no;
}

bool not_modified_since(const Fields& request, const Validators& validators, ModifiedSince mode) {
  const Field* field = request.find(FieldId::if_modified_since);
  if (field == nullptr || validators.last_modified < 0 || mode == ModifiedSince::off) { return false; }
  auto date = clock::parse_http_date(field->value);
  if (!date) { return false; }
  return mode == ModifiedSince::exact ? validators.last_modified == *date : validators.last_modified <= *date;
}

}  // namespace

bool etags_match_weakly(string_view a, string_view b) { return !a.empty() && opaque(a) == opaque(b); }

bool etags_match_strongly(string_view a, string_view b) { return !a.empty() && !is_weak(a) && a == b; }

bool etag_listed(string_view list, string_view etag, bool weakly) {
  while (!list.empty()) {
    string_view member = leading_etag(list);
    string_view rest = trim(list.substr(member.size()));
    bool complete = rest.empty() || rest[0] == ',';  // else junk up to the comma: no member
    if (complete && !member.empty() &&
        (weakly ? etags_match_weakly(member, etag) : etags_match_strongly(member, etag))) {
      return true;
    }
    size_t comma = rest.find(',');
    list = comma == string_view::npos ? string_view() : trim(rest.substr(comma + 1));
  }
  return false;
}

Precondition check_preconditions(Method method, const Fields& request, const Validators& validators,
                                 ModifiedSince mode) {
  Held match = match_field(request, FieldId::if_match, validators, false);
  if (match == Held::no) { return Precondition::failed; }
  if (match == Held::absent && unmodified_since(request, validators) == Held::no) {
    return Precondition::failed;
  }
  bool reads = method == Method::get || method == Method::head;
  Held none_match = match_field(request, FieldId::if_none_match, validators, true);
  if (none_match == Held::yes) { return reads ? Precondition::not_modified : Precondition::failed; }
  if (none_match == Held::absent && reads && not_modified_since(request, validators, mode)) {
    return Precondition::not_modified;
  }
  return Precondition::proceed;
}

bool range_applies(Method method, const Fields& request, const Validators& validators) {
  if (method != Method::get || request.find(FieldId::range) == nullptr) { return false; }
  const Field* field = request.find(FieldId::if_range);
  if (field == nullptr) { return true; }
  string_view tag = leading_etag(field->value);
  if (!tag.empty()) {
    return tag.size() == field->value.size() && etags_match_strongly(tag, validators.etag);
  }
  auto date = clock::parse_http_date(field->value);
  return date && validators.last_modified >= 0 && *date == validators.last_modified;
}

string_view make_etag(Arena& arena, int64_t last_modified, uint64_t size) {
  char* begin = arena.characters(40);
  char* at = begin;
  *at++ = '"';
  at = std::to_chars(at, at + 17, static_cast<uint64_t>(last_modified), 16).ptr;
  *at++ = '-';
  at = std::to_chars(at, at + 17, size, 16).ptr;
  *at++ = '"';
  return {begin, static_cast<size_t>(at - begin)};
}

}  // namespace sluice::http
