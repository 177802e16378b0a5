#include "http/vars/map_table.h"

#include "base/text.h"

namespace sluice::http {

const conf::Expression* MapTable::keep(const conf::Expression& result) {
  if (auto at = known_.find(result.text()); at != known_.end()) { return at->second; }
  results_.push_back(result);
  const conf::Expression* kept = &results_.back();
  known_.emplace(kept->text(), kept);
  return kept;
}

MapTable::Added MapTable::add(string_view source, const conf::Expression& result) {
  const conf::Expression* kept = keep(result);
  // The table of masks knows no types: what it is given is not changed through it.
  if (hostnames_) { return masks_.add(source, const_cast<conf::Expression*>(kept)); }
  std::string lowered = to_lower(source);
  longest_ = std::max(longest_, lowered.size());
  return exact_.add(lowered, name_hash(lowered), kept) ? Added::yes : Added::conflict;
}

void MapTable::add(const conf::Matcher& pattern, const conf::Expression& result) {
  patterns_.push_back({&pattern, keep(result)});
}

bool MapTable::set_default(const conf::Expression& result) {
  if (default_ != nullptr) { return false; }
  default_ = keep(result);
  return true;
}

void MapTable::finish() {
  exact_.shrink();
  masks_.shrink();
  patterns_.shrink_to_fit();
  known_ = {};
}

const conf::Expression* MapTable::find_text(conf::Evaluation& in, string_view source) const {
  if (hostnames_) {
    if (source.ends_with('.')) { source.remove_suffix(1); }
    return static_cast<const conf::Expression*>(masks_.find(source));
  }
  if (source.size() > longest_) { return nullptr; }
  constexpr size_t kOnStack = 256;
  char few[kOnStack];
  char* lowered = source.size() <= kOnStack ? few : in.arena().characters(source.size());
  uint32_t hash = kNameHashStart;
  for (size_t i = 0; i < source.size(); ++i) {
    lowered[i] = lower(source[i]);
    hash = name_hash_step(hash, lowered[i]);
  }
  const conf::Expression* const* found = exact_.find({lowered, source.size()}, hash);
  return found == nullptr ? nullptr : *found;
}

const conf::Expression* MapTable::find(conf::Evaluation& in, string_view source) const {
  if (const conf::Expression* found = find_text(in, source)) { return found; }
  for (const Pattern& pattern : patterns_) {
    if (pattern.matcher->match(in, source)) { return pattern.result; }
  }
  return default_;
}

size_t MapTable::footprint() const {
  size_t texts = 0;
  for (const conf::Expression& result : results_) { texts += sizeof result + result.text().size(); }
  return exact_.footprint() + masks_.footprint() + texts;
}

}  // namespace sluice::http
