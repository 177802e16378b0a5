#include "os/privilege.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "config.h"
#include "os/affinity.h"
#include "os/settings.h"

namespace sluice::os {

namespace {

void set_limit(int which, const char* shown, std::optional<uint64_t> value) {
  if (!value) { return; }
  rlimit limit{*value, *value};
  if (setrlimit(static_cast<__rlimit_resource_t>(which), &limit) != 0) {
    log::alert(errno, "setrlimit(%s, %llu) failed", shown, static_cast<unsigned long long>(*value));
  }
}

void set_limits(const ProcessSettings& settings) {
  set_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", settings.rlimit_nofile);
  set_limit(RLIMIT_CORE, "RLIMIT_CORE", settings.rlimit_core);
  if (settings.worker_priority && setpriority(PRIO_PROCESS, 0, *settings.worker_priority) != 0) {
    log::alert(errno, "setpriority(%d) failed", *settings.worker_priority);
  }
}

void set_processors(const ProcessSettings& settings, unsigned number) {
  if (settings.affinity.empty()) { return; }
  const cpu_set_t& mask = mask_for(settings.affinity, settings.affinity_auto, number);
  if (sched_setaffinity(0, sizeof mask, &mask) != 0) { log::alert(errno, "sched_setaffinity() failed"); }
}

bool become(const Identity& identity) {
  if (setgid(identity.group) != 0) {
    log::emerg(errno, "setgid(%d) failed", static_cast<int>(identity.group));
    return false;
  }
  if (initgroups(identity.name.c_str(), identity.group) != 0) {
    log::emerg(errno, "initgroups(%s, %d) failed", identity.name.c_str(), static_cast<int>(identity.group));
    return false;
  }
  if (setuid(identity.user) != 0) {
    log::emerg(errno, "setuid(%d) failed", static_cast<int>(identity.user));
    return false;
  }
  return true;
}

}  // namespace

bool worker_identity(const conf::Config& config, std::optional<Identity>& identity) {
  if (geteuid() != 0) { return true; }
  const ProcessSettings& settings = process_settings(config);
  bool given = !settings.user.empty();
  std::string name = given ? settings.user : SLUICE_USER;
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr) {
    log::emerg(errno, "getpwnam(\"%s\") failed", name.c_str());
    return false;
  }
  identity = Identity{name, user->pw_uid, user->pw_gid};
  std::string wanted = given ? settings.group : SLUICE_GROUP;
  if (const group* found = getgrnam(wanted.empty() ? name.c_str() : wanted.c_str()); found != nullptr) {
    identity->group = found->gr_gid;
  }
  return true;
}

bool become_worker(const conf::Config& config, unsigned number) {
  const ProcessSettings& settings = process_settings(config);
  set_limits(settings);
  set_processors(settings, number);
  std::optional<Identity> identity;
  if (!worker_identity(config, identity)) { return false; }
  if (identity && !become(*identity)) { return false; }
  // After a change of user the kernel writes no core file unless asked to.
  if (identity && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) {
    log::alert(errno, "prctl(PR_SET_DUMPABLE) failed");
  }
  if (!settings.working_directory.empty() && chdir(settings.working_directory.c_str()) != 0) {
    log::alert(errno, "chdir(\"%s\") failed", settings.working_directory.c_str());
    return false;
  }
  return true;
}

}  // namespace sluice::os
