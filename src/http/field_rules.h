// Rules of the configuration that change the fields of a message: what set_header, proxy_add_header and their
// like say, in either direction.
#pragma once

#include <optional>
#include <string>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/field.h"

namespace sluice::http {

class Request;

struct FieldRule {
  enum class Deed : uint8_t {
    set,     // instead of what there is
    add,     // one more
    append,  // behind what there is, as one field (RFC 9110 5.3)
    remove,
  };
  Deed deed = Deed::add;
  std::string name;  // of a prefix: without the star
  FieldId id = FieldId::unknown;
  bool prefix = false;  // remove: all whose name begins so
  conf::Expression value;

  bool touches(FieldId field) const;
};

// How a message is framed and its connection used is said by whoever sends it.
bool is_of_connection(FieldId id);

// Reads "name value" of such a directive; none: told to the build.
std::optional<FieldRule> read_field_rule(conf::Build& build, const conf::Node& node, FieldRule::Deed deed);
// Reads a name of a remove directive, which may end in a star.
std::optional<FieldRule> read_removal(conf::Build& build, const conf::Word& word);
// A field's value. Long ones are written over several lines: those are joined (RFC 9112 5.2).
conf::Expression read_field_value(conf::Build& build, const conf::Word& word);

// The value for this request; what variables hold cannot end the field.
string_view field_value(Request& request, const conf::Expression& value);

// Does what the rule says; an empty value does nothing.
void apply(Request& request, const FieldRule& rule, Fields& fields);

}  // namespace sluice::http
