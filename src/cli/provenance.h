// Where the settings of each block came from: recorded while a configuration is built, for `sluice explain`.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "conf/build.h"

namespace sluice::cli {

// A directive that is in force in some block.
struct InForce {
  const conf::Row* row;
  const conf::Node* node;
  const conf::Node* block;  // where it stands
  bool inherited;           // that is a block around
};

class Provenance final : public conf::BuildObserver {
 public:
  void begin(const conf::Scope& scope, const conf::Node& block) override;
  void applied(const conf::Row& row, const conf::Node& node) override;
  void end() override;

  // The block that built `object` (a server, a location), as written; null when none did.
  const conf::Node* block_of(const void* object) const;
  // What holds in the block of `object` and is not as it would be by default, by name.
  std::vector<InForce> in_force(const void* object) const;

 private:
  struct Block {
    const conf::Node* node;
    Block* outer;
    std::vector<std::pair<const conf::Row*, const conf::Node*>> set;
  };
  std::deque<Block> blocks_;
  Block* current_ = nullptr;
  std::unordered_map<const void*, const Block*> by_object_;
};

// "name argument …" on one line.
std::string as_written(const conf::Node& node);
// "file:line"
std::string place_of(const conf::Position& at);

}  // namespace sluice::cli
