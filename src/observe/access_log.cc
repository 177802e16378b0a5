#include "observe/access_log.h"

#include <sys/stat.h>

#include "base/text.h"
#include "config.h"
#include "http/request.h"
#include "os/files.h"

namespace sluice::observe {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

// --- lines ---

bool wanted(const AccessLog& log, http::Request& r) {
  if (log.condition.empty()) { return true; }
  std::string_view value = log.condition.evaluate(r);
  return !value.empty() && value != "0";
}

// A name that a client had a hand in must not make files for servers that do not exist.
bool root_exists(const AccessLog& log, http::Request& r) {
  if (log.document_root == nullptr) { return true; }
  conf::Value root = r.get(*log.document_root);
  struct stat about {};
  return root.found && ::stat(std::string(root.text).c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

void write_to_path(const AccessLog& log, http::Request& r, std::string_view line) {
  if (!root_exists(log, r)) { return; }
  std::string_view path = log.path.evaluate(r);
  const std::string& prefix = r.config.paths.prefix;
  if (!path.starts_with('/')) { path = r.arena().join(prefix, path); }
  if (LogFileCache* cache = r.settings<LogFileCacheSettings>().cache.get()) {
    cache->append(path, line);
  } else {
    LogFileCache::append_once(path, line);
  }
}

void write_line(const AccessLog& log, http::Request& r) {
  if (log.file != nullptr) {
    std::string& line = log.file->begin();
    log.format->append(line, r);
    line += '\n';
    log.file->commit();
    return;
  }
  static std::string line;
  line.clear();
  log.format->append(line, r);
  if (log.syslog != nullptr) {
    log.syslog->send(line);
    return;
  }
  line += '\n';
  write_to_path(log, r, line);
}

void write_lines(http::Request& r) {
  const std::vector<AccessLog>* logs = r.settings<AccessLogSettings>().logs.get();
  if (logs == nullptr) { return; }
  for (const AccessLog& log : *logs) {
    if (wanted(log, r)) { write_line(log, r); }
  }
}

const http::FinishRow finish{"access log", 100, write_lines};
const http::FinishRegistration finish_registered(finish);

// --- access_log ---

constexpr uint64_t kGzipBuffer = 64 << 10;
constexpr int kGzipLevel = 1;
constexpr int kMostGzipLevel = 9;

// One access_log directive being read.
class LogReader {
 public:
  LogReader(Build& build, const Node& node) : build_(build), node_(node) {}

  // False after saying what is wrong.
  bool read(AccessLog& log) {
    const Word& where = node_.argument_word(0);
    log.format = node_.argument_count() > 1 ? LogFormat::named(build_, node_.argument_word(1))
                                            : LogFormat::combined(build_);
    for (size_t i = 2; i < node_.argument_count(); ++i) {
      if (!parameter(node_.argument_word(i), log)) { return false; }
    }
    if (!complete_buffering()) { return false; }
    constexpr std::string_view kSyslog = "syslog:";
    if (where.text.starts_with(kSyslog)) { return to_syslog(where, where.text.substr(kSyslog.size()), log); }
    conf::Expression path = conf::Expression::compile(build_, conf::Realm::http, where);
    return path.constant() ? to_file(where, log) : to_path(std::move(path), log);
  }

 private:
  bool fail(const Word& at, std::string text, std::string hint = {}) {
    build_.error(at, std::move(text), std::move(hint));
    return false;
  }

  bool parameter(const Word& word, AccessLog& log) {
    Split pair = split(word.text, '=');
    std::string value(pair.tail);
    if (pair.head == "buffer" && pair.found) {
      auto size = conf::parse_size(value);
      if (!size || size->bytes == 0) { return fail(word, "invalid buffer size \"" + value + "\""); }
      buffering_.size = size->bytes;
    } else if (pair.head == "flush" && pair.found) {
      auto time = conf::parse_milliseconds(value);
      if (!time || time->count == 0) { return fail(word, "invalid flush time \"" + value + "\""); }
      buffering_.flush_after = time->count;
    } else if (pair.head == "gzip") {
      return gzip(word, pair);
    } else if (pair.head == "if" && pair.found) {
      log.condition = conf::Expression::compile(build_, conf::Realm::http, word, pair.tail);
    } else {
      return fail(word, "invalid parameter \"" + word.text + "\"",
                  "parameters are buffer=, flush=, gzip and if=");
    }
    return true;
  }

  bool gzip(const Word& word, const Split& pair) {
    buffering_.gzip = kGzipLevel;
    if (!pair.found) { return true; }
    auto level = conf::parse_number(pair.tail);
    if (!level || *level == 0 || *level > kMostGzipLevel) {
      return fail(word, "invalid compression level \"" + std::string(pair.tail) + "\"", "it is 1 to 9");
    }
    buffering_.gzip = static_cast<int>(*level);
    return true;
  }

  bool complete_buffering() {
    if (buffering_.size == 0 && buffering_.gzip != 0) { buffering_.size = kGzipBuffer; }
    if (buffering_.size == 0 && buffering_.flush_after != 0) {
      return fail(node_.argument_word(0), "no buffer is defined for access_log \"" + node_.argument(0) + "\"",
                  "flush= needs buffer= or gzip");
    }
    return true;
  }

  bool to_file(const Word& where, AccessLog& log) {
    std::string path = build_.config.paths.from_prefix(where.text);
    log.file = build_.shared<LogFile>("access log file", path);
    const Buffering& before = log.file->buffering();
    if (!log.file->is_open() || before.size == 0) {
      log.file->open(os::open_log(path), buffering_);
    } else if (buffering_.size != 0 && !(before == buffering_)) {
      return fail(where, "access_log \"" + path + "\" already defined with conflicting parameters",
                  "buffer=, flush= and gzip belong to the file");
    }
    return true;
  }

  bool to_path(conf::Expression path, AccessLog& log) {
    const Word& where = node_.argument_word(0);
    if (buffering_.size != 0) { return fail(where, "buffered logs cannot have variables in name"); }
    log.path = std::move(path);
    constexpr std::string_view kRoot = "document_root";
    if (conf::Variables::find(conf::Realm::http, kRoot) != nullptr) {
      log.document_root = &build_.config.http_variables.use(kRoot, where);
    }
    return true;
  }

  bool to_syslog(const Word& where, std::string_view parameters, AccessLog& log) {
    if (buffering_.size != 0) { return fail(where, "logs to syslog cannot be buffered"); }
    log.syslog = os::Syslog::parse(build_, where, parameters);
    return log.syslog != nullptr;
  }

  Build& build_;
  const Node& node_;
  Buffering buffering_;
};

void set_access_log(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& settings = scope.own<AccessLogSettings>();
  if (scope.first_in_block(row)) {
    settings.logs = std::make_shared<std::vector<AccessLog>>();
    settings.said = true;
  }
  if (node.argument(0) == "off") {
    if (node.argument_count() > 1) {
      build.error(node.argument_word(1), "invalid parameter \"" + node.argument(1) + "\"",
                  "\"off\" stands alone");
    }
    settings.logs = nullptr;
    return;
  }
  AccessLog log;
  if (LogReader(build, node).read(log) && settings.logs != nullptr) {
    settings.logs->push_back(std::move(log));
  }
}

const conf::Module<AccessLogSettings> module(
    "log",
    {
        conf::Module<AccessLogSettings>::RowSpec(
            "access_log", conf::kHttpServerLocation | conf::kLocationIf | conf::kLimitExcept,
            conf::arguments(1, conf::kAny), set_access_log,
            "path | syslog:server=address[,parameter=value] [format [buffer=size] [gzip[=level]] "
            "[flush=time] "
            "[if=condition]] | off",
            "Where a line for each request is written, and in which format. Several may be given in one "
            "block; "
            "they replace those of the blocks around it. Lines wait in a buffer of that size until it is "
            "full "
            "or its oldest line reaches the flush time; gzip compresses each buffer. With if=, a request is "
            "logged unless the condition is empty or \"0\". A path may contain variables: then the file is "
            "opened by the worker's user at each line, while the request's root exists.",
            "logs/access.log combined")
            .repeating(),
    });

// Blocks that inherit no access_log share one list, which is filled when the first of them asks for it.
void use_default(Build& build, const conf::Settings& scope) {
  const auto& settings = scope.get<AccessLogSettings>();
  if (settings.said || !settings.logs->empty()) { return; }
  std::string path = build.config.paths.from_prefix(SLUICE_HTTP_LOG_PATH);
  AccessLog log;
  log.format = LogFormat::combined(build);
  log.file = build.shared<LogFile>("access log file", path);
  if (!log.file->is_open()) { log.file->open(os::open_log(path), {}); }
  settings.logs->push_back(std::move(log));
}

const http::SettledRow settled{"access log", use_default};
const http::SettledRegistration settled_registered(settled);

// --- open_log_file_cache ---

bool read_cache_parameter(const Word& word, LogFileCache::Limits& limits) {
  Split pair = split(word.text, '=');
  if (pair.head == "inactive" || pair.head == "valid") {
    auto time = conf::parse_milliseconds(pair.tail);
    if (!time || time->count == 0) { return false; }
    (pair.head == "valid" ? limits.valid_for : limits.inactive_after) = time->count;
    return true;
  }
  auto number = conf::parse_number(pair.tail);
  if (!number || *number == 0) { return false; }
  if (pair.head == "max") {
    limits.most = *number;
  } else if (pair.head == "min_uses") {
    limits.least_uses = *number;
  } else {
    return false;
  }
  return true;
}

void set_cache(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& settings = scope.own<LogFileCacheSettings>();
  settings.cache = nullptr;
  if (node.argument(0) == "off" && node.argument_count() == 1) { return; }
  LogFileCache::Limits limits;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (!read_cache_parameter(node.argument_word(i), limits)) {
      conf::invalid_value(build, node, i, row, "max=, inactive=, min_uses= or valid= with a positive value");
      return;
    }
  }
  if (limits.most == 0) {
    build.error(node.words[0], "\"open_log_file_cache\" must have \"max\" parameter");
    return;
  }
  settings.cache = std::make_shared<LogFileCache>(limits);
}

const conf::Module<LogFileCacheSettings> cache_module(
    "log",
    {
        {"open_log_file_cache", conf::kHttpServerLocation, conf::arguments(1, 4), set_cache,
         "max=N [inactive=time] [min_uses=N] [valid=time] | off",
         "Keeps files of access logs with variables in their names open: at most max of them, those used "
         "min_uses times (1) within the inactive time (10s). After the valid time (60s) it is checked "
         "whether "
         "the name still means the file.",
         "off"},
    });

}  // namespace

}  // namespace sluice::observe
