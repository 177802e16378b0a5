// `allow` and `deny`: who may ask, by address.
#include "http/access_table.h"

#include "conf/build.h"
#include "http/request.h"
#include "http/satisfy.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using Says = AccessTable::Says;

struct AccessSettings {
  std::shared_ptr<AccessTable> table;  // null: everybody
  const void* block = nullptr;         // whose rules they are
};

// Rules of a block replace those of the blocks around it, allow and deny alike.
AccessTable& table_of(Scope& scope) {
  auto& settings = scope.own<AccessSettings>();
  if (settings.block != &scope) {
    settings.block = &scope;
    settings.table = std::make_shared<AccessTable>();
    scope.put_off([table = settings.table] { table->finish(); });
  }
  return *settings.table;
}

template <Says says>
void set_rule(Build& build, Scope& scope, const Node& node, const Row&) {
  const conf::Word& word = node.argument_word(0);
  AccessTable& table = table_of(scope);
  if (word.text == "all") {
    table.add_all(says);
    return;
  }
  if (word.text == "unix:") {
    table.add_unix(says);
    return;
  }
  auto network = net::Network::parse(word.text);
  if (!network) {
    build.error(word, "invalid parameter \"" + word.text + "\"",
                "an address, a network such as 192.0.2.0/24 or 2001:db8::/32, unix: or all");
    return;
  }
  if (network->low_bits) {
    build.diagnostics.warn(word, "low address bits of " + word.text + " are meaningless");
  }
  table.add(*network, says);
}

constexpr uint32_t kEverywhere = conf::kHttpServerLocation | conf::kLimitExcept;

const conf::Module<AccessSettings> module(
    "access",
    {
        conf::Module<AccessSettings>::RowSpec(
            "allow", kEverywhere, conf::arguments(1), set_rule<Says::allow>, "address | CIDR | unix: | all",
            "Serves clients of this address or network, or of unix sockets, or all. The first of allow and "
            "deny that covers a client counts; whom none covers is served.")
            .repeating(),
        conf::Module<AccessSettings>::RowSpec("deny", kEverywhere, conf::arguments(1), set_rule<Says::deny>,
                                              "address | CIDR | unix: | all",
                                              "Refuses these clients with 403; see allow.")
            .repeating(),
    });

class Access final : public Step {
 public:
  explicit Access(const AccessTable& table) : table_(table) {}
  Verdict check(Request& r) const override {
    Says says = find(r);
    if (says == Says::allow) { return Verdict::next; }
    if (says == Says::deny) {
      if (r.trial == nullptr) { SLUICE_REQUEST_LOG(r, error, 0, "access forbidden by rule"); }
      return r.refuse(403);
    }
    if (r.trial != nullptr) { r.trial->opinion = false; }
    return Verdict::next;
  }

 private:
  Says find(Request& r) const {
    net::Address address = r.client().peer.full();
    auto number = net::IpNumber::from_bytes(address.binary());
    return number ? table_.find(*number) : table_.find_unix();
  }
  const AccessTable& table_;
};

const Step* make_access(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<AccessSettings>();
  return own.table == nullptr || own.table->empty() ? nullptr : arena.own<Access>(*own.table);
}

const StepRow row{"access", Phase::access, 10, make_access};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
