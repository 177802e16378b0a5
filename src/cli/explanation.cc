#include "cli/explanation.h"

#include <algorithm>

#include "base/text.h"
#include "cli/json.h"
#include "cli/rehearsal.h"

namespace sluice::cli {

namespace {

// The listen directive of the server that this address comes from; null when it has none.
const conf::Node* listen_of(const conf::Node* server, const net::Address& address) {
  if (server == nullptr) { return nullptr; }
  std::string number = std::to_string(address.port());
  for (const conf::Node& node : server->children) {
    if (node.name() != "listen" || node.argument_count() == 0) { continue; }
    const std::string& text = node.argument(0);
    bool same = text == address.text() || text == number || text.ends_with(":" + number);
    bool default_port = address.port() == 80 && text.find(':') == std::string::npos;
    if (same || default_port) { return &node; }
  }
  return nullptr;
}

std::string name_of(const Explanation& told, const http::Location* location) {
  if (location == &told.request.server->root) { return "none matches: the server itself"; }
  const conf::Node* node = told.block_of(location);
  if (node == nullptr) { return location->name; }
  std::string out;
  for (const conf::Word& word : node->words) {
    if (&word != &node->words[0] || word.text != "location") { out += (out.empty() ? "" : " ") + word.text; }
  }
  return out;
}

std::string place_of_location(const Explanation& told, const http::Location* location) {
  const conf::Node* node = told.block_of(location);
  return node == nullptr ? "" : place_of(node->words[0].at);
}

// --- as text ---

void append_row(std::string& out, const std::string& name, const std::string& text,
                const std::string& place) {
  constexpr int kName = 12, kText = 56;
  std::string line = format("%-*s%s", kName, (name + " ").c_str(), text.c_str());
  if (!place.empty()) { line = format("%-*s  %s", kName + kText, line.c_str(), place.c_str()); }
  out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

void append_event(std::string& out, const Explanation& told, const TraceEvent& event) {
  std::string mark = event.subrequest ? "  (subrequest) " : "";
  if (event.kind == TraceEvent::Kind::location) {
    append_row(out, mark + "location", name_of(told, event.location),
               place_of_location(told, event.location));
    append_row(out, "", "for " + event.text, "");
    return;
  }
  append_row(out, mark + event.name, event.text, "");
  for (const auto& [name, value] : event.facts) { append_row(out, "  " + name, value, ""); }
}

std::string text_of(const Explanation& told) {
  std::string out;
  append_row(out, "listen", told.port.address.text(), told.listen_place());
  std::string names;
  for (const std::string& name : told.request.server->names) { names += (names.empty() ? "" : " ") + name; }
  append_row(out, "server", (names.empty() ? "without a name" : names) + ", " + told.matched(),
             place_of(told.request.server->at));
  if (*told.refused != '\0') { append_row(out, "refused", told.refused, ""); }
  for (const TraceEvent& event : told.trace.events()) { append_event(out, told, event); }
  bool told_where =
      std::any_of(told.trace.events().begin(), told.trace.events().end(),
                  [&](const TraceEvent& event) { return event.location == told.request.location; });
  if (!told_where) {
    append_row(out, "location", name_of(told, told.request.location),
               place_of_location(told, told.request.location));
  }
  append_row(out, "answer", told.answer(), "");
  out += "\nSettings in force that are not the default:\n";
  for (const InForce& setting : told.settings()) {
    std::string place = place_of(setting.node->words[0].at);
    if (setting.inherited) {
      place += " (" + (setting.block->words.empty() ? "main" : setting.block->name()) + ")";
    }
    append_row(out, " ", as_written(*setting.node), place);
  }
  return out;
}

// --- as JSON ---

Json json_place(const conf::Position& at) {
  Json out = Json::object();
  out.set("file", at.file == nullptr ? "" : at.file->path).set("line", at.line);
  return out;
}

Json json_location(const Explanation& told, const http::Location* location) {
  const conf::Node* node = told.block_of(location);
  Json out = json_place(node == nullptr ? location->at : node->words[0].at);
  out.set("name", location == &told.request.server->root ? std::string() : name_of(told, location));
  return out;
}

Json json_event(const Explanation& told, const TraceEvent& event) {
  Json out = Json::object();
  bool location = event.kind == TraceEvent::Kind::location;
  out.set("kind", location ? "location" : event.kind == TraceEvent::Kind::step ? "step" : "content");
  out.set("subrequest", event.subrequest);
  if (location) {
    out.set("target", event.text).set("location", json_location(told, event.location));
    return out;
  }
  out.set("name", event.name).set("text", event.text);
  Json facts = Json::array();
  for (const auto& [name, value] : event.facts) {
    Json fact = Json::object();
    fact.set("name", name).set("value", value);
    facts.add(std::move(fact));
  }
  out.set("facts", std::move(facts));
  return out;
}

Json json_settings(const Explanation& told) {
  Json settings = Json::array();
  for (const InForce& setting : told.settings()) {
    Json one = json_place(setting.node->words[0].at);
    one.set("name", setting.row->name);
    Json arguments = Json::array();
    for (size_t i = 0; i < setting.node->argument_count(); ++i) { arguments.add(setting.node->argument(i)); }
    one.set("arguments", std::move(arguments));
    one.set("block", setting.block->words.empty() ? "main" : setting.block->name());
    one.set("inherited", setting.inherited);
    settings.add(std::move(one));
  }
  return settings;
}

std::string json_of(const Explanation& told) {
  Json out = Json::object();
  out.set("listen", told.port.address.text());
  Json server = json_place(told.request.server->at);
  Json names = Json::array();
  for (const std::string& name : told.request.server->names) { names.add(name); }
  server.set("names", std::move(names)).set("matched", told.matched());
  out.set("server", std::move(server));
  if (*told.refused != '\0') { out.set("refused", told.refused); }
  Json events = Json::array();
  for (const TraceEvent& event : told.trace.events()) { events.add(json_event(told, event)); }
  out.set("events", std::move(events)).set("location", json_location(told, told.request.location));
  Json answer = Json::object();
  bool known = told.done && !told.request.discard_connection && !told.asked();
  answer.set("text", told.answer());
  if (known) { answer.set("status", uint32_t{told.request.response.status}); }
  out.set("answer", std::move(answer)).set("settings", json_settings(told));
  return out.text();
}

}  // namespace

std::string Explanation::text() const { return text_of(*this); }
std::string Explanation::json() const { return json_of(*this); }

const conf::Node* Explanation::server() const { return provenance.block_of(request.server); }

const conf::Node* Explanation::block_of(const http::Location* location) const {
  return location == &request.server->root ? server() : provenance.block_of(location);
}

std::string Explanation::listen_place() const {
  const conf::Node* node = listen_of(server(), port.address);
  return node == nullptr ? "" : place_of(node->words[0].at);
}

const char* Explanation::matched() const {
  std::vector<std::string_view> captures;
  bool named = port.names.find(request.host, request.arena(), captures).server != nullptr;
  if (named) { return "by its name"; }
  return port.one_server ? "the only one at this address" : "the default of this address";
}

std::vector<InForce> Explanation::settings() const {
  bool root = request.location == &request.server->root;
  return provenance.in_force(root ? static_cast<const void*>(request.server) : request.location);
}

bool Explanation::asked() const {
  const TraceEvent* last = nullptr;
  for (const TraceEvent& event : trace.events()) {
    if (!event.subrequest && event.kind == TraceEvent::Kind::content) { last = &event; }
  }
  return last != nullptr && last->asked && last->location == request.location &&
         request.response.status < 300;
}

std::string Explanation::answer() const {
  const http::Response& response = request.response;
  if (!done) { return "waits for longer than " + std::to_string(kPatience / 1000) + " s"; }
  if (request.discard_connection) { return "the connection is closed without one"; }
  if (asked()) { return "what the server behind says"; }
  std::string out = std::to_string(response.status);
  std::string_view location = response.fields.value(http::FieldId::location);
  if (!location.empty()) { out += ", Location: " + std::string(location); }
  return out;
}

}  // namespace sluice::cli
