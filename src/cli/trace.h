// Watches one request on its way through a configuration, for `sluice explain`: the code that serves is what
// runs, with every step and content wrapped in one that notes what it did. Nobody is connected to: a content
// that would, says where it would go.
#pragma once

#include <string>
#include <vector>

#include "http/content.h"
#include "http/explain.h"
#include "http/request.h"

namespace sluice::cli {

struct TraceEvent {
  enum class Kind { location, step, content } kind;
  std::string name;                // of the step or content
  std::string text;                // what it did
  const http::Location* location;  // where
  http::Content::Facts facts;      // of a content
  bool asked = false;              // of a content: the answer would have come from elsewhere
  bool subrequest = false;
};

class Trace final : public http::Watcher {
 public:
  const http::Step* step(Arena& arena, const http::StepRow& row, const http::Step* step) override;
  const http::Content* content(Arena& arena, const http::Content* content) override;

  void entered(http::Request& request);
  void note(http::Request& request, TraceEvent event);
  const std::vector<TraceEvent>& events() const { return events_; }

 private:
  std::vector<TraceEvent> events_;
  const http::Location* last_ = nullptr;         // that was told of
  const http::Location* last_inside_ = nullptr;  // and by a subrequest
};

}  // namespace sluice::cli
