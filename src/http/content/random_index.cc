#include "http/content/random_index.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "conf/build.h"
#include "http/file_lookup.h"
#include "http/request.h"

namespace sluice::http {

namespace {

struct RandomIndexSettings {
  bool on = false;
};

const conf::Module<RandomIndexSettings> module(
    "random_index",
    {
        {"random_index", conf::kLocation, &RandomIndexSettings::on, "on | off",
         "Whether a path that ends in a slash is answered by one of the folder's files, chosen "
         "at random each time. Files that begin with a dot are left out. Without any, index "
         "and autoindex are asked.",
         "off"},
    });

bool is_file(int folder, const dirent& entry) {
  if (entry.d_name[0] == '.') { return false; }
  struct stat status;
  return ::fstatat(folder, entry.d_name, &status, 0) == 0 && S_ISREG(status.st_mode);
}

uint32_t random_below(uint32_t limit) {
  uint32_t number = 0;
  [[maybe_unused]] ssize_t got = ::getrandom(&number, sizeof number, 0);
  return static_cast<uint32_t>(uint64_t{number} * limit >> 32);
}

// Each as likely as the others: the nth takes the place of the one chosen before with a chance of 1 to n.
string_view choose(Request& request, DIR* folder) {
  string_view chosen;
  uint32_t seen = 0;
  while (const dirent* entry = ::readdir(folder)) {
    if (!is_file(::dirfd(folder), *entry)) { continue; }
    if (random_below(++seen) == 0) { chosen = request.arena().copy(entry->d_name); }
  }
  return chosen;
}

Verdict refuse_folder(Request& request, string_view folder, int error) {
  SLUICE_REQUEST_LOG(request, error, error, "opendir() \"%s\" failed", folder.data());
  return request.refuse(status_of_missing(error));
}

}  // namespace

Verdict answer_with_any(Request& request, string_view folder) {
  bool reads = request.head.method != Method::post;
  if (!request.settings<RandomIndexSettings>().on || !reads) { return Verdict::next; }
  int fd = open_path(guarded_path(request, folder), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) { return refuse_folder(request, folder, errno); }
  std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(fd), ::closedir);
  if (open == nullptr) {
    ::close(fd);
    return refuse_folder(request, folder, ENOMEM);
  }
  string_view chosen = choose(request, open.get());
  if (chosen.empty()) { return Verdict::next; }
  return request.redirect_internally(request.arena().join(request.path, chosen), request.query,
                                     request.has_query);
}

}  // namespace sluice::http
