// proxy_pass to a name that only the request told: its servers are asked for while it waits.
#include "base/clock.h"
#include "http/content/proxy.h"
#include "net/resolver_settings.h"

namespace sluice::http {

namespace {

bool refuse(Request& r) {
  r.answer_with(r.refuse(502));
  return false;
}

}  // namespace

event::Task<bool> resolve_target(Request& r, upstream::AllGroups& groups, ProxyTarget& target) {
  const auto& settings = r.settings<net::ResolverSettings>();
  auto parts = net::split_authority(target.host, target.port);
  if (settings.resolver == nullptr || !parts) {
    SLUICE_REQUEST_LOG(r, error, 0, "no resolver defined to resolve %s", parts ? parts->host.c_str() : "");
    co_return refuse(r);
  }
  net::Resolved found;
  if (!settings.resolver->known(parts->host, found)) {
    uint64_t deadline = clock::now() + settings.timeout.count;
    Result<net::Resolved> answer = co_await settings.resolver->resolve(r.scope, parts->host, deadline);
    if (!answer) { co_return refuse(r); }
    found = std::move(*answer);
  }
  if (found.addresses == nullptr) {
    SLUICE_REQUEST_LOG(r, error, 0, "%s could not be resolved (%d: %s)", parts->host.c_str(), found.code,
                       found.error);
    co_return refuse(r);
  }
  target.made = groups.for_name(target.host, target.port, found.addresses);
  target.group = target.made.get();
  co_return true;
}

}  // namespace sluice::http
