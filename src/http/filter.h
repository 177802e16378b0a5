// What changes answers on their way out. A filter exists in a location only where its settings ask for it; it
// sees the head once, and when it also changes bodies it puts a BodyFilter into the response.
#pragma once

#include "base/arena.h"
#include "base/chain.h"
#include "base/registry.h"
#include "conf/directive.h"

namespace sluice::http {

class Request;

class Filter {
 public:
  virtual ~Filter() = default;
  // Before the head is written: may change status, fields, length and body, or add a body filter.
  virtual void head(Request& request) const = 0;
  // Whether it is for subrequests as well: what they answer becomes part of another answer, whose conditions,
  // fields and ranges are judged there.
  virtual bool in_subrequests() const { return false; }
};

// Stages, from the content to the client. The order is part of their meaning: conditions are judged on what
// the origin or the file said; words are replaced in text, not in what was compressed; ranges are cut out of
// what would have been sent.
namespace stage {
inline constexpr int kStore = 5;         // proxy_store: what the origin sent
inline constexpr int kNotModified = 10;  // 304, 412
inline constexpr int kHeaders = 20;      // expires, add_header
inline constexpr int kDecompress = 30;   // gunzip
inline constexpr int kSubstitute = 40;   // sub_filter
inline constexpr int kCharset = 50;
// add_before_body, add_after_body: what subrequests answer has met the stages before this one already.
inline constexpr int kAddition = 60;
inline constexpr int kCompress = 70;  // gzip
inline constexpr int kRange = 80;
inline constexpr int kRead = 90;  // files that are read rather than sent by sendfile
}  // namespace stage

// Registered by the feature: make() returns null where the settings do not ask for the filter.
struct FilterRow {
  const char* name;
  int stage;
  const Filter* (*make)(Arena& arena, const conf::Settings& settings);
};
using FilterRegistration = Registry<const FilterRow>::Entry;

// Changes the body as it passes. Owned by the request's arena. All it gets is memory: files were read.
class BodyFilter {
 public:
  virtual ~BodyFilter() = default;
  // Takes all of `in` and appends what may go on to `out`; `last`: nothing follows. False: the body cannot be
  // completed; the client's connection is broken off.
  virtual bool push(Chain& in, bool last, Chain& out) = 0;
  BodyFilter* next = nullptr;
};

// Work at a request's end, after the last byte: access log, counters. In `order`.
struct FinishRow {
  const char* name;
  int order;
  void (*finish)(Request& request);
};
using FinishRegistration = Registry<const FinishRow>::Entry;

}  // namespace sluice::http
