#include "cli/migration.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "conf/nginx_names.h"

namespace sluice::cli {

namespace {

using conf::Context;
using conf::Diagnostic;
using conf::Node;
using conf::Position;
using Status = MigrationFinding::Status;

// The blocks of nginx that hold directives. What stands in others (map, types, geo) is data.
struct Inner {
  Context outer;
  const char* name;
  Context inner;
};
constexpr Inner kInner[] = {
    {conf::kMain, "events", conf::kEvents},         {conf::kMain, "http", conf::kHttp},
    {conf::kMain, "stream", conf::kStream},         {conf::kHttp, "server", conf::kServer},
    {conf::kHttp, "upstream", conf::kUpstream},     {conf::kServer, "location", conf::kLocation},
    {conf::kServer, "if", conf::kServerIf},         {conf::kLocation, "location", conf::kLocation},
    {conf::kLocation, "if", conf::kLocationIf},     {conf::kLocation, "limit_except", conf::kLimitExcept},
    {conf::kStream, "server", conf::kStreamServer}, {conf::kStream, "upstream", conf::kStreamUpstream},
};

const Inner* inner_of(Context outer, const std::string& name) {
  for (const Inner& one : kInner) {
    if (one.outer == outer && one.name == name) { return &one; }
  }
  return nullptr;
}

// A file that the configuration names and this machine does not have, or does not let us read.
bool is_about_files(const std::string& text) {
  bool call = text.find("() \"") != std::string::npos && text.find(" failed (") != std::string::npos;
  return call || text.find("No such file") != std::string::npos ||
         text.find("Permission denied") != std::string::npos;
}

class Checker {
 public:
  Checker(Migration& out, const conf::Diagnostics& built) : out_(out) {
    for (const Diagnostic* one : built.sorted()) {
      bool error = one->kind == Diagnostic::Kind::error;
      bool note = one->id == "missing-include" || one->at.file == nullptr || is_about_files(one->text);
      if (note) {
        out.notes.push_back(one);
      } else if (error) {
        errors_[one->at.file].emplace(std::pair(one->at.line, one->at.column), one);
      }
    }
  }

  void block(const Node& block, Context context) {
    for (const Node& node : block.children) {
      const Inner* inner = node.block ? inner_of(context, node.name()) : nullptr;
      // A file that several blocks include is told of once.
      const Position& at = node.words[0].at;
      if (seen_.emplace(at.file, at.line, at.column, context).second) { directive(node, context); }
      if (inner != nullptr) { this->block(node, inner->inner); }
    }
  }

 private:
  void add(const Node& node, Context context, Status status, std::string detail) {
    out_.directives.push_back({status, &node, context, std::move(detail)});
  }

  void directive(const Node& node, Context context) {
    bool known_elsewhere = false;
    const conf::Row* row = conf::find_row(node.name(), context, &known_elsewhere);
    if (row == nullptr) {
      add(node, context, Status::unsupported, why_unknown(node.name(), known_elsewhere));
      return;
    }
    if (const Diagnostic* error = error_in(node); error != nullptr) {
      add(node, context, Status::unsupported, error->text);
      return;
    }
    std::string difference = difference_of(*row);
    add(node, context, difference.empty() ? Status::supported : Status::different, difference);
  }

  static std::string why_unknown(const std::string& name, bool known_elsewhere) {
    if (known_elsewhere) {
      return "not supported in this block, but in: " + conf::context_names(conf::contexts_of(name));
    }
    return conf::is_nginx_directive(name) ? "not supported" : "no directive of nginx: of another module?";
  }

  // A row that is accepted for compatibility says so in its manual.
  static std::string difference_of(const conf::Row& row) {
    if (*row.difference != '\0') { return row.difference; }
    std::string_view manual = row.manual;
    if (!manual.starts_with("Accepted")) { return {}; }
    size_t colon = manual.find(": ");
    std::string reason(colon == std::string_view::npos ? "" : manual.substr(colon + 2));
    return "has no effect" + (reason.empty() ? "." : ": " + reason);
  }

  // The first error in the words of this directive; what is in its block is the inner directives'. Lines of
  // a data block are the directive's own.
  const Diagnostic* error_in(const Node& node) const {
    auto file = errors_.find(node.words[0].at.file);
    if (file == errors_.end()) { return nullptr; }
    auto from = file->second.lower_bound({node.words[0].at.line, node.words[0].at.column});
    const conf::Word& last = node.words.back();
    bool data = node.block && std::none_of(std::begin(kInner), std::end(kInner),
                                           [&](const Inner& one) { return one.name == node.name(); });
    auto end = data ? std::pair(node.close.line, node.close.column)
                    : std::pair(last.at.line, last.at.column + std::max(1u, last.length) - 1);
    return from != file->second.end() && from->first <= end ? from->second : nullptr;
  }

  Migration& out_;
  std::map<const conf::SourceFile*, std::multimap<std::pair<uint32_t, uint32_t>, const Diagnostic*>> errors_;
  std::set<std::tuple<const conf::SourceFile*, uint32_t, uint32_t, Context>> seen_;
};

}  // namespace

size_t Migration::count(Status status) const {
  return static_cast<size_t>(
      std::count_if(directives.begin(), directives.end(),
                    [&](const MigrationFinding& one) { return one.status == status; }));
}

Migration check_migration(const conf::Tree& tree, const conf::Diagnostics& built) {
  Migration out;
  Checker(out, built).block(tree.root, conf::kMain);
  return out;
}

}  // namespace sluice::cli
