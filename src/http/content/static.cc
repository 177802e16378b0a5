// Files: what serves where no directive names another content. A path that ends in a slash is answered by
// `index`, then `autoindex`.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "http/conditional.h"
#include "http/content.h"
#include "http/content/autoindex.h"
#include "http/content/index.h"
#include "http/request.h"
#include "http/root.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

// Up to here a file is copied once into memory and leaves with the head in one write; beyond, the kernel
// sends it from its own cache.
constexpr uint64_t kReadWhole = 64 << 10;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) { ::close(fd_); }
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Verdict refuse_file(Request& request, const char* call, string_view name, int error) {
  bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
  bool denied = error == EACCES;
  if (missing && !request.core().log_not_found) { return request.refuse(404); }
  auto level = missing || denied ? log::Level::error : log::Level::crit;
  SLUICE_LOG(request.log(), level, &request, error, "%s \"%s\" failed", call, name.data());
  return request.refuse(missing ? 404 : denied ? 403 : 500);
}

Verdict refuse_kind(Request& request, string_view name) {
  SLUICE_REQUEST_LOG(request, error, 0, "\"%s\" is not a regular file", name.data());
  return request.refuse(404);
}

Verdict redirect_to_folder(Request& request) {
  Arena& arena = request.arena();
  string_view target = arena.join(escape_uri(arena, request.path), "/");
  if (!request.query.empty()) { target = arena.join(target, "?", request.query); }
  request.redirect_externally(301, target);
  return Verdict::done;
}

void describe_file(Request& request, const struct stat& status) {
  Response& response = request.response;
  Arena& arena = request.arena();
  response.status = 200;
  response.length = status.st_size;
  response.last_modified = status.st_mtime;
  response.ranges_allowed = true;
  char* date = arena.characters(clock::kHttpDateSize);
  clock::write_http_date(date, status.st_mtime);
  response.fields.add(FieldId::last_modified, {date, clock::kHttpDateSize});
  if (request.core().etag) {
    response.fields.add(FieldId::etag,
                        make_etag(arena, status.st_mtime, static_cast<uint64_t>(status.st_size)));
  }
  const CoreSettings& core = request.core();
  const MimeTypes& types = core.types != nullptr ? *core.types : MimeTypes::built_in();
  string_view type = types.find(request.path);
  response.content_type = type.empty() ? string_view(core.default_type) : type;
}

// False: it could not be read. A file that became shorter meanwhile is announced as what was read.
bool read_whole(Response& response, int fd) {
  auto size = static_cast<size_t>(response.length);
  BufferRef buffer(Buffer::make(size));
  size_t have = 0;
  while (have < size) {
    ssize_t got = ::pread(fd, buffer->data() + have, size - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) { continue; }
    if (got < 0) { return false; }
    if (got == 0) { break; }
    have += static_cast<size_t>(got);
  }
  string_view text(buffer->data(), have);
  response.length = static_cast<int64_t>(have);
  response.body.append(text, std::move(buffer));
  return true;
}

// Whether all of the body will leave as far as can be told: otherwise reading it may be in vain.
bool wants_whole(const Fields& fields) {
  return !fields.has(FieldId::range) && !fields.has(FieldId::if_none_match) &&
         !fields.has(FieldId::if_modified_since) && !fields.has(FieldId::if_match) &&
         !fields.has(FieldId::if_unmodified_since);
}

Verdict send_file(Request& request, File file, string_view name) {
  Response& response = request.response;
  auto size = static_cast<uint64_t>(response.length);
  if (request.is_head() || size == 0) { return Verdict::done; }
  if (size <= kReadWhole && wants_whole(request.head.fields)) {
    bool read = read_whole(response, file.fd());
    return read ? Verdict::done : refuse_file(request, "pread()", name, errno);
  }
  auto* kept = request.arena().own<File>(std::move(file));
  response.body.append_file(kept->fd(), 0, size);
  return Verdict::done;
}

Verdict answer_file(Request& request) {
  MappedFile mapped = map_file(request, request.path);
  if (mapped.refused != 0) { return request.refuse(mapped.refused); }
  string_view name = mapped.name;
  // Not to be held up by a pipe, nor to be given a terminal.
  File file(::open(name.data(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open() && errno == ENXIO) { return refuse_kind(request, name); }
  if (!file.is_open()) { return refuse_file(request, "open()", name, errno); }
  struct stat status;
  if (::fstat(file.fd(), &status) != 0) { return refuse_file(request, "fstat()", name, errno); }
  if (S_ISDIR(status.st_mode)) { return redirect_to_folder(request); }
  if (!S_ISREG(status.st_mode)) { return refuse_kind(request, name); }
  if (request.head.method == Method::post) { return request.refuse(405); }
  describe_file(request, status);
  return send_file(request, std::move(file), name);
}

Verdict answer_folder(Request& request) {
  MappedFile folder = map_file(request, request.path);
  if (folder.refused != 0) { return request.refuse(folder.refused); }
  Verdict verdict = answer_with_index(request, folder.name);
  if (verdict == Verdict::next) { verdict = answer_with_list(request, folder.name); }
  if (verdict != Verdict::next) { return verdict; }
  SLUICE_REQUEST_LOG(request, error, 0, "directory index of \"%s\" is forbidden", folder.name.data());
  return request.refuse(403);
}

Verdict answer_now(Request& request) {
  Method method = request.head.method;
  bool served = method == Method::get || method == Method::head || method == Method::post;
  if (!served) { return request.refuse(405); }
  return request.path.ends_with('/') ? answer_folder(request) : answer_file(request);
}

class StaticFiles final : public Content {
 public:
  StaticFiles() { DefaultContent::instance = this; }

  bool explain(Request& request, Facts& facts) const override {
    MappedFile mapped = map_file(request, request.path);
    bool folder = request.path.ends_with('/');
    if (mapped.refused == 0) { facts.emplace_back(folder ? "folder" : "file", std::string(mapped.name)); }
    return false;
  }
  event::Task<Result<void>> answer(Request& request) const override {
    request.answer_with(answer_now(request));
    co_return Result<void>();
  }
  const char* name() const override { return "static"; }
};

const StaticFiles static_files;

}  // namespace

}  // namespace sluice::http
