// Finding one value by name in what a client or an origin sent: query arguments, cookies, fields named as
// variables name them. Pure: views into the text, or copies in the arena where lines must be joined.
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/field.h"

namespace sluice::http {

using Found = std::optional<string_view>;

// $arg_name: the first "name=value" of a query, the name in any case; not decoded. An argument without "="
// has no value.
Found find_argument(string_view query, string_view name);

// $cookie_name in the value of one Cookie field: the name in any case, values as they are.
Found find_cookie(string_view line, string_view name);

// $upstream_cookie_name: the value that one Set-Cookie field gives to the cookie.
Found find_set_cookie(string_view line, string_view name);

// Whether a field "User-Agent" is the one that a variable calls user_agent.
bool is_field(string_view field, string_view variable_name);

// All fields that a variable so calls, in their order, joined.
Found find_field(const Fields& fields, string_view variable_name, string_view separator);
Found find_field(const Fields& fields, FieldId id, string_view separator);

// The user of "Basic …" credentials.
Found basic_user(Arena& arena, string_view authorization);

}  // namespace sluice::http
