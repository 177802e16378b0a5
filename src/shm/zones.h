// The zones of one configuration. The next configuration takes over those that it wants unchanged: in the
// same process they are shared, and across an exec their descriptors are handed on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shm/ledger.h"
#include "shm/zone.h"

namespace sluice::shm {

class Zones {
 public:
  Zones() = default;
  Zones(Zones&&) = default;
  Zones& operator=(Zones&&) = default;
  ~Zones();

  // What the previous binary handed on, not mapped yet: it only offers. Items that make no sense are passed
  // over.
  static Zones inherited(std::string_view text);

  // Adopts from `previous` what matches and makes the rest. Changes nothing in `previous`, except that what
  // it had inherited is taken. `notes` get a line for each zone that starts fresh although one of its name
  // was there. An error names the zone in `notes` too.
  static Result<Zones> open(const std::vector<Spec>& specs, Zones& previous, std::vector<std::string>& notes);

  // In the child that is about to exec: for the environment of the next binary; its descriptors live across
  // the exec. "kind/name:fd;", with what is not plain written %XX.
  std::string hand_on() const;

  Zone* find(std::string_view kind, std::string_view name) const { return mapped(kind, name).get(); }
  size_t size() const { return zones_.size(); }
  Zone& operator[](size_t index) const { return *zones_[index]; }

  // The same as for one zone (ledger.h), for all of them: a place for a process that is about to be forked,
  // in the child its entry, and after its death the return of what it held. `settle` is to be tried again
  // later when it says false.
  struct Claim {
    struct Place {
      std::shared_ptr<Zone> zone;
      uint16_t slot;
    };
    std::vector<Place> places;
  };
  bool claim(uint32_t generation, Claim& claim) const;
  static bool enter(const Claim& claim);
  // Both at once, for a process that serves without a master: a place in each zone where it has none yet.
  bool join(uint32_t generation) const;
  static bool settle(Claim& claim);
  // Settles what belonged to processes that are gone and whose master is too.
  void sweep() const;

 private:
  struct Offered {
    std::string kind, name;
    int fd;
  };
  std::shared_ptr<Zone> mapped(std::string_view kind, std::string_view name) const;
  int take_offered(const Spec& spec);
  static Result<std::shared_ptr<Zone>> open_one(const Spec& spec, Zones& previous,
                                                std::vector<std::string>& notes);

  std::vector<std::shared_ptr<Zone>> zones_;
  std::vector<Offered> offered_;
};

}  // namespace sluice::shm
