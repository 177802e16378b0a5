// `thread_pool`: threads for calls that may block, by name. Each process has its own, made when first used.
#pragma once

#include <string_view>

#include "conf/build.h"
#include "event/thread_pool.h"

namespace sluice::os {

inline constexpr std::string_view kDefaultThreadPool = "default";

// Null: the configuration has none of that name. "default" is always there. Stays for the process's life.
event::ThreadPool* thread_pool(const conf::Config& config, std::string_view name);
bool has_thread_pool(const conf::Config& config, std::string_view name);

}  // namespace sluice::os
