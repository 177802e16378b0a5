// geo: a variable whose value depends on an address.
#include <arpa/inet.h>

#include "base/text.h"
#include "http/forwarded_address.h"
#include "http/vars/declared.h"
#include "http/vars/geo_table.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;
using net::Network;

struct Geo {
  const conf::Variable* address = nullptr;
  bool binary = false;  // the address is 4 or 16 bytes and no text
  GeoTable table;
  std::vector<Network> proxies;
  bool recursive = false;
  const conf::Variable* forwarded_for = nullptr;  // when there are proxies
};

// What is no address counts as this one, as nginx has it: also a client of a unix socket.
constexpr IpNumber kNoAddress = IpNumber{false, 0, UINT32_MAX};

conf::Value get_geo(conf::Evaluation& in, const conf::Variable& variable) {
  Evaluating now(variable);
  if (now.in_circle()) { return {}; }
  const Geo& geo = *static_cast<const Geo*>(variable.data);
  string_view text = in.get(*geo.address).text;
  IpNumber address = (geo.binary ? IpNumber::from_bytes(text) : IpNumber::parse(text)).value_or(kNoAddress);
  if (geo.forwarded_for != nullptr) {
    address = forwarded_address(address, in.get(*geo.forwarded_for).text, geo.proxies, geo.recursive);
  }
  return {geo.table.find(address)};
}

struct Range {
  IpNumber first, last;
};

std::optional<Range> parse_range(string_view text) {
  Split ends = split(text, '-');
  auto first = IpNumber::parse(trim(ends.head));
  auto last = IpNumber::parse(trim(ends.tail));
  if (!ends.found || !first || !last || first->v6 != last->v6 || *last < *first) { return std::nullopt; }
  return Range{*first, *last};
}

std::string shown(const IpNumber& number) {
  char bytes[16];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(number.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(number.low >> (56 - 8 * i));
  }
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(number.v6 ? AF_INET6 : AF_INET, number.v6 ? bytes : bytes + 12, text, sizeof text);
  return text;
}

// One block while it is read.
class Reader {
 public:
  Reader(Build& build, const Scope& scope, Geo& geo) : build_(build), scope_(scope), geo_(geo) {}

  void read(const Node& line, bool first) {
    const Word& word = line.words[0];
    if (line.block) {
      build_.error(word, "unexpected \"{\"", kEntry);
    } else if (line.argument_count() == 0) {
      read_word(word, first);
    } else if (line.argument_count() > 1) {
      build_.error(word, "invalid number of the geo parameters", kEntry);
    } else if (word.text == "default") {
      set_default(word, line.argument(0));
    } else if (word.text == "proxy") {
      add_proxy(line.argument_word(0));
    } else if (word.text == "delete") {
      remove(line.argument_word(0));
    } else {
      ranges_ ? add_range(word, line.argument(0)) : add_network(word, line.argument(0));
    }
  }

 private:
  static constexpr const char* kEntry = "an entry of geo is: address value;";

  void read_word(const Word& word, bool first) {
    if (word.text == "ranges") {
      ranges_ = true;
      if (!first) {
        build_.error(word, "the \"ranges\" directive must be the first directive inside \"geo\" block");
      }
    } else if (word.text == "proxy_recursive") {
      geo_.recursive = true;
    } else if (word.text != "volatile") {
      build_.error(word, "invalid number of the geo parameters", kEntry);
    }
  }

  void warn_replaced(const Word& word, string_view value, const GeoTable::Outcome& outcome) {
    if (outcome.added != GeoTable::Added::replaced) { return; }
    build_.diagnostics.warn(word, std::string("duplicate ") + (ranges_ ? "range" : "network") + " \"" +
                                      word.text + "\", value: \"" + std::string(value) + "\", old value: \"" +
                                      std::string(outcome.old) + "\"");
  }

  void set_default(const Word& word, const std::string& value) {
    if (ranges_) {
      if (default_set_) {
        build_.diagnostics.warn(word, "duplicate default geo range value: \"" + value + "\"");
      }
      default_set_ = true;
      geo_.table.set_default(value);
      return;
    }
    // The same as the networks that are everything.
    auto v4 = geo_.table.add(*Network::parse("0.0.0.0/0"), value);
    auto v6 = geo_.table.add(*Network::parse("::/0"), value);
    warn_replaced(word, value, v4.added == GeoTable::Added::replaced ? v4 : v6);
  }

  std::optional<Network> network(const Word& word) {
    auto parsed = Network::parse(word.text);
    if (!parsed) {
      build_.error(word, "invalid network \"" + word.text + "\"",
                   "it is an address, or one with the length of the mask: 192.0.2.0/24, 2001:db8::/32");
    } else if (parsed->low_bits) {
      build_.diagnostics.warn(word, "low address bits of " + word.text + " are meaningless");
    }
    return parsed;
  }

  std::optional<Range> range(const Word& word) {
    auto parsed = parse_range(word.text);
    if (!parsed) {
      build_.error(word, "invalid range \"" + word.text + "\"",
                   "it is two addresses, the lower one first: 192.0.2.1-192.0.2.9");
    }
    return parsed;
  }

  void add_network(const Word& word, const std::string& value) {
    if (auto parsed = network(word)) { warn_replaced(word, value, geo_.table.add(*parsed, value)); }
  }

  void add_range(const Word& word, const std::string& value) {
    auto parsed = range(word);
    if (!parsed) { return; }
    auto outcome = geo_.table.add_range(parsed->first, parsed->last, value);
    warn_replaced(word, value, outcome);
    if (outcome.added == GeoTable::Added::overlaps) {
      build_.error(word, "range \"" + word.text + "\" overlaps \"" + shown(outcome.first) + "-" +
                             shown(outcome.last) + "\"");
    }
  }

  void remove(const Word& word) {
    if (ranges_) {
      auto parsed = range(word);
      if (parsed && !geo_.table.remove_range(parsed->first, parsed->last)) {
        build_.diagnostics.warn(word, "no address range \"" + word.text + "\" to delete");
      }
    } else if (auto parsed = network(word); parsed && !geo_.table.remove(*parsed)) {
      build_.diagnostics.warn(word, "no network \"" + word.text + "\" to delete");
    }
  }

  void add_proxy(const Word& word) {
    auto parsed = network(word);
    if (!parsed) { return; }
    geo_.proxies.push_back(*parsed);
    geo_.forwarded_for = &build_.config.variables(realm_of(scope_)).use("http_x_forwarded_for", word);
  }

  Build& build_;
  const Scope& scope_;
  Geo& geo_;
  bool ranges_ = false;
  bool default_set_ = false;
};

void set_geo(Build& build, Scope& scope, const Node& node, const Row&) {
  auto* geo = build.arena().own<Geo>();
  bool cached = true;
  for (const Node& line : node.children) {
    cached = cached && !(line.argument_count() == 0 && line.name() == "volatile");
  }
  size_t last = node.argument_count() - 1;
  declare(build, scope, node.argument_word(last), get_geo, geo, cached);
  geo->binary = last == 0;
  string_view source = geo->binary ? "binary_remote_addr" : declared_name(build, node.argument_word(0));
  if (source.empty()) { return; }
  geo->address = &build.config.variables(realm_of(scope)).use(source, node.argument_word(0));
  Reader reader(build, scope, *geo);
  for (const Node& line : node.children) { reader.read(line, &line == node.children.data()); }
  geo->table.finish();
}

struct GeoSettings {};

const conf::Module<GeoSettings> module(
    "geo",
    {
        conf::Module<GeoSettings>::RowSpec(
            "geo", conf::kHttp, arguments(1, 2), set_geo, "[$address] $variable",
            "Declares a variable whose value depends on the client's address, or on that in the variable "
            "named first. Each line of the block is a network (192.0.2.0/24, 2001:db8::/32, or one address) "
            "and a value; the narrowest network counts. \"default\" is the value elsewhere, else it is "
            "empty. With \"ranges;\" as the first line addresses are given as 192.0.2.1-192.0.2.9 instead; "
            "a range inside another is cut out of it. \"delete\" takes a network or range away again. When "
            "the client is in a network that \"proxy\" names, the last address of X-Forwarded-For counts, "
            "with \"proxy_recursive;\" the last that is not such a proxy. What is no address, such as a "
            "client of a unix socket, is looked up as 255.255.255.255. With \"volatile;\" the value is "
            "found anew each time it is asked for.")
            .block()
            .repeating(),
    },
    conf::Inherit::no);

}  // namespace

}  // namespace sluice::http
