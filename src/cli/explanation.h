// What `sluice explain` has found out about a request, and how it is told.
#pragma once

#include <string>
#include <vector>

#include "cli/provenance.h"
#include "cli/trace.h"
#include "http/request.h"

namespace sluice::cli {

// What there is to tell, apart from how it is told.
struct Explanation {
  http::Request& request;
  const http::Port& port;
  const Trace& trace;
  const Provenance& provenance;
  const char* refused;  // why the head itself was; empty when it was not
  bool done;

  std::string text() const;
  std::string json() const;

  const conf::Node* server() const;
  const conf::Node* block_of(const http::Location* location) const;
  // Of the listen directive that the address comes from.
  std::string listen_place() const;
  // How the server was found.
  const char* matched() const;
  std::vector<InForce> settings() const;
  // Whether the answer comes from elsewhere.
  bool asked() const;
  std::string answer() const;
};

}  // namespace sluice::cli
