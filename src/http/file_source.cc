#include "http/file_source.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "conf/build.h"
#include "http/request.h"
#include "os/thread_pools.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using S = FileReadSettings;

constexpr uint64_t kMemoryHead = 64;

// --- settings ---

void set_pool(Build& build, S& settings, const conf::Word& word, string_view name) {
  settings.pool = conf::Expression::compile(build, conf::Realm::http, word, name);
  if (!settings.pool.constant()) { return; }
  build.later([&build, &word, pool = std::string(name)] {
    if (!os::has_thread_pool(build.config, pool)) {
      build.error(word, "unknown thread pool \"" + pool + "\"", "thread_pool makes one");
    }
  });
}

void set_aio(Build& build, Scope& scope, const Node& node, const Row& row) {
  constexpr string_view kThreads = "threads";
  string_view text = node.argument(0);
  bool named = text.starts_with("threads=") && text.size() > kThreads.size() + 1;
  if (text != "on" && text != "off" && text != kThreads && !named) {
    conf::invalid_value(build, node, 0, row, "on, off, threads or threads=pool");
    return;
  }
  S& settings = scope.own<S>();
  settings.threads = text != "off";
  settings.pool = conf::Expression::literal(os::kDefaultThreadPool);
  if (named) { set_pool(build, settings, node.argument_word(0), text.substr(kThreads.size() + 1)); }
}

void set_directio(Build& build, Scope& scope, const Node& node, const Row& row) {
  if (node.argument(0) == "off") {
    scope.own<S>().direct_from = UINT64_MAX;
    return;
  }
  auto size = conf::parse_size(node.argument(0));
  if (!size) { return conf::invalid_value(build, node, 0, row, "off or a size such as 4m"); }
  scope.own<S>().direct_from = size->bytes;
}

void set_alignment(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto size = conf::parse_size(node.argument(0));
  bool power = size && size->bytes != 0 && (size->bytes & (size->bytes - 1)) == 0;
  if (!power || size->bytes > 1 << 20) {
    return conf::invalid_value(build, node, 0, row, "a power of two such as 512 or 4k");
  }
  scope.own<S>().direct_alignment = *size;
}

void set_output_buffers(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto count = conf::parse_number(node.argument(0));
  auto size = conf::parse_size(node.argument(1));
  if (!count || *count == 0 || *count > 100'000) {
    conf::invalid_value(build, node, 0, row, "a number of buffers");
  } else if (!size || size->bytes == 0 || size->bytes > 1 << 30) {
    conf::invalid_value(build, node, 1, row, "a size such as 32k");
  } else {
    scope.own<S>().output_buffers = {static_cast<uint32_t>(*count), size->bytes};
  }
}

const conf::Module<S> module(
    "http",
    {
        {"aio", conf::kHttpServerLocation, arguments(1), set_aio, "on | off | threads[=pool]",
         "Whether reading files may not hold up a worker: what is not in the system's cache is read by "
         "threads "
         "of a thread_pool, whose name may contain variables. on is the same as threads.",
         "off"},
        {"directio", conf::kHttpServerLocation, arguments(1), set_directio, "size | off",
         "Files of this size and larger are read around the system's cache (O_DIRECT).", "off"},
        {"directio_alignment", conf::kHttpServerLocation, arguments(1), set_alignment, "size",
         "Alignment of reads around the system's cache; 4k for XFS.", "512"},
        {"read_ahead", conf::kHttpServerLocation, &S::read_ahead, "size",
         "Unless 0, the system is told that files are read from begin to end. How much it reads in advance "
         "is "
         "its own decision.",
         "0"},
        {"output_buffers", conf::kHttpServerLocation, arguments(2), set_output_buffers, "number size",
         "Buffers for reading a file where it is read: when filters change it, and with aio or directio. All "
         "others are sent by sendfile, or in one piece.",
         "2 32k"},
    });

}  // namespace

// --- reading ---

// One read by a thread. It has a descriptor of its own, and memory that is given back when the thread is done
// with it: the request may be gone by then.
class FileSource::Read final : public event::ThreadJob {
 public:
  Read(FileSource& owner, int fd) : owner_(&owner), fd_(fd) {}
  ~Read() override { ::close(fd_); }
  static void* operator new(size_t size) { return pool::take(size); }
  static void operator delete(void* memory, size_t size) { pool::give(memory, size); }

  int fd() const { return fd_; }
  bool running() const { return running_; }
  bool finished() const { return finished_; }
  ssize_t result() const { return result_; }
  int error() const { return error_; }

  // Room for `size` bytes from `offset` on, more where the alignment asks for it.
  void prepare(off_t offset, uint64_t size, uint64_t alignment) {
    uint64_t align = std::max<uint64_t>(alignment, 1);
    skip_ = static_cast<uint64_t>(offset) % align;
    from_ = offset - static_cast<off_t>(skip_);
    wanted_ = size;
    room_ = (skip_ + size + align - 1) / align * align;
    memory_ = BufferRef(Buffer::make(room_ + align - 1));
    auto at = reinterpret_cast<uintptr_t>(memory_->data());
    to_ = memory_->data() + (align - at % align) % align;
  }
  void begin() { running_ = true; }
  // The bytes that were asked for, as far as there are any.
  string_view text() const {
    auto got = static_cast<uint64_t>(std::max<ssize_t>(result_, 0));
    return got <= skip_ ? string_view() : string_view(to_ + skip_, std::min(got - skip_, wanted_));
  }
  BufferRef take_memory() {
    finished_ = false;
    return std::move(memory_);
  }
  void read(int flags = 0) {
    iovec vector{to_, room_};
    do {
      result_ = flags == 0 ? ::pread(fd_, to_, room_, from_) : ::preadv2(fd_, &vector, 1, from_, flags);
    } while (result_ < 0 && errno == EINTR);
    error_ = result_ < 0 ? errno : 0;
  }
  // Whoever asked is gone.
  void abandon() {
    owner_ = nullptr;
    if (!running_) { delete this; }
  }

 private:
  void work() override { read(); }
  void done() override {
    running_ = false;
    finished_ = true;
    if (owner_ == nullptr) {
      delete this;
      return;
    }
    owner_->ready_.set();
  }

  FileSource* owner_;
  int fd_;
  BufferRef memory_;
  char* to_ = nullptr;
  off_t from_ = 0;
  uint64_t room_ = 0, skip_ = 0, wanted_ = 0;
  ssize_t result_ = 0;
  int error_ = 0;
  bool running_ = false;
  bool finished_ = false;
};

FileSource::FileSource(Chain&& body, Source* next, const Plan& plan)
    : body_(std::move(body)), next_(next), plan_(plan) {}

FileSource::~FileSource() {
  if (read_ != nullptr) { read_->abandon(); }
}

uint64_t FileSource::source_patience() const {
  return relays() ? next_->source_patience() : event::kNoDeadline;
}

void FileSource::source_timed_out() {
  if (relays()) { next_->source_timed_out(); }
}

FileSource::Got FileSource::fail(int error) {
  error_ = {What::internal, Side::self, Retry::no, error, "reading a file"};
  return Got::nothing;
}

FileSource::Got FileSource::take(Chain& to) {
  string_view text = read_->text();
  BufferRef memory = read_->take_memory();
  if (read_->result() < 0) { return fail(read_->error()); }
  if (text.empty()) { return fail(EIO); }  // the file became shorter
  body_.consume(text.size());
  to.append(text, std::move(memory));
  return Got::some;
}

FileSource::Got FileSource::read_now(Chain& to) {
  bool direct = plan_.alignment != 0;
  if (plan_.pool == nullptr) {
    read_->read();
    return take(to);
  }
  if (!direct) {
    read_->read(RWF_NOWAIT);
    if (read_->result() >= 0) { return take(to); }
  }
  read_->begin();
  ready_.clear();
  if (plan_.pool->post(*read_)) { return Got::later; }
  read_->take_memory();
  delete std::exchange(read_, nullptr);
  return fail(EAGAIN);
}

FileSource::Got FileSource::read_some(Chain& to, uint64_t room) {
  if (read_ != nullptr && read_->running()) { return Got::later; }
  if (read_ != nullptr && read_->finished()) { return take(to); }
  const Slice& front = body_.front();
  if (!front.in_file()) {
    body_.move_to(to, std::min(front.size, room));
    return Got::some;
  }
  if (read_ == nullptr) {
    int fd = ::fcntl(front.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) { return fail(errno); }
    read_ = new Read(*this, fd);
  }
  read_->prepare(front.offset, std::min({front.size, room, plan_.piece}), plan_.alignment);
  return read_now(to);
}

Flow FileSource::pull(Chain& to, uint64_t room) {
  uint64_t before = to.size();
  while (!body_.empty() && to.size() - before < room) {
    Got got = read_some(to, room - (to.size() - before));
    if (got == Got::nothing) { return Flow::error; }
    if (got == Got::later) { return to.size() > before ? Flow::ok : Flow::again; }
  }
  if (!body_.empty()) { return Flow::ok; }
  if (next_ == nullptr) { return Flow::end; }
  uint64_t moved = to.size() - before;
  return moved < room ? next_->pull(to, room - moved) : Flow::ok;
}

void read_files(Request& request) {
  Response& response = request.response;
  bool files = false;
  bool direct = false;
  const auto& settings = request.settings<FileReadSettings>();
  for (size_t i = 0; i < response.body.slices() && !files; ++i) {
    files = response.body.at(i).in_file();
    if (files && settings.direct_from != UINT64_MAX) {
      direct = (::fcntl(response.body.at(i).fd, F_GETFL) & O_DIRECT) != 0;
    }
  }
  if (!files) { return; }
  FileSource::Plan plan;
  // With what the memory says of itself it makes up a power of two.
  uint64_t size = settings.output_buffers.size;
  plan.piece = direct || size <= kMemoryHead ? size : size - kMemoryHead;
  plan.alignment = direct ? settings.direct_alignment.bytes : 0;
  if (settings.threads) {
    string_view name = settings.pool.evaluate(request);
    plan.pool = os::thread_pool(request.config, name);
    if (plan.pool == nullptr) {
      SLUICE_REQUEST_LOG(request, error, 0, "thread pool \"%.*s\" not found", static_cast<int>(name.size()),
                         name.data());
    }
  }
  if (response.source == nullptr) {
    response.buffer_limit = settings.output_buffers.count * settings.output_buffers.size;
  }
  response.source = request.arena().own<FileSource>(std::move(response.body), response.source, plan);
}

}  // namespace sluice::http
