// $proxy_host, $proxy_port.
#include "conf/variable.h"
#include "http/request.h"

namespace sluice::http {

namespace {

conf::Value proxy_host(conf::Evaluation& evaluation, const conf::Variable&) {
  Request& r = request_of(evaluation);
  return r.proxy_host.empty() ? conf::Value() : conf::Value(r.proxy_host);
}

conf::Value proxy_port(conf::Evaluation& evaluation, const conf::Variable&) {
  Request& r = request_of(evaluation);
  if (r.proxy_host.empty() || r.proxy_port == 0) { return {}; }
  return r.arena().copy(std::to_string(r.proxy_port));
}

const conf::VariableRow rows[] = {
    {conf::Realm::http, "proxy_host", proxy_host, "Name and port of the proxied server, as in proxy_pass."},
    {conf::Realm::http, "proxy_port", proxy_port,
     "Port of the proxied server, as in proxy_pass, or the default one."},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
