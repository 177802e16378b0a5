// `add_header` and `add_trailer`: fields of the configuration's own.
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "conf/build.h"
#include "conf/expression.h"
#include "http/field_rules.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct AddedField {
  std::string name;
  FieldId id = FieldId::unknown;
  conf::Expression value;
  bool always = false;
};

// What the blocks around say counts only where a block says nothing itself, unless told otherwise.
struct AddedFields {
  enum class Inherit : uint8_t { usual, off, merge };
  Inherit inherit = Inherit::usual;
  std::vector<AddedField> own;
  std::vector<AddedField> inherited;

  std::vector<AddedField> effective() const {
    if (inherit == Inherit::off) { return own; }
    if (inherit == Inherit::usual) { return own.empty() ? inherited : own; }
    std::vector<AddedField> all = own;
    all.insert(all.end(), inherited.begin(), inherited.end());
    return all;
  }
  // Whether a block that says nothing is different from the one around it.
  bool changes_inward() const { return inherit == Inherit::off && !own.empty(); }
  void enter_block() {
    inherited = effective();
    own.clear();
  }
};

struct AddedSettings {
  AddedFields headers, trailers;
  const Scope* block = nullptr;  // that these settings were last changed in
};

AddedSettings& settings_in(Scope& scope) {
  auto& settings = scope.own<AddedSettings>();
  if (settings.block != &scope) {
    settings.block = &scope;
    settings.headers.enter_block();
    settings.trailers.enter_block();
  }
  return settings;
}

void begin_block(Scope& scope) {
  const auto& around = scope.get<AddedSettings>();
  if (around.headers.changes_inward() || around.trailers.changes_inward()) { settings_in(scope); }
}

const BlockRow block_row{begin_block};
const BlockRegistration block_registered(block_row);

// Framing is made by the protocol: a second word on it would only break the connection.
bool is_framing(FieldId id) {
  return id == FieldId::content_length || id == FieldId::transfer_encoding || id == FieldId::connection;
}

template <AddedFields AddedSettings::*member>
void set_added(Build& build, Scope& scope, const Node& node, const Row&) {
  AddedField field;
  field.name = node.argument(0);
  field.id = field_id(field.name);
  if (!is_token(field.name)) {
    build.error(node.argument_word(0), "invalid header name \"" + field.name + "\"");
    return;
  }
  field.always = node.argument_count() == 3;
  if (field.always && node.argument(2) != "always") {
    build.error(node.argument_word(2), "invalid parameter \"" + node.argument(2) + "\"",
                "only \"always\" may follow");
    return;
  }
  field.value = read_field_value(build, node.argument_word(1));
  if (is_framing(field.id)) {
    build.diagnostics.warn(node.argument_word(0), "\"" + field.name + "\" is ignored",
                           "the field is made from how the body is sent", "ignored-header");
    return;
  }
  (settings_in(scope).*member).own.push_back(std::move(field));
}

template <AddedFields AddedSettings::*member>
void set_inherit(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& inherit = (settings_in(scope).*member).inherit;
  const std::string& word = node.argument(0);
  if (word == "on") {
    inherit = AddedFields::Inherit::usual;
  } else if (word == "off") {
    inherit = AddedFields::Inherit::off;
  } else if (word == "merge") {
    inherit = AddedFields::Inherit::merge;
  } else {
    conf::invalid_value(build, node, 0, row, "\"on\", \"off\" or \"merge\"");
  }
}

constexpr uint32_t kEverywhere = conf::kHttpServerLocation | conf::kLocationIf;
using RowSpec = conf::Module<AddedSettings>::RowSpec;

const conf::Module<AddedSettings> module(
    "http",
    {
        RowSpec(
            "add_header", kEverywhere, arguments(2, 3), set_added<&AddedSettings::headers>,
            "name value [always]",
            "Adds a field to answers with status 200, 201, 204, 206, 301, 302, 303, 304, 307 or 308; with "
            "always, to every answer. The value may contain variables; an empty one adds nothing. "
            "Last-Modified and ETag replace what is there. A block inherits these only when it has none "
            "of its own.")
            .repeating(),
        RowSpec("add_trailer", kEverywhere, arguments(2, 3), set_added<&AddedSettings::trailers>,
                "name value [always]",
                "Adds a field behind the body of an answer, as add_header does before it. The body is then "
                "sent chunked.")
            .repeating(),
        {"add_header_inherit", kEverywhere, arguments(1), set_inherit<&AddedSettings::headers>,
         "on | off | merge",
         "Whether a block takes the add_header of the blocks around it: when it has none of its own (on), "
         "never "
         "(off), or always, behind its own (merge). Inner blocks inherit the rule.",
         "on"},
        {"add_trailer_inherit", kEverywhere, arguments(1), set_inherit<&AddedSettings::trailers>,
         "on | off | merge", "As add_header_inherit, for add_trailer.", "on"},
    });

bool is_usual(uint16_t status) {
  return status == 200 || status == 201 || status == 204 || status == 206 ||
         (status >= 301 && status <= 304) || status == 307 || status == 308;
}

void add(Request& request, const AddedField& field) {
  Response& response = request.response;
  string_view value = field_value(request, field.value);
  if (field.id == FieldId::last_modified) {
    response.last_modified = clock::parse_http_date(value).value_or(-1);
  }
  if (field.id == FieldId::last_modified || field.id == FieldId::etag) { response.fields.remove(field.id); }
  if (!value.empty()) { response.fields.add({field.name, value, field.id}); }
}

class AddFields final : public Filter {
 public:
  explicit AddFields(const AddedSettings& settings)
      : headers_(settings.headers.effective()), trailers_(settings.trailers.effective()) {}

  bool empty() const { return headers_.empty() && trailers_.empty(); }

  void head(Request& request) const override {
    bool usual = is_usual(request.response.status);
    for (const AddedField& field : headers_) {
      if (usual || field.always) { add(request, field); }
    }
    for (const AddedField& field : trailers_) {
      if (!usual && !field.always) { continue; }
      string_view value = field_value(request, field.value);
      if (!value.empty()) { request.response.trailers.add({field.name, value, field.id}); }
    }
  }

 private:
  std::vector<AddedField> headers_, trailers_;
};

const Filter* make_headers(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<AddedSettings>();
  if (own.block == nullptr) { return nullptr; }
  auto* filter = arena.own<AddFields>(own);
  return filter->empty() ? nullptr : filter;
}

const FilterRow row = {"headers", stage::kHeaders, make_headers};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
