// `proxy_store`: what an origin answered is kept as a file. The file appears when it is whole, under its own
// name at once.
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/occasional.h"
#include "conf/build.h"
#include "conf/expression.h"
#include "http/filter.h"
#include "http/request.h"
#include "http/root.h"
#include "os/files.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct StoreSettings {
  enum class Where : uint8_t { off, by_root, named } where = Where::off;
  conf::Expression name;
  mode_t access = 0600;
};

void set_store(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& store = scope.own<StoreSettings>();
  const std::string& word = node.argument(0);
  store.where = word == "off"  ? StoreSettings::Where::off
                : word == "on" ? StoreSettings::Where::by_root
                               : StoreSettings::Where::named;
  if (store.where != StoreSettings::Where::named) { return; }
  if (word.empty()) {
    build.error(node.argument_word(0), "empty path", "\"proxy_store\" takes on, off or the name of a file");
    return;
  }
  store.name = conf::Expression::compile(build, conf::Realm::http, node.argument_word(0));
}

// "user:rw", "group:r", "all:rw".
bool read_access(string_view word, mode_t& access) {
  size_t colon = word.find(':');
  if (colon == string_view::npos) { return false; }
  string_view who = word.substr(0, colon);
  string_view rights = word.substr(colon + 1);
  mode_t bits = rights == "r" ? 4 : rights == "rw" ? 6 : 0;
  int shift = who == "user" ? 6 : who == "group" ? 3 : who == "all" ? 0 : -1;
  if (bits == 0 || shift < 0) { return false; }
  access |= bits << shift;
  return true;
}

void set_access(Build& build, Scope& scope, const Node& node, const Row&) {
  mode_t access = 0;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (read_access(node.argument(i), access)) { continue; }
    build.error(node.argument_word(i), "invalid value \"" + node.argument(i) + "\"",
                "rights are user:, group: or all: with r or rw");
    return;
  }
  scope.own<StoreSettings>().access = access | 0600;
}

const conf::Module<StoreSettings> module(
    "proxy",
    {
        {"proxy_store", conf::kHttpServerLocation, arguments(1), set_store, "on | off | name",
         "Keeps each answer with status 200 as a file: on: where root or alias put the path; else under this "
         "name, which may hold variables. It is written to proxy_temp_path first and appears when it is "
         "whole, "
         "with the time that Last-Modified tells. When its client leaves before, nothing is kept.",
         "off"},
        {"proxy_store_access", conf::kHttpServerLocation, arguments(1, 3), set_access, "users:permissions …",
         "Rights of what proxy_store makes: user:rw group:rw all:r. Folders may be entered by whom they may "
         "be "
         "read.",
         "user:rw"},
    });

void complain(const Request& request, int sys, const char* what, const std::string& name) {
  static Occasional line;
  if (!line.due()) { return; }
  SLUICE_REQUEST_LOG(request, crit, sys, "proxy_store: %s \"%s\" failed, %llu times", what, name.c_str(),
                     static_cast<unsigned long long>(line.times()));
}

// All folders above `name`.
void make_folders(const std::string& name, mode_t access) {
  mode_t enter = (access & 0444) >> 2;
  for (size_t at = name.find('/', 1); at != std::string::npos; at = name.find('/', at + 1)) {
    mkdir(name.substr(0, at).c_str(),
          access | enter);  // that it did not work is seen when the file is put there
  }
}

// rename(), where the two may be on different file systems.
bool move_file(int fd, const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) { return true; }
  if (errno != EXDEV) { return false; }
  std::string beside;
  auto made = os::make_temp_file(to.substr(0, to.rfind('/')), &beside);
  struct stat about {};
  if (!made || fstat(fd, &about) != 0) { return false; }
  off_t at = 0;
  while (at < about.st_size && sendfile(*made, fd, &at, static_cast<size_t>(about.st_size - at)) > 0) {}
  timespec times[2] = {about.st_atim, about.st_mtim};
  bool good = at == about.st_size && fchmod(*made, about.st_mode & 0777) == 0 &&
              futimens(*made, times) == 0 && rename(beside.c_str(), to.c_str()) == 0;
  int sys = errno;
  if (!good) { unlink(beside.c_str()); }
  close(*made);
  unlink(from.c_str());
  errno = sys;
  return good;
}

class Storing final : public BodyFilter {
 public:
  Storing(const Request& request, std::string name, mode_t access)
      : request_(request),
        name_(std::move(name)),
        access_(access),
        modified_(request.response.modified_at()) {
    auto made = os::make_temp_file(*request.response.spill_path, &written_);
    if (made) {
      fd_ = *made;
    } else {
      complain(request_, made.error().sys, "a file in", *request.response.spill_path);
    }
  }
  ~Storing() override { give_up(); }
  Storing(const Storing&) = delete;
  Storing& operator=(const Storing&) = delete;

  bool push(Chain& in, bool last, Chain& out) override {
    write_out(in);
    out.append(std::move(in));
    if (last) { put_in_place(); }
    return true;
  }

 private:
  void write_out(const Chain& in) {
    for (size_t i = 0; i < in.slices() && fd_ >= 0; ++i) {
      const Slice& slice = in.at(i);
      for (uint64_t done = 0; done < slice.size;) {
        ssize_t n = ::write(fd_, slice.data + done, slice.size - done);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) {
          complain(request_, n < 0 ? errno : ENOSPC, "write() to", written_);
          give_up();
          return;
        }
        done += static_cast<uint64_t>(n);
      }
    }
  }

  void put_in_place() {
    if (fd_ < 0) { return; }
    timespec times[2] = {{0, UTIME_NOW}, {modified_, 0}};
    if (modified_ >= 0) { futimens(fd_, times); }
    make_folders(name_, access_);
    if (fchmod(fd_, access_) == 0 && move_file(fd_, written_, name_)) {
      written_.clear();
    } else {
      complain(request_, errno, "putting in place", name_);
    }
    give_up();
  }

  void give_up() {
    if (fd_ >= 0) { close(fd_); }
    if (!written_.empty()) { unlink(written_.c_str()); }
    fd_ = -1;
    written_.clear();
  }

  const Request& request_;
  std::string name_;
  std::string written_;  // the temporary file; empty: there is none
  mode_t access_;
  int64_t modified_;
  int fd_ = -1;
};

// A variable may hold what a client sent.
bool climbs(string_view name) {
  return name.find("/../") != string_view::npos || name.ends_with("/..") ||
         name.find('\0') != string_view::npos;
}

class ProxyStore final : public Filter {
 public:
  explicit ProxyStore(const StoreSettings& settings) : settings_(settings) {}

  void head(Request& request) const override {
    Response& response = request.response;
    bool whole = response.from_upstream && response.status == 200 && !request.is_head() &&
                 response.source != nullptr && response.spill_path != nullptr;
    if (!whole) { return; }
    std::string name = name_of(request);
    if (name.empty()) { return; }
    response.add(request.arena().own<Storing>(request, std::move(name), settings_.access));
  }

 private:
  std::string name_of(Request& request) const {
    if (settings_.where == StoreSettings::Where::by_root) {
      return std::string(map_file(request, request.path).name);
    }
    std::string name(settings_.name.evaluate(request));
    if (climbs(name)) {
      SLUICE_REQUEST_LOG(request, error, 0, "proxy_store: the name \"%s\" leads out of its folder",
                         name.c_str());
      return {};
    }
    return name.starts_with('/') ? name : request.config.paths.from_prefix(name);
  }
  const StoreSettings& settings_;
};

const Filter* make_store(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<StoreSettings>();
  return own.where == StoreSettings::Where::off ? nullptr : arena.own<ProxyStore>(own);
}

const FilterRow row = {"proxy_store", stage::kStore, make_store};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
