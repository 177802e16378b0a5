// A path-compressed byte trie from names to small numbers, built once and then only read. One walk over a
// text finds the name equal to it, the longest name that begins it, and the name it lacks only a final '/'
// of. The cost is the length of the text, whatever the number of names; everything lies in three flat arrays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

class PrefixTree {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Name {
    std::string text;
    uint32_t value;
    bool exact;  // found only by the text itself; a name may exist once exact and once as a prefix
  };
  // Consumes `names`. Returns the values of names that were there already; the first one stays.
  std::vector<uint32_t> build(std::vector<Name> names);

  struct Found {
    uint32_t exact = kNone;   // an exact name equal to the text
    uint32_t prefix = kNone;  // the longest prefix name that begins the text
    // Names that are the text and a '/', unless a name is the text itself.
    uint32_t slash_exact = kNone;
    uint32_t slash_prefix = kNone;
  };
  Found find(std::string_view text) const;

  bool empty() const { return nodes_.empty(); }
  size_t nodes() const { return nodes_.size(); }
  size_t footprint() const { return nodes_.size() * sizeof(Node) + firsts_.size() + labels_.size(); }

 private:
  struct Node {
    uint32_t label = 0;     // where in labels_ the bytes behind the first one start
    uint32_t children = 0;  // index of the first; they lie side by side
    uint32_t exact = kNone;
    uint32_t prefix = kNone;
    uint16_t label_size = 0;
    uint16_t child_count = 0;
  };
  struct Work;
  void split_children(const std::vector<Name>& names, const Work& work, std::vector<Work>& queue);
  uint32_t child(const Node& node, char first) const;
  static void note_slash(const Node& node, Found& found);

  std::vector<Node> nodes_;
  std::string firsts_;  // of each node, the first byte of its label: siblings are searched here
  std::string labels_;
};

}  // namespace sluice::http
