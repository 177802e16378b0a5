#include "shm/zone.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/text.h"
#include "shm/heap.h"

namespace sluice::shm {

namespace {

constexpr size_t kHeadPages = 2;  // the zone's header, the processes
constexpr size_t kLargestSize = Offset<void>::kUnit << 32;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr size_t kBytesPerShard = 1 << 20;
constexpr uint32_t kMostShards = 64;

size_t rounded_up(size_t size) { return (size + kPage - 1) / kPage * kPage; }

// A lock for each megabyte, at most sixteen: with some workers in sections of a tenth of a microsecond, more
// locks change nothing, and each shard is a memory of its own that may be full while others are not.
uint32_t suitable_shards(size_t size) {
  return static_cast<uint32_t>(std::clamp<size_t>(size / kBytesPerShard, 1, 16));
}

size_t shard_pages(size_t size, uint32_t shards) { return (size / kPage - kHeadPages) / shards; }

size_t shard_head_pages(size_t pages) {
  return (sizeof(ShardHead) + pages * sizeof(Page) + kPage - 1) / kPage;
}

size_t least_size(uint32_t shards) {
  size_t pages = 1;
  while (pages <= shard_head_pages(pages)) { ++pages; }
  return (kHeadPages + pages * shards) * kPage;
}

uint32_t shards_of(const Spec& spec) {
  return spec.shards != 0 ? spec.shards : suitable_shards(rounded_up(spec.size));
}

template <size_t room>
std::string_view text_in(const char (&field)[room]) {
  return {field, strnlen(field, room)};
}

std::string differs(const char* what, uint64_t is, uint64_t wanted) {
  return format("its %s is %llu, not %llu", what, static_cast<unsigned long long>(is),
                static_cast<unsigned long long>(wanted));
}

std::string compare(const ZoneHeader& header, const Spec& spec) {
  if (text_in(header.kind) != spec.kind->name) {
    return "it is of the kind \"" + std::string(text_in(header.kind)) + '"';
  }
  if (text_in(header.name) != spec.name) {
    return "its name is \"" + std::string(text_in(header.name)) + '"';
  }
  if (header.layout_version != spec.kind->layout_version) {
    return differs("layout version", header.layout_version, spec.kind->layout_version);
  }
  if (header.size != rounded_up(spec.size)) { return differs("size", header.size, rounded_up(spec.size)); }
  if (header.shards != shards_of(spec)) {
    return differs("number of shards", header.shards, shards_of(spec));
  }
  return {};
}

// What another binary left there may be anything.
std::string examine(int fd, ZoneHeader& header) {
  struct stat about {};
  if (fstat(fd, &about) != 0) { return "its descriptor is not open"; }
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) { return "it is no sealed memory"; }
  if (pread(fd, &header, sizeof(header), 0) != static_cast<ssize_t>(sizeof(header))) {
    return "it has no header";
  }
  if (std::string_view(header.magic, sizeof(header.magic)) != std::string_view(kMagic, sizeof(kMagic))) {
    return "it is not a zone";
  }
  if (header.format != kFormat) { return differs("format", header.format, kFormat); }
  if (header.shard_head_size != sizeof(ShardHead)) {
    return differs("shard's head", header.shard_head_size, sizeof(ShardHead));
  }
  if (header.ready == 0) { return "whoever made it did not finish"; }
  if (header.size != static_cast<uint64_t>(about.st_size)) {
    return differs("size", static_cast<uint64_t>(about.st_size), header.size);
  }
  return {};
}

Error failure(const char* text) { return {What::exhausted, Side::self, Retry::no, errno, text}; }

}  // namespace

std::string title(const Spec& spec) { return std::string(spec.kind->name) + " zone \"" + spec.name + '"'; }

Shard::Shard(Zone& zone, uint32_t index, uint32_t shards)
    : zone_(&zone), base_(zone.base_), zone_size_(zone.size_), index_(index) {
  page_count_ = static_cast<uint32_t>(shard_pages(zone.size_, shards));
  first_page_ = static_cast<uint32_t>(shard_head_pages(page_count_));
  head_ = reinterpret_cast<ShardHead*>(base_ + (kHeadPages + size_t{index} * page_count_) * kPage);
  pages_ = reinterpret_cast<Page*>(head_ + 1);
}

Zone::Zone(const Kind& kind, int fd, char* base, size_t size, uint32_t shards)
    : kind_(&kind), fd_(fd), base_(base), size_(size) {
  shards_.reserve(shards);
  for (uint32_t i = 0; i < shards; ++i) { shards_.emplace_back(*this, i, shards); }
}

Zone::~Zone() {
  munmap(base_, size_);
  close(fd_);
}

std::string Zone::check(const Spec& spec) {
  uint32_t shards = shards_of(spec);
  if (spec.name.empty() || spec.name.size() > kMaxZoneName) {
    return "its name must have 1 to " + std::to_string(kMaxZoneName) + " characters";
  }
  if (spec.name.find('\0') != std::string::npos) { return "its name holds a zero"; }
  if (strlen(spec.kind->name) > kMaxKindName) { return "the name of its kind is too long"; }
  if (shards > kMostShards) { return "it cannot have more than " + std::to_string(kMostShards) + " shards"; }
  if (spec.size > kLargestSize) { return "it cannot be larger than 32 GB"; }
  if (rounded_up(spec.size) < least_size(shards)) {
    return "it is too small: the least is " + std::to_string(least_size(shards)) + " bytes";
  }
  return {};
}

Result<std::unique_ptr<Zone>> Zone::map(const Kind& kind, int fd, size_t size, uint32_t shards) {
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) {
    Error error = failure("mmap() of a zone failed");
    close(fd);
    return error;
  }
  return std::unique_ptr<Zone>(new Zone(kind, fd, static_cast<char*>(base), size, shards));
}

Result<std::unique_ptr<Zone>> Zone::create(const Spec& spec) {
  if (!check(spec).empty()) {
    return Error{What::too_large, Side::self, Retry::no, 0, "the zone cannot be made"};
  }
  size_t size = rounded_up(spec.size);
  int fd = memfd_create(("sluice " + std::string(spec.kind->name)).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) { return failure("memfd_create() failed"); }
  if (ftruncate(fd, static_cast<off_t>(size)) != 0 || fcntl(fd, F_ADD_SEALS, kSeals) != 0) {
    Error error = failure("shared memory cannot be had");
    close(fd);
    return error;
  }
  auto zone = map(*spec.kind, fd, size, shards_of(spec));
  if (!zone) { return zone.error(); }
  auto* header = new ((*zone)->base_) ZoneHeader{};
  memcpy(header->magic, kMagic, sizeof(kMagic));
  header->format = kFormat;
  header->layout_version = spec.kind->layout_version;
  header->size = size;
  header->shards = shards_of(spec);
  header->shard_head_size = sizeof(ShardHead);
  memcpy(header->kind, spec.kind->name, std::min(strlen(spec.kind->name), kMaxKindName));
  memcpy(header->name, spec.name.data(), spec.name.size());
  header->hash_key = random_hash_key();
  if (!(*zone)->prepare()) {
    return Error{What::too_large, Side::self, Retry::no, 0, "the zone is too small for what belongs in it"};
  }
  header->ready = 1;
  return zone;
}

bool Zone::prepare() {
  for (Shard& shard : shards_) {
    shard.head().lock.prepare();
    prepare_heap(shard);
    for (Links& holds : shard.head().holds) {
      holds = {Offset<Links>::of(base_, &holds), Offset<Links>::of(base_, &holds)};
    }
    if (kind_->prepare == nullptr) { continue; }
    Transaction tx(shard);
    if (!kind_->prepare(tx)) { return false; }
    tx.commit();
  }
  return true;
}

Zone::Adoption Zone::adopt(int fd, const Spec& spec) {
  ZoneHeader header{};
  std::string refusal = examine(fd, header);
  if (refusal.empty()) { refusal = compare(header, spec); }
  if (refusal.empty()) { refusal = check(spec); }
  if (!refusal.empty()) {
    close(fd);
    return {nullptr, std::move(refusal)};
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto zone = map(*spec.kind, fd, header.size, header.shards);
  if (!zone) { return {nullptr, zone.error().text}; }
  return {std::move(*zone), {}};
}

std::string Zone::mismatch(const Spec& spec) const { return compare(header(), spec); }

}  // namespace sluice::shm
