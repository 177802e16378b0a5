// Where answers come from: one object per location that has one. Static files serve where there is none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/task.h"

namespace sluice::conf {
class Build;
class Settings;
}  // namespace sluice::conf

namespace sluice::http {

class Request;

class Content {
 public:
  virtual ~Content() = default;
  // Fills request.response: status, fields, length and where the body comes from. An error is answered by the
  // caller; request.refuse(status) is how a handler says which status.
  virtual event::Task<Result<void>> answer(Request& request) const = 0;
  virtual const char* name() const = 0;
  // For `sluice explain`: where the answer to this request would come from, as name and value, found without
  // asking anybody. False: answer() itself asks nobody but the disk and may be called.
  using Facts = std::vector<std::pair<std::string, std::string>>;
  virtual bool explain(Request&, Facts&) const { return false; }
  // The same for a block inside the one that named it, whose settings may be others.
  virtual const Content* inherited(conf::Build&, const conf::Settings&) const { return this; }
  // A location whose name ends in / answers its name without the slash by a redirect (RFC 3986 relative
  // references would go astray otherwise).
  virtual bool redirects_bare_name() const { return false; }
};

// Set by the directive that names the content: proxy_pass, return … It holds for its own block only.
struct ContentSettings {
  const Content* content = nullptr;
};

// The handler used where no directive chose one: files below root. Registered by static.cc.
struct DefaultContent {
  static inline const Content* instance = nullptr;
};

}  // namespace sluice::http
