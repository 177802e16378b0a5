#include "http/step.h"

namespace sluice::http {

event::Task<Verdict> Step::wait(Request&) const { co_return Verdict::next; }

}  // namespace sluice::http
