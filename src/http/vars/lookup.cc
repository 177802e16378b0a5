#include "http/vars/lookup.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace sluice::http {

namespace {

string_view skip_blanks(string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// "name = value; rest": the value when the text begins so.
Found value_after(string_view text, string_view name) {
  if (!istarts_with(text, name)) { return std::nullopt; }
  text = skip_blanks(text.substr(name.size()));
  if (!text.starts_with('=')) { return std::nullopt; }
  text = skip_blanks(text.substr(1));
  return text.substr(0, text.find(';'));
}

// Joins the values of the fields that `chosen` picks. Nothing is copied when there is one.
template <class Chosen>
Found join(const Fields& fields, string_view separator, Chosen chosen) {
  const Field* first = std::find_if(fields.begin(), fields.end(), chosen);
  if (first == fields.end()) { return std::nullopt; }
  size_t size = first->value.size();
  bool several = false;
  for (const Field* at = first + 1; at != fields.end(); ++at) {
    if (!chosen(*at)) { continue; }
    size += separator.size() + at->value.size();
    several = true;
  }
  if (!several) { return first->value; }
  char* start = fields.arena().characters(size);
  char* to = std::copy(first->value.begin(), first->value.end(), start);
  for (const Field* at = first + 1; at != fields.end(); ++at) {
    if (!chosen(*at)) { continue; }
    to = std::copy(separator.begin(), separator.end(), to);
    to = std::copy(at->value.begin(), at->value.end(), to);
  }
  return string_view(start, size);
}

}  // namespace

Found find_argument(string_view query, string_view name) {
  while (!query.empty()) {
    Split argument = split(query, '&');
    query = argument.tail;
    Split pair = split(argument.head, '=');
    if (pair.found && iequals(pair.head, name)) { return pair.tail; }
  }
  return std::nullopt;
}

Found find_cookie(string_view line, string_view name) {
  while (!line.empty()) {
    if (Found value = value_after(line, name)) { return value; }
    // Old clients separate cookies by commas (RFC 2965).
    size_t end = std::min(line.find_first_of(";,"), line.size());
    line = skip_blanks(line.substr(std::min(end + 1, line.size())));
  }
  return std::nullopt;
}

Found find_set_cookie(string_view line, string_view name) { return value_after(line, name); }

bool is_field(string_view field, string_view variable_name) {
  if (field.size() != variable_name.size()) { return false; }
  return std::equal(field.begin(), field.end(), variable_name.begin(),
                    [](char c, char known) { return known == (c == '-' ? '_' : lower(c)); });
}

Found find_field(const Fields& fields, string_view variable_name, string_view separator) {
  return join(fields, separator, [&](const Field& field) { return is_field(field.name, variable_name); });
}

Found find_field(const Fields& fields, FieldId id, string_view separator) {
  if (!fields.has(id)) { return std::nullopt; }
  return join(fields, separator, [id](const Field& field) { return field.id == id; });
}

Found basic_user(Arena& arena, string_view authorization) {
  constexpr string_view kScheme = "basic ";
  if (!istarts_with(authorization, kScheme)) { return std::nullopt; }
  string_view encoded = skip_blanks(authorization.substr(kScheme.size()));
  char* decoded = arena.characters(base64_room(encoded));
  std::optional<size_t> size = decode_base64(encoded, decoded);
  if (!size) { return std::nullopt; }
  string_view text(decoded, *size);
  size_t colon = text.find(':');
  if (colon == string_view::npos) { return std::nullopt; }
  return text.substr(0, colon);
}

}  // namespace sluice::http
