#include "http/content/precompressed.h"

#include <algorithm>

#include "conf/build.h"
#include "http/compression.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct Coding {
  const char* name;
  const char* suffix;
};
// Those behind are taken when a client likes them more.
constexpr Coding kCodings[] = {{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}};

enum class Use : uint8_t { off, on, always };

struct PrecompressedSettings {
  Use use[std::size(kCodings)] = {};
  bool any = false;
};
using S = PrecompressedSettings;

template <size_t coding>
void set_use(Build& build, Scope& scope, const Node& node, const Row& row) {
  constexpr const char* kWords[] = {"off", "on", "always"};
  const std::string& word = node.argument(0);
  auto found = std::find(std::begin(kWords), std::end(kWords), word);
  if (found == std::end(kWords)) { return conf::invalid_value(build, node, 0, row, "on, off or always"); }
  S& settings = scope.own<S>();
  settings.use[coding] = static_cast<Use>(found - std::begin(kWords));
  settings.any =
      std::any_of(std::begin(settings.use), std::end(settings.use), [](Use use) { return use != Use::off; });
}

const conf::Module<S> module(
    "http",
    {
        {"brotli_static", conf::kHttpServerLocation, arguments(1), set_use<0>, "on | off | always",
         "As gzip_static, for files named .br.", "off"},
        {"zstd_static", conf::kHttpServerLocation, arguments(1), set_use<1>, "on | off | always",
         "As gzip_static, for files named .zst.", "off"},
        {"gzip_static", conf::kHttpServerLocation, arguments(1), set_use<2>, "on | off | always",
         "Whether clients that accept it are sent the file of the same name with .gz behind it, when there "
         "is "
         "one; always: whether they accept it or not. The directives gzip_http_version, gzip_proxied, "
         "gzip_disable and gzip_vary count. Nobody looks whether it is as new as the file it stands for.",
         "off"},
    });

struct Candidate {
  const Coding* coding;
  int wanted;
  bool always;
};

bool is_there(Request& request, string_view name, FoundFile& found) {
  found = open_file(request, name);
  if (found.error == 0) { return found.status.regular; }
  if (status_of_missing(found.error) != 404) {
    SLUICE_REQUEST_LOG(request, error, found.error, "%s \"%s\" failed", found.call, name.data());
  }
  return false;
}

}  // namespace

bool has_precompressed(const Request& request) { return request.settings<S>().any; }

PrecompressedFile open_precompressed(Request& request, string_view name, bool& beside) {
  const S& settings = request.settings<S>();
  Candidate candidates[std::size(kCodings)];
  size_t count = 0;
  for (size_t i = 0; i < std::size(kCodings); ++i) {
    if (settings.use[i] == Use::off) { continue; }
    bool always = settings.use[i] == Use::always;
    Candidate candidate{&kCodings[i], coding_wanted(request, kCodings[i].name), always};
    // What nobody asked for comes last, and is looked for only to tell others that it is there.
    size_t place = count++;
    for (; place > 0 && candidates[place - 1].wanted < candidate.wanted; --place) {
      candidates[place] = candidates[place - 1];
    }
    candidates[place] = candidate;
  }
  beside = false;
  for (size_t i = 0; i < count; ++i) {
    const Candidate& candidate = candidates[i];
    bool usable = candidate.wanted > 0 || candidate.always;
    if (!usable && (beside || !request.settings<CompressionSettings>().vary)) { continue; }
    string_view sibling = request.arena().join(name, candidate.coding->suffix, string_view("", 1));
    sibling.remove_suffix(1);
    PrecompressedFile file;
    if (!is_there(request, sibling, file.found)) { continue; }
    beside = beside || !candidate.always;
    if (!usable) { continue; }
    file.coding = candidate.coding->name;
    return file;
  }
  return {};
}

}  // namespace sluice::http
