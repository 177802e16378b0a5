#include "http/prefix_tree.h"

#include <algorithm>
#include <cstring>

namespace sluice::http {

// The names [low, high) share their first `depth` bytes and live below `node`.
struct PrefixTree::Work {
  uint32_t node;
  size_t low, high, depth;
};

namespace {

size_t common_prefix(std::string_view a, std::string_view b, size_t from) {
  size_t most = std::min(a.size(), b.size());
  while (from < most && a[from] == b[from]) { ++from; }
  return from;
}

}  // namespace

std::vector<uint32_t> PrefixTree::build(std::vector<Name> names) {
  std::vector<uint32_t> duplicates;
  nodes_.clear();
  firsts_.clear();
  labels_.clear();
  if (names.empty()) { return duplicates; }
  std::stable_sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.text < b.text; });
  nodes_.push_back(Node{});
  firsts_.push_back('\0');
  std::vector<Work> queue{{0, 0, names.size(), 0}};
  for (size_t next = 0; next < queue.size(); ++next) {
    Work work = queue[next];
    Node& node = nodes_[work.node];
    for (; work.low < work.high && names[work.low].text.size() == work.depth; ++work.low) {
      const Name& name = names[work.low];
      uint32_t& slot = name.exact ? node.exact : node.prefix;
      if (slot == kNone) {
        slot = name.value;
      } else {
        duplicates.push_back(name.value);
      }
    }
    split_children(names, work, queue);
  }
  nodes_.shrink_to_fit();
  firsts_.shrink_to_fit();
  labels_.shrink_to_fit();
  return duplicates;
}

// Sorted names with the same next byte are neighbours: each such run becomes a child, its label as long as
// what the first and the last of the run share.
void PrefixTree::split_children(const std::vector<Name>& names, const Work& work, std::vector<Work>& queue) {
  uint32_t children = static_cast<uint32_t>(nodes_.size());
  for (size_t low = work.low; low < work.high;) {
    char first = names[low].text[work.depth];
    size_t high = low + 1;
    while (high < work.high && names[high].text[work.depth] == first) { ++high; }
    size_t depth = common_prefix(names[low].text, names[high - 1].text, work.depth + 1);
    depth = std::min(depth, work.depth + 1 + UINT16_MAX);  // the rest of a giant becomes a child of its own
    Node node;
    node.label = static_cast<uint32_t>(labels_.size());
    node.label_size = static_cast<uint16_t>(depth - work.depth - 1);
    labels_.append(names[low].text, work.depth + 1, node.label_size);
    queue.push_back({static_cast<uint32_t>(nodes_.size()), low, high, depth});
    nodes_.push_back(node);
    firsts_.push_back(first);
    low = high;
  }
  nodes_[work.node].children = children;
  nodes_[work.node].child_count = static_cast<uint16_t>(nodes_.size() - children);
}

uint32_t PrefixTree::child(const Node& node, char first) const {
  const char* begin = firsts_.data() + node.children;
  if (node.child_count <= 1) { return node.child_count == 1 && *begin == first ? node.children : kNone; }
  const void* at = memchr(begin, first, node.child_count);
  return at == nullptr ? kNone : node.children + static_cast<uint32_t>(static_cast<const char*>(at) - begin);
}

void PrefixTree::note_slash(const Node& node, Found& found) {
  found.slash_exact = node.exact;
  found.slash_prefix = node.prefix;
}

PrefixTree::Found PrefixTree::find(std::string_view text) const {
  Found found;
  if (nodes_.empty()) { return found; }
  const Node* node = &nodes_[0];
  size_t at = 0;
  for (;;) {
    if (node->prefix != kNone) { found.prefix = node->prefix; }
    bool ends = at == text.size();
    uint32_t next = child(*node, ends ? '/' : text[at]);
    if (ends) {
      found.exact = node->exact;
      bool named = node->exact != kNone || node->prefix != kNone;
      if (!named && next != kNone && nodes_[next].label_size == 0) { note_slash(nodes_[next], found); }
      return found;
    }
    if (next == kNone) { return found; }
    node = &nodes_[next];
    std::string_view rest = text.substr(at + 1);
    const char* label = labels_.data() + node->label;
    if (rest.size() >= node->label_size) {
      if (node->label_size > 0 && memcmp(rest.data(), label, node->label_size) != 0) { return found; }
      at += 1 + node->label_size;
      continue;
    }
    if (rest.size() + 1 == node->label_size && label[rest.size()] == '/' &&
        memcmp(rest.data(), label, rest.size()) == 0) {
      note_slash(*node, found);
    }
    return found;
  }
}

}  // namespace sluice::http
