// For `sluice explain`: sees each step and each content of a configuration as it is built, and may put
// another one in its place that watches it. There is none while serving, and requests know nothing of it.
#pragma once

#include "base/arena.h"

namespace sluice::http {

class Content;
class Step;
struct StepRow;

class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual const Step* step(Arena& arena, const StepRow& row, const Step* step) = 0;
  virtual const Content* content(Arena& arena, const Content* content) = 0;

  static inline Watcher* instance = nullptr;
};

}  // namespace sluice::http
