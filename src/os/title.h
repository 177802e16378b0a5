// What ps shows of a process, and its environment, which lies beside it in memory.
#pragma once

#include <string>
#include <vector>

namespace sluice::os {

// Before anything else uses argv or the environment: both move, so that their place can hold a title.
void take_title_room(int argc, char** argv);
// "sluice: worker process"
void set_title(const std::string& title);
// Keeps only TZ and what `kept` names: NAME as it is, NAME=value with that value.
void reduce_environment(const std::vector<std::string>& kept);

}  // namespace sluice::os
