// Self-registering tables: a row declared at namespace scope in any source file joins its table before
// main(). Adding a directive, a variable or a balancing method therefore touches only the file that
// implements it. The binary must be linked with --whole-archive, or the linker drops files nobody names.
#pragma once

namespace sluice {

template <class Row>
class Registry {
 public:
  // A registered row; lives for ever (static storage).
  class Entry {
   public:
    explicit Entry(Row& row) : row_(row), next_(head()) { head() = this; }
    Row& row() const { return row_; }
    const Entry* next() const { return next_; }

   private:
    Row& row_;
    const Entry* next_;
  };

  template <class Visit>
  static void each(Visit visit) {
    for (const Entry* entry = head(); entry != nullptr; entry = entry->next()) { visit(entry->row()); }
  }

 private:
  static const Entry*& head() {
    static const Entry* first = nullptr;
    return first;
  }
};

}  // namespace sluice
