#include "shm/zones.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <optional>

#include "base/text.h"

namespace sluice::shm {

namespace {

bool plain(char c) { return is_digit(c) || is_alpha(c) || c == '-' || c == '_' || c == '.'; }

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (plain(c)) {
      out += c;
    } else {
      append_format(out, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!plain(text[i])) { return std::nullopt; }
      out += text[i];
      continue;
    }
    int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) { return std::nullopt; }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

Zones::~Zones() {
  for (const Offered& offered : offered_) { close(offered.fd); }
}

Zones Zones::inherited(std::string_view text) {
  Zones zones;
  while (!text.empty()) {
    Split item = split(text, ';');
    text = item.tail;
    Split named = split(item.head, ':');
    Split parts = split(named.head, '/');
    auto kind = unescaped(parts.head);
    auto name = unescaped(parts.tail);
    auto fd = parse_decimal(named.tail);
    // 0 to 2 are never ours, whatever the environment says.
    if (!kind || !name || !parts.found || !fd || *fd < 3 || *fd > INT_MAX) { continue; }
    int number = static_cast<int>(*fd);
    if (fcntl(number, F_SETFD, FD_CLOEXEC) != 0) { continue; }
    zones.offered_.push_back({std::move(*kind), std::move(*name), number});
  }
  return zones;
}

std::string Zones::hand_on() const {
  std::string text;
  for (const auto& zone : zones_) {
    fcntl(zone->fd(), F_SETFD, 0);
    append_format(text, "%s/%s:%d;", escaped(zone->kind().name).c_str(), escaped(zone->name()).c_str(),
                  zone->fd());
  }
  return text;
}

std::shared_ptr<Zone> Zones::mapped(std::string_view kind, std::string_view name) const {
  for (const auto& zone : zones_) {
    if (zone->name() == name && kind == zone->kind().name) { return zone; }
  }
  return nullptr;
}

int Zones::take_offered(const Spec& spec) {
  for (size_t i = 0; i < offered_.size(); ++i) {
    if (offered_[i].kind != spec.kind->name || offered_[i].name != spec.name) { continue; }
    int fd = offered_[i].fd;
    offered_.erase(offered_.begin() + static_cast<ptrdiff_t>(i));
    return fd;
  }
  return -1;
}

Result<std::shared_ptr<Zone>> Zones::open_one(const Spec& spec, Zones& previous,
                                              std::vector<std::string>& notes) {
  std::string refusal;
  if (auto zone = previous.mapped(spec.kind->name, spec.name)) {
    refusal = zone->mismatch(spec);
    if (refusal.empty()) { return zone; }
  } else if (int fd = previous.take_offered(spec); fd >= 0) {
    Zone::Adoption adoption = Zone::adopt(fd, spec);
    if (adoption.zone != nullptr) { return std::shared_ptr<Zone>(std::move(adoption.zone)); }
    refusal = std::move(adoption.refusal);
  }
  auto created = Zone::create(spec);
  if (!created) {
    std::string reason = Zone::check(spec);
    notes.push_back(title(spec) + " cannot be made: " + (reason.empty() ? created.error().text : reason));
    return created.error();
  }
  if (!refusal.empty()) { notes.push_back(title(spec) + " starts fresh: " + refusal); }
  return std::shared_ptr<Zone>(std::move(*created));
}

Result<Zones> Zones::open(const std::vector<Spec>& specs, Zones& previous, std::vector<std::string>& notes) {
  Zones zones;
  for (const Spec& spec : specs) {
    auto zone = open_one(spec, previous, notes);
    if (!zone) { return zone.error(); }
    zones.zones_.push_back(std::move(*zone));
  }
  return zones;
}

bool Zones::claim(uint32_t generation, Claim& claim) const {
  for (const auto& zone : zones_) {
    auto slot = shm::claim(*zone, generation);
    if (!slot) {
      settle(claim);
      return false;
    }
    claim.places.push_back({zone, *slot});
  }
  return true;
}

bool Zones::enter(const Claim& claim) {
  for (const Claim::Place& place : claim.places) {
    if (!shm::enter(*place.zone, place.slot)) { return false; }
  }
  return true;
}

bool Zones::join(uint32_t generation) const {
  for (const auto& zone : zones_) {
    if (zone->slot() != kNoSlot) { continue; }
    auto slot = shm::claim(*zone, generation);
    if (!slot || !shm::enter(*zone, *slot)) { return false; }
  }
  return true;
}

bool Zones::settle(Claim& claim) {
  while (!claim.places.empty()) {
    if (!shm::settle(*claim.places.back().zone, claim.places.back().slot)) { return false; }
    claim.places.pop_back();
  }
  return true;
}

void Zones::sweep() const {
  for (const auto& zone : zones_) { shm::sweep(*zone); }
}

}  // namespace sluice::shm
