// Files: what serves where no directive names another content. A path that ends in a slash is answered by
// `index`, then `autoindex`.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "http/compression.h"
#include "http/conditional.h"
#include "http/content.h"
#include "http/content/autoindex.h"
#include "http/content/index.h"
#include "http/content/precompressed.h"
#include "http/content/random_index.h"
#include "http/file_lookup.h"
#include "http/file_source.h"
#include "http/request.h"
#include "http/root.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

// Up to here a file is copied once into memory and leaves with the head in one write; beyond, the kernel
// sends it from its own cache.
constexpr uint64_t kReadWhole = 64 << 10;

Verdict refuse_file(Request& request, const char* call, string_view name, int error) {
  uint16_t status = status_of_missing(error);
  if (status == 404 && !request.core().log_not_found) { return request.refuse(404); }
  auto level = status != 500 ? log::Level::error : log::Level::crit;
  SLUICE_LOG(request.log(), level, &request, error, "%s \"%s\" failed", call, name.data());
  return request.refuse(status);
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

void describe_file(Request& request, const FileStatus& status) {
  Response& response = request.response;
  Arena& arena = request.arena();
  response.status = 200;
  response.length = status.size;
  response.last_modified = status.modified;
  response.ranges_allowed = true;
  char* date = arena.characters(clock::kHttpDateSize);
  clock::write_http_date(date, status.modified);
  response.fields.add(FieldId::last_modified, {date, clock::kHttpDateSize});
  if (request.core().etag) {
    response.fields.add(FieldId::etag, make_etag(arena, status.modified, static_cast<uint64_t>(status.size)));
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

// Files that are read rather than sent have their own ways.
void prepare_reading(const FileReadSettings& settings, const OpenFile& file, uint64_t size) {
  if (settings.read_ahead.bytes > 0) { ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL); }
  // A file system that cannot do it reads as usual.
  if (size >= settings.direct_from) { ::fcntl(file.fd(), F_SETFL, O_DIRECT | O_NONBLOCK); }
}

Verdict send_file(Request& request, OpenFile file, string_view name) {
  Response& response = request.response;
  auto size = static_cast<uint64_t>(response.length);
  if (request.is_head() || size == 0) { return Verdict::done; }
  const auto& settings = request.settings<FileReadSettings>();
  if (settings.special()) { prepare_reading(settings, file, size); }
  if (size <= kReadWhole && !settings.reads() && wants_whole(request.head.fields)) {
    bool read = read_whole(response, file.fd());
    return read ? Verdict::done : refuse_file(request, "pread()", name, errno);
  }
  auto* kept = request.arena().own<OpenFile>(std::move(file));
  response.body.append_file(kept->fd(), 0, size);
  return Verdict::done;
}

Verdict send_precompressed(Request& request, PrecompressedFile file, string_view name) {
  if (request.head.method == Method::post) { return request.refuse(405); }
  describe_file(request, file.found.status);
  request.response.ranges_allowed = false;
  request.response.fields.add(FieldId::content_encoding, file.coding);
  return send_file(request, std::move(file.found.file), name);
}

Verdict answer_file(Request& request) {
  MappedFile mapped = map_file(request, request.path);
  if (mapped.refused != 0) { return request.refuse(mapped.refused); }
  string_view name = mapped.name;
  bool beside = false;
  if (has_precompressed(request)) {
    PrecompressedFile compressed = open_precompressed(request, name, beside);
    if (beside) { tell_vary(request); }
    if (compressed.coding != nullptr) { return send_precompressed(request, std::move(compressed), name); }
  }
  FoundFile found = open_file(request, name);
  if (found.error == ENXIO) { return refuse_kind(request, name); }
  if (found.error != 0) { return refuse_file(request, found.call, name, found.error); }
  if (found.status.folder) { return redirect_to_folder(request); }
  if (!found.status.regular) { return refuse_kind(request, name); }
  if (request.head.method == Method::post) { return request.refuse(405); }
  describe_file(request, found.status);
  return send_file(request, std::move(found.file), name);
}

Verdict answer_folder(Request& request) {
  MappedFile folder = map_file(request, request.path);
  if (folder.refused != 0) { return request.refuse(folder.refused); }
  Verdict verdict = answer_with_any(request, folder.name);
  if (verdict == Verdict::next) { verdict = answer_with_index(request, folder.name); }
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
