// How the sizes of proxying's buffers must fit together. Answers are sent as they are read here, so
// proxy_busy_buffers_size and proxy_temp_file_write_size have nothing to bound; but a configuration that
// nginx would refuse is not accepted silently.
#include <algorithm>

#include "conf/build.h"
#include "http/content/proxy.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using P = ProxySettings;

constexpr uint64_t kPage = 4096;  // what nginx takes where nothing is said
constexpr uint32_t kLeastBuffers = 2;

void check(Build& build, const Node& node, const P& proxy) {
  uint64_t head = proxy.buffer_size.bytes != 0 ? proxy.buffer_size.bytes : kPage;
  uint64_t piece = proxy.buffers_given ? proxy.buffers.size : kPage;
  uint64_t least = std::max(head, piece);
  const std::string rule =
      "must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the "
      "\"proxy_buffers\"";
  uint64_t busy = proxy.busy_buffers_size.bytes;
  uint64_t all_but_one = (proxy.buffers.count - 1) * piece;
  uint64_t temporary = proxy.max_temp_file_size.bytes;
  uint64_t written = proxy.temp_file_write_size.bytes;
  if (busy != 0 && busy < least) { build.error(node.words[0], "\"proxy_busy_buffers_size\" " + rule); }
  if (busy > all_but_one) {
    build.error(
        node.words[0],
        "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer");
  }
  if (written != 0 && written < least) {
    build.error(node.words[0], "\"proxy_temp_file_write_size\" " + rule);
  }
  if (temporary != 0 && temporary < least) {
    build.error(node.words[0],
                "\"proxy_max_temp_file_size\" must be equal to zero to disable temporary files "
                "usage or " +
                    rule);
  }
}

}  // namespace

void check_proxy_buffers(Build& build, Scope& scope, const Node& node) {
  P& proxy = scope.own<P>();
  if (proxy.buffers.count < kLeastBuffers) {
    build.error(node.words[0], "there must be at least 2 \"proxy_buffers\"");
    return;
  }
  // Once the whole block was read; one of its directives speaks for all.
  if (proxy.checked_for == &scope) { return; }
  proxy.checked_for = &scope;
  build.later([&build, &node, &proxy] { check(build, node, proxy); });
}

}  // namespace sluice::http
