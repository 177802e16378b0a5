#define PCRE2_CODE_UNIT_WIDTH 8
#include "conf/regex.h"

#include <pcre2.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace sluice::conf {

namespace {

// A match within these bounds takes a few milliseconds at worst; patterns of real configurations need
// hundreds of steps. PCRE2's own default, ten million, would stall a worker for long.
constexpr uint32_t kMatchLimit = 200000;
constexpr uint32_t kDepthLimit = 10000;
constexpr uint32_t kHeapLimitKilobytes = 4096;
// The compiled code's own stack: 32 KB do for nearly all subjects, long ones with alternatives need more.
constexpr size_t kStackLeast = 32u << 10;
constexpr size_t kStackMost = 512u << 10;

pcre2_code* code_of(void* code) { return static_cast<pcre2_code*>(code); }

// What every match of the process works with; there is one thread.
struct Workspace {
  Workspace() {
    context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(context, kMatchLimit);
    pcre2_set_depth_limit(context, kDepthLimit);
    pcre2_set_heap_limit(context, kHeapLimitKilobytes);
    stack = pcre2_jit_stack_create(kStackLeast, kStackMost, nullptr);
    pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~Workspace() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  // Room for `wanted` pairs of offsets.
  void reserve(uint32_t wanted) {
    if (wanted > pairs) {
      pcre2_match_data_free(data);
      data = pcre2_match_data_create(wanted, nullptr);
      pairs = wanted;
    }
  }
  pcre2_match_context* context = nullptr;
  pcre2_jit_stack* stack = nullptr;
  pcre2_match_data* data = nullptr;
  uint32_t pairs = 0;
};

Workspace& workspace() {
  static Workspace one;
  return one;
}

// One line a second: a client that found such a pattern would fill the log.
void report(int result) {
  static uint64_t next = 0;
  if (clock::now() < next) { return; }
  next = clock::now() + 1000;
  PCRE2_UCHAR text[128] = "";
  pcre2_get_error_message(result, text, sizeof text);
  log::error(0, "pcre2_match() failed: %s; taken as no match", reinterpret_cast<const char*>(text));
}

int run(const pcre2_code* code, std::string_view subject) {
  const char* start = subject.data() != nullptr ? subject.data() : "";
  Workspace& with = workspace();
  int result =
      pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(start), subject.size(), 0, 0, with.data, with.context);
  if (result < PCRE2_ERROR_NOMATCH) { report(result); }
  return result;
}

std::vector<std::pair<std::string, int>> names_in(const pcre2_code* code) {
  uint32_t count = 0;
  uint32_t entry_size = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
  pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
  std::vector<std::pair<std::string, int>> names;
  for (uint32_t i = 0; i < count; ++i, table += entry_size) {
    names.emplace_back(reinterpret_cast<const char*>(table + 2), table[0] << 8 | table[1]);
  }
  return names;
}

std::string describe(int failure, std::string_view pattern, size_t offset) {
  PCRE2_UCHAR text[256] = "";
  pcre2_get_error_message(failure, text, sizeof text);
  std::string out = "pcre2_compile() failed: " + std::string(reinterpret_cast<const char*>(text)) + " in \"" +
                    std::string(pattern) + "\"";
  if (offset < pattern.size()) { out += " at \"" + std::string(pattern.substr(offset)) + "\""; }
  return out;
}

}  // namespace

std::unique_ptr<Regex> Regex::compile(std::string_view pattern, bool caseless, std::string& error) {
  uint32_t options = caseless ? PCRE2_CASELESS : 0;
  std::string_view body = pattern;
  // The older library's name of (*UTF), which configurations still use. A subject that is not UTF-8 then
  // simply does not match.
  for (std::string_view verb : {"(*UTF8)", "(*UTF)"}) {
    if (body.starts_with(verb)) {
      body.remove_prefix(verb.size());
      options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    }
  }
  int failure = 0;
  PCRE2_SIZE offset = 0;
  const char* start = body.data() != nullptr ? body.data() : "";
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(start), body.size(), options, &failure, &offset, nullptr);
  if (code == nullptr) {
    error = describe(failure, body, offset);
    return nullptr;
  }
  // Where the processor has no JIT, matching falls back to the interpreter.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  uint32_t groups = 0;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
  workspace().reserve(groups + 1);
  std::unique_ptr<Regex> made(new Regex);
  made->code_ = code;
  made->groups_ = static_cast<int>(groups);
  made->names_ = names_in(code);
  return made;
}

Regex::~Regex() { pcre2_code_free(code_of(code_)); }

bool Regex::matches(std::string_view subject) const { return run(code_of(code_), subject) >= 0; }

namespace {
std::vector<std::vector<std::string_view>>& spare_captures() {
  static std::vector<std::vector<std::string_view>> all;
  return all;
}
}  // namespace

void Regex::give_back(std::vector<std::string_view> captures) {
  spare_captures().push_back(std::move(captures));
}

bool Regex::match(std::string_view subject, std::vector<std::string_view>& captures) const {
  int count = run(code_of(code_), subject);
  if (count < 0) { return false; }
  if (auto& spare = spare_captures(); captures.capacity() == 0 && !spare.empty()) {
    captures.swap(spare.back());
    spare.pop_back();
  }
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(workspace().data);
  captures.assign(static_cast<size_t>(groups_) + 1, {});
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    PCRE2_SIZE from = offsets[2 * i];
    PCRE2_SIZE to = offsets[2 * i + 1];
    // \K in a lookahead can put the start behind the end.
    if (from != PCRE2_UNSET && from <= to) { captures[i] = subject.substr(from, to - from); }
  }
  return true;
}

}  // namespace sluice::conf
