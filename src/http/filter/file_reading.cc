// `aio` and `directio`: files are read, not sent by sendfile.
#include "conf/build.h"
#include "http/file_source.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

class FileReading final : public Filter {
 public:
  void head(Request& request) const override {
    if (!request.is_head()) { read_files(request); }
  }
};

const FileReading file_reading;

const Filter* make_file_reading(Arena&, const conf::Settings& settings) {
  return settings.get<FileReadSettings>().reads() ? &file_reading : nullptr;
}

const FilterRow row = {"file_reading", stage::kRead, make_file_reading};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
