#include "os/thread_pools.h"

#include <map>
#include <string>
#include <utility>

namespace sluice::os {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct PoolSize {
  uint64_t threads = 32;
  uint64_t max_queue = 65536;
  auto operator<=>(const PoolSize&) const = default;
};
constexpr uint64_t kMostThreads = 1024;

struct ThreadPoolPlan {
  std::map<std::string, PoolSize, std::less<>> pools;
};

ThreadPoolPlan& plan_of(conf::Config& config) { return *config.shared<ThreadPoolPlan>("thread pools"); }

// The numbers behind "threads=" and "max_queue=".
bool take_parameter(Build& build, const Node& node, size_t argument, const Row& row, PoolSize& size) {
  std::string_view text = node.argument(argument);
  bool queue = text.starts_with("max_queue=");
  if (!queue && !text.starts_with("threads=")) {
    conf::invalid_value(build, node, argument, row, "threads=number or max_queue=number");
    return false;
  }
  auto number = conf::parse_number(text.substr(text.find('=') + 1));
  if (!number || (!queue && (*number == 0 || *number > kMostThreads))) {
    conf::invalid_value(build, node, argument, row, queue ? "a number" : "a number from 1 to 1024");
    return false;
  }
  (queue ? size.max_queue : size.threads) = *number;
  return true;
}

void set_thread_pool(Build& build, Scope&, const Node& node, const Row& row) {
  PoolSize size{0, 65536};
  for (size_t i = 1; i < node.argument_count(); ++i) {
    if (!take_parameter(build, node, i, row, size)) { return; }
  }
  if (size.threads == 0) {
    build.error(node.words[0], "\"thread_pool\" needs threads=number");
    return;
  }
  if (!plan_of(build.config).pools.emplace(node.argument(0), size).second) {
    build.error(node.argument_word(0), "duplicate thread pool \"" + node.argument(0) + "\"");
  }
}

struct ThreadPoolSettings {};

const conf::Module<ThreadPoolSettings> module(
    "core",
    {conf::Module<ThreadPoolSettings>::RowSpec(
         "thread_pool", conf::kMain, arguments(2, 3), set_thread_pool,
         "name threads=number [max_queue=number]",
         "Threads of each worker, for aio. They start when they are needed. Work beyond max_queue that "
         "waits for a thread fails.",
         "default threads=32 max_queue=65536")
         .repeating()});

const PoolSize* find_size(const conf::Config& config, std::string_view name) {
  static const PoolSize usual;
  const auto* plan = config.find<ThreadPoolPlan>("thread pools");
  if (plan != nullptr) {
    auto found = plan->pools.find(name);
    if (found != plan->pools.end()) { return &found->second; }
  }
  return name == kDefaultThreadPool ? &usual : nullptr;
}

}  // namespace

bool has_thread_pool(const conf::Config& config, std::string_view name) {
  return find_size(config, name) != nullptr;
}

event::ThreadPool* thread_pool(const conf::Config& config, std::string_view name) {
  // A process that reloads by itself goes on with those whose size stays. Never destroyed: their threads may
  // be at work when the process ends.
  using Pools = std::map<std::pair<std::string, PoolSize>, event::ThreadPool*>;
  static Pools& pools = *new Pools;
  const PoolSize* size = find_size(config, name);
  if (size == nullptr) { return nullptr; }
  event::ThreadPool*& pool = pools[{std::string(name), *size}];
  if (pool == nullptr) { pool = new event::ThreadPool(size->threads, size->max_queue); }
  return pool;
}

}  // namespace sluice::os
