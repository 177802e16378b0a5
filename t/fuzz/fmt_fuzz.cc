// Any text that parses is formatted; that keeps its meaning, and once is enough.
// sources: src/base/*.cc src/conf/*.cc
#include <cstdlib>
#include <string>

#include "conf/format.h"

namespace {

using namespace sluice::conf;

bool same(const Node& a, const Node& b) {
  if (a.block != b.block || a.words.size() != b.words.size() || a.children.size() != b.children.size()) {
    return false;
  }
  for (size_t i = 0; i < a.words.size(); ++i) {
    if (a.words[i].text != b.words[i].text || a.words[i].quoted != b.words[i].quoted) { return false; }
  }
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!same(a.children[i], b.children[i])) { return false; }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Formatted once = format_text("fuzz.conf", std::string(reinterpret_cast<const char*>(data), size));
  if (once.diagnostics.failed()) { return 0; }
  Formatted twice = format_text("fuzz.conf", once.text);
  if (twice.diagnostics.failed() || twice.text != once.text || !same(once.tree.root, twice.tree.root)) {
    abort();
  }
  return 0;
}
