#include "os/privilege.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "config.h"
#include "os/affinity.h"
#include "os/capabilities.h"
#include "os/sandbox.h"
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

// Of root's powers a worker has none. Where `user` is root, it still reads and writes what root can: that is
// what it was asked to be root for.
Capabilities worker_capabilities(const std::optional<Identity>& identity) {
  return identity && identity->user == 0 ? Capabilities{CAP_DAC_OVERRIDE} : Capabilities{};
}

bool drop_privileges(const std::optional<Identity>& identity) {
  Capabilities kept = worker_capabilities(identity);
  limit_bounding_set(kept);  // not possible any more as another user
  if (identity && !become(*identity)) { return false; }
  if (!limit_capabilities(kept)) {
    log::emerg(errno, "capset() failed");
    return false;
  }
  // No program that it could execute gives it more than it has.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    log::emerg(errno, "prctl(PR_SET_NO_NEW_PRIVS) failed");
    return false;
  }
  return true;
}

// After a change of user the kernel writes no core file, and lets nobody else of that user read the memory,
// which holds keys. Who asks for core files gets them. The sanitizers read their own memory through /proc.
void allow_core_files(const ProcessSettings& settings) {
  bool wanted = settings.rlimit_core.value_or(0) > 0 || !settings.working_directory.empty();
  if ((wanted || kSanitized) && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) {
    log::alert(errno, "prctl(PR_SET_DUMPABLE) failed");
  }
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
  if (!drop_privileges(identity)) { return false; }
  if (identity) { allow_core_files(settings); }
  if (!settings.working_directory.empty() && chdir(settings.working_directory.c_str()) != 0) {
    log::alert(errno, "chdir(\"%s\") failed", settings.working_directory.c_str());
    return false;
  }
  return true;
}

}  // namespace sluice::os
