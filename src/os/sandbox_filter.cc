#include "os/sandbox_filter.h"

#include <cerrno>

#include "config.h"

#if SLUICE_HAVE_SECCOMP

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/log.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace sluice::os {

namespace {

using std::string_view;

// By name, because not every kernel and processor has all of them: what serving calls, and what the C library
// and the others call instead elsewhere or later.
constexpr string_view kAllowed =
    // descriptors
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek close "
    "close_range dup dup2 dup3 fcntl fcntl64 flock pipe pipe2 sendfile sendfile64 splice tee "
    "copy_file_range fsync fdatasync sync_file_range ftruncate ftruncate64 fallocate fadvise64 "
    "fadvise64_64 readahead "
    // files
    "open openat openat2 creat stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64 statx "
    "statfs statfs64 fstatfs fstatfs64 access faccessat faccessat2 readlink readlinkat mkdir mkdirat "
    "rmdir unlink unlinkat rename renameat renameat2 link linkat chmod fchmod fchmodat fchmodat2 umask "
    "utime utimes futimesat utimensat utimensat_time64 getdents getdents64 getcwd "
    // sockets
    "socketpair connect bind listen accept accept4 getsockname getpeername getsockopt setsockopt send "
    "sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 shutdown "
    // waiting
    "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll ppoll_time64 "
    "select _newselect pselect6 pselect6_time64 eventfd eventfd2 timerfd_create timerfd_settime "
    "timerfd_settime64 timerfd_gettime timerfd_gettime64 signalfd signalfd4 inotify_init inotify_init1 "
    "inotify_add_watch inotify_rm_watch nanosleep clock_nanosleep clock_nanosleep_time64 "
    // time
    "clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time times "
    // memory
    "munmap mremap madvise brk mlock mlock2 munlock msync mincore memfd_create membarrier "
    // threads and signals
    "futex futex_time64 futex_waitv set_robust_list get_robust_list rseq set_tid_address sched_yield "
    "sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max "
    "sched_get_priority_min arch_prctl set_thread_area exit exit_group rt_sigaction rt_sigprocmask "
    "rt_sigreturn sigreturn rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64 rt_sigsuspend "
    "sigaltstack restart_syscall "
    // who and where this is
    "getpid getppid gettid getpgrp getpgid getsid getuid getuid32 geteuid geteuid32 getgid getgid32 "
    "getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 getpriority "
    "capget uname sysinfo getrusage getrlimit ugetrlimit getcpu getrandom ";

// Only somebody who has taken over the worker calls these.
constexpr string_view kDeadly =
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd "
    "kcmp mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fsconfig fspick "
    "mount_setattr unshare setns bpf perf_event_open kexec_load kexec_file_load init_module "
    "finit_module delete_module create_module setuid setuid32 setgid setgid32 setreuid setreuid32 "
    "setregid setregid32 setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 setfsuid "
    "setfsuid32 setfsgid setfsgid32 capset reboot swapon swapoff acct sethostname setdomainname "
    "settimeofday clock_settime clock_settime64 adjtimex clock_adjtime clock_adjtime64 iopl ioperm "
    "modify_ldt keyctl add_key request_key quotactl quotactl_fd mknod mknodat open_by_handle_at "
    "name_to_handle_at syslog vhangup uselib personality ";

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)), otherwise_(otherwise) {}
  ~Filter() {
    if (context_ != nullptr) { seccomp_release(context_); }
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void set(scmp_filter_attr attribute, uint32_t value) {
    if (context_ != nullptr) { seccomp_attr_set(context_, attribute, value); }
  }
  // A call that the library or the processor does not know cannot be made either.
  void add(uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    int number = seccomp_syscall_resolve_name(name);
    bool said = action == otherwise_;  // the library refuses a rule that says nothing new
    if (context_ == nullptr || number == __NR_SCMP_ERROR || failure_ != 0 || said) { return; }
    failure_ = -seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(arguments.size()),
                                       arguments.begin());
  }
  void add_all(uint32_t action, string_view names) {
    while (!names.empty()) {
      size_t end = names.find(' ');
      add(action, std::string(names.substr(0, end)).c_str());
      names.remove_prefix(end + 1);
    }
  }
  int load() {
    if (context_ == nullptr) { return ENOMEM; }
    return failure_ != 0 ? failure_ : -seccomp_load(context_);
  }

 private:
  scmp_filter_ctx context_;
  uint32_t otherwise_;
  int failure_ = 0;
};

scmp_arg_cmp equal(unsigned argument, uint64_t value) { return SCMP_CMP64(argument, SCMP_CMP_EQ, value); }
scmp_arg_cmp masked(unsigned argument, uint64_t mask, uint64_t value) {
  return SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value);
}

// Calls that are good or bad by what they are asked.
void add_particulars(Filter& filter) {
  for (int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    filter.add(SCMP_ACT_ALLOW, "socket", {equal(0, static_cast<uint64_t>(family))});
  }
  // A thread shares everything; a process would be out of the master's sight.
  filter.add(SCMP_ACT_ALLOW, "clone", {masked(0, CLONE_THREAD, CLONE_THREAD)});
  filter.add(SCMP_ACT_KILL_PROCESS, "clone", {masked(0, CLONE_THREAD, 0)});
  // Its flags are in memory, where no filter sees them. The C library then uses clone().
  filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  // Memory that can be written cannot be executed: regular expressions were compiled by the master.
  for (const char* map : {"mmap", "mmap2"}) {
    filter.add(SCMP_ACT_ALLOW, map, {masked(2, PROT_EXEC, 0)});
    filter.add(SCMP_ACT_ALLOW, map, {masked(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)});
    filter.add(SCMP_ACT_ERRNO(EPERM), map, {masked(2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE)});
  }
  filter.add(SCMP_ACT_ALLOW, "mprotect", {masked(2, PROT_EXEC, 0)});
  filter.add(SCMP_ACT_ERRNO(EPERM), "mprotect", {masked(2, PROT_EXEC, PROT_EXEC)});
  for (uint64_t request : {uint64_t{FIONREAD}, uint64_t{FIONBIO}, uint64_t{TCGETS}, uint64_t{TIOCOUTQ}}) {
    filter.add(SCMP_ACT_ALLOW, "ioctl", {equal(1, request)});
  }
  for (uint64_t option : {uint64_t{PR_SET_NAME}, uint64_t{PR_GET_NAME}, uint64_t{PR_SET_VMA}}) {
    filter.add(SCMP_ACT_ALLOW, "prctl", {equal(0, option)});
  }
  auto self = static_cast<uint64_t>(getpid());
  filter.add(SCMP_ACT_ALLOW, "tgkill", {equal(0, self)});               // abort()
  filter.add(SCMP_ACT_ALLOW, "kill", {equal(1, 0)});                    // whether a process is there
  filter.add(SCMP_ACT_ALLOW, "prlimit64", {equal(0, 0), equal(2, 0)});  // reading its own limits
}

// -- telling what was refused -------------------------------------------------------------------------

#if defined(__x86_64__)
greg_t& result_register(ucontext_t& context) { return context.uc_mcontext.gregs[REG_RAX]; }
#elif defined(__aarch64__)
unsigned long long& result_register(ucontext_t& context) { return context.uc_mcontext.regs[0]; }
#else
#define SLUICE_CANNOT_EXPLAIN 1
#endif

#ifndef SLUICE_CANNOT_EXPLAIN

// Runs where the call would have been made, so nothing else is interrupted.
void refused(int, siginfo_t* info, void* context) {
  int saved = errno;
  char* name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);
  log::debug(0, "the sandbox refused system call %d (%s)", info->si_syscall,
             name != nullptr ? name : "unknown");
  free(name);
  result_register(*static_cast<ucontext_t*>(context)) = -ENOSYS;
  errno = saved;
}

bool prepare_to_explain() {
  struct sigaction action {};
  action.sa_sigaction = refused;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGSYS, &action, nullptr) == 0;
}

#else
bool prepare_to_explain() { return false; }
#endif

}  // namespace

int load_filter(bool explain) {
  bool trap = explain && prepare_to_explain();
  Filter filter(trap ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(ENOSYS));
  filter.set(SCMP_FLTATR_API_SYSRAWRC, 1);  // the kernel's errors as they are
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree instead of a list
  filter.set(SCMP_FLTATR_CTL_SSB, 1);       // no slower memory: nothing of a stranger's is executed here
  filter.add_all(SCMP_ACT_ALLOW, kAllowed);
  filter.add_all(SCMP_ACT_KILL_PROCESS, kDeadly);
  add_particulars(filter);
  return filter.load();
}

}  // namespace sluice::os

#else

namespace sluice::os {
int load_filter(bool) { return ENOSYS; }
}  // namespace sluice::os

#endif
