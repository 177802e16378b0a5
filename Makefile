# One makefile for everything; "make help" lists the targets. It asks ./configure for the libraries when
# that was not done, finds sources by looking for them, and lets the compiler say which headers they use.
# BUILD=dir chooses the build directory (./configure --builddir=dir makes another one).

BUILD ?= build
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# These run before anything is installed or configured, so they must not ask for config.mk.
BARE := help test demo deps sanitize lint format clean dist fuzz
ifneq ($(filter-out $(BARE),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif

$(BUILD)/config.mk: configure
	./configure $(or $(CONFIGURE_ARGS),--builddir=$(BUILD))

$(BUILD)/config.h: $(BUILD)/config.mk ;

# -- flags --------------------------------------------------------------------------------------------

# One variable, so that the cost of each can be measured: make HARDEN_CXX= HARDEN_LD=
HARDEN_CXX ?= -fstack-protector-strong $(if $(OPTIMISED),-D_FORTIFY_SOURCE=2) -fPIE
HARDEN_LD ?= -pie -Wl,-z,relro -Wl,-z,now

WARNINGS := -Wall -Wextra -Wpedantic -Werror
# The sanitizers refuse _FORTIFY_SOURCE's wrappers, and -O1 keeps their stacks readable.
OPTIMISED := $(if $(SANITIZE),,yes)
# Without a frame pointer in the product: saving it costs 4 % of a request's instructions.
OPTIMISE := $(if $(OPTIMISED),-O2,-O1 -fno-omit-frame-pointer)
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined)

ALL_CXXFLAGS = -std=c++20 $(OPTIMISE) -g -fno-plt $(WARNINGS) $(HARDEN_CXX) \
	$(SANITIZE_FLAGS) -I src -I $(BUILD) $(LIB_CFLAGS) $(CC_OPT) $(CXXFLAGS)
# Workers should not map libraries that no code in them uses yet.
ALL_LDFLAGS = -Wl,--as-needed $(HARDEN_LD) $(SANITIZE_FLAGS) $(LD_OPT) $(LDFLAGS)
COMPILE = $(LAUNCHER) $(CXX) $(ALL_CXXFLAGS)
LINK = $(CXX) -g $(ALL_LDFLAGS)

# $(call remember,file,text): a file that changes only when the text does, for rules to depend on.
space := $() $()
one_word = _$(subst $(space),_,$(strip $(1)))
changed = $(if $(filter $(call one_word,$(file <$(1))),$(call one_word,$(2))),,yes)
remember = $(if $(LIBS),$(if $(call changed,$(1),$(2)),$(file >$(1),$(strip $(2)))))

$(call remember,$(BUILD)/flags,$(COMPILE))

# -- the product --------------------------------------------------------------------------------------

SOURCES := $(sort $(shell find src -name '*.cc'))
UNIT_SOURCES := $(sort $(shell find t/unit -name '*_test.cc' 2>/dev/null))
LOSSLESS_SOURCES := $(sort $(wildcard t/lossless/*.cc))
BENCH_SOURCES := $(sort $(shell find t/bench -name '*_bench.cc' 2>/dev/null))
FUZZ_SOURCES := $(sort $(wildcard t/fuzz/*_fuzz.cc))

objects = $(patsubst %.cc,$(BUILD)/obj/%.o,$(1))
LIB_OBJECTS := $(call objects,$(filter-out src/main.cc,$(SOURCES)))
MAIN_OBJECT := $(call objects,$(filter src/main.cc,$(SOURCES)))
UNIT_OBJECTS := $(call objects,$(UNIT_SOURCES))
BENCH_OBJECTS := $(call objects,$(BENCH_SOURCES))
LOSSLESS_OBJECTS := $(call objects,$(LOSSLESS_SOURCES))

# Whole, because tables register themselves from objects that nothing else names.
LIBSLUICE = -Wl,--whole-archive $(BUILD)/libsluice.a -Wl,--no-whole-archive

# What was linked from a source that is gone is linked anew.
$(call remember,$(BUILD)/sources,$(SOURCES))
$(call remember,$(BUILD)/unit_sources,$(UNIT_SOURCES))
$(call remember,$(BUILD)/bench_sources,$(BENCH_SOURCES))
$(call remember,$(BUILD)/lossless_sources,$(LOSSLESS_SOURCES))
$(BUILD)/flags $(BUILD)/sources $(BUILD)/unit_sources $(BUILD)/bench_sources $(BUILD)/lossless_sources: ;

.PHONY: all
all: $(BUILD)/sluice

$(BUILD)/obj/%.o: %.cc $(BUILD)/config.h $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	@$(COMPILE) -MMD -MP -c -o $@ $<

# From nothing each time, so that no removed source stays; q appends without looking for members of the same name.
$(BUILD)/libsluice.a: $(LIB_OBJECTS) $(BUILD)/sources
	@echo "  AR    $@"
	@rm -f $@
	@ar qcs $@ $(LIB_OBJECTS)

$(BUILD)/sluice: $(MAIN_OBJECT) $(BUILD)/libsluice.a
	@echo "  LINK  $@"
	@$(LINK) -o $@ $(MAIN_OBJECT) $(LIBSLUICE) $(LIBS)

$(BUILD)/unit_tests: $(UNIT_OBJECTS) $(BUILD)/libsluice.a $(BUILD)/unit_sources
	@echo "  LINK  $@"
	$(if $(GTEST_LIBS),,$(error unit tests need the Debian package libgtest-dev: contrib/install-deps, then ./configure))
	@$(LINK) -o $@ $(UNIT_OBJECTS) $(LIBSLUICE) $(GTEST_LIBS) $(LIBS)

$(BUILD)/micro_bench: $(BENCH_OBJECTS) $(BUILD)/libsluice.a $(BUILD)/bench_sources
	@echo "  LINK  $@"
	$(if $(BENCHMARK_LIBS),,$(error benchmarks need the Debian package libbenchmark-dev: contrib/install-deps, then ./configure))
	@$(LINK) -o $@ $(BENCH_OBJECTS) $(LIBSLUICE) -lbenchmark_main $(BENCHMARK_LIBS) $(LIBS)

# A client that counts what is lost shares nothing with what it judges.
$(BUILD)/lossless: $(LOSSLESS_OBJECTS) $(BUILD)/lossless_sources
	@echo "  LINK  $@"
	@$(LINK) -o $@ $(LOSSLESS_OBJECTS)

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(MAIN_OBJECT) $(UNIT_OBJECTS) $(BENCH_OBJECTS) $(LOSSLESS_OBJECTS))

# -- tests --------------------------------------------------------------------------------------------

# Used by the targets that install things first: make must read config.mk after, not before.
SUBMAKE = +$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) BUILD=$(BUILD)
HAVE_UNIT = $(if $(UNIT_SOURCES),$(BUILD)/unit_tests)

.PHONY: deps test test-built check sanitize demo demo-built
deps:
	@contrib/install-deps --test
	@# Configured before the test libraries were there: old enough to be configured again, in the same way.
	@if grep -q '_LIBS := $$' $(BUILD)/config.mk 2>/dev/null; then touch -d @0 $(BUILD)/config.mk; fi

test: deps
	$(SUBMAKE) test-built

test-built: all $(HAVE_UNIT) $(BUILD)/lossless
	@t/ctest_list $(BUILD) > $(BUILD)/CTestTestfile.cmake
	@cd $(BUILD) && ctest -j$(JOBS) --output-on-failure $(CTEST_ARGS)

check: $(BUILD)/unit_tests
	@$(BUILD)/unit_tests --gtest_brief=1 $(GTEST_ARGS)

# The same tests under the sanitizers, in a directory of their own.
sanitize: deps
	@test -f build-asan/config.mk || ./configure --sanitize=address,undefined --builddir=build-asan
	+$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) BUILD=build-asan test-built

demo:
	@contrib/install-deps
	$(SUBMAKE) demo-built

demo-built: all
	@SLUICE_BINARY=$(or $(SLUICE_BINARY),$(BUILD)/sluice) DEMO_ONCE=$(DEMO_ONCE) contrib/demo.sh

.PHONY: bench micro side-by-side
bench: micro side-by-side
micro: $(if $(BENCH_SOURCES),$(BUILD)/micro_bench)
	@$(if $(BENCH_SOURCES),$(BUILD)/micro_bench $(BENCH_ARGS),echo "no micro-benchmarks yet")
side-by-side: all
	@SLUICE_BINARY=$(or $(SLUICE_BINARY),$(BUILD)/sluice) t/bench/side_by_side $(SIDE_BY_SIDE_ARGS)

.PHONY: lossless
lossless: all $(BUILD)/lossless
	@SLUICE_BINARY=$(or $(SLUICE_BINARY),$(BUILD)/sluice) LOSSLESS=$(BUILD)/lossless t/lossless/lossless.py $(LOSSLESS_ARGS)

# A fuzz target names the sources it needs in a line "// sources: src/base/*.cc ..." because clang 14 and
# libstdc++ disagree about coroutines: parsers must not drag the event loop in anyway.
.PHONY: fuzz
fuzz:
	@BUILD=$(BUILD) t/fuzz/run $(FUZZ_SECONDS) $(FUZZ_SOURCES)

.PHONY: lint format
lint:
	@t/lint/run
format:
	clang-format -i $(shell find src t -name '*.cc' -o -name '*.h')

# -- delivery -----------------------------------------------------------------------------------------

MAN_PAGES := $(wildcard man/*.[1-8]) man/sluice.conf.5

.PHONY: man install dist clean help
man: $(addprefix $(BUILD)/,$(MAN_PAGES))
# The reference is in the tables of directives, so the binary writes it.
$(BUILD)/man/sluice.conf.5: $(BUILD)/sluice
	@mkdir -p $(@D)
	$(BUILD)/sluice --manual=mdoc > $@
$(BUILD)/man/%: man/% $(BUILD)/config.mk
	@mkdir -p $(@D)
	sed 's|@PREFIX@|$(PREFIX)|g; s|@CONF_PATH@|$(CONF_PATH)|g; s|@VERSION@|$(VERSION)|g' $< > $@

# Like nginx's: an existing configuration is left alone, and the new default is put beside it.
CONF_DIR = $(dir $(CONF_PATH))
install: all man
	install -d $(sort $(patsubst %,'$(DESTDIR)%',$(dir $(SBIN_PATH)) $(CONF_DIR) $(LOG_DIRS) $(PID_DIR) $(PREFIX)/html))
	install -m 755 $(BUILD)/sluice '$(DESTDIR)$(SBIN_PATH)'
	install -m 644 conf/mime.types conf/koi-win conf/koi-utf conf/win-utf '$(DESTDIR)$(CONF_DIR)'
	install -m 644 conf/sluice.conf '$(DESTDIR)$(CONF_PATH).default'
	$(foreach page,$(wildcard html/*),\
		test -f '$(DESTDIR)$(PREFIX)/$(page)' || install -m 644 $(page) '$(DESTDIR)$(PREFIX)/$(page)';)
	test -f '$(DESTDIR)$(CONF_PATH)' || install -m 644 conf/sluice.conf '$(DESTDIR)$(CONF_PATH)'
	$(foreach page,$(MAN_PAGES),install -D -m 644 $(BUILD)/$(page) \
		'$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page))';)

dist:
	@mkdir -p $(BUILD)
	@v=$$(sed -n 's/^version=//p' configure) && \
	git archive --prefix="sluice-$$v/" -o "$(BUILD)/sluice-$$v.tar.gz" HEAD && echo "$(BUILD)/sluice-$$v.tar.gz"

clean:
	rm -rf build build-asan build-fuzz

help:
	@echo 'make              build $(BUILD)/sluice (configures with defaults when that was not done)'
	@echo 'make demo         install what is needed, build, show the proxy at work; DEMO_ONCE=1 stops it after that'
	@echo 'make test         install what is needed, build, run every test and check'
	@echo 'make check        unit tests only'
	@echo 'make sanitize     every test again, built with the address and undefined sanitizers'
	@echo 'make lint         layers, coroutine shapes, fences, sizes, format'
	@echo 'make format       let clang-format rewrite the sources'
	@echo 'make bench        micro-benchmarks, then side by side with the installed nginx and haproxy'
	@echo 'make lossless     does reloads, upgrades and kills under load help lose requests? LOSSLESS_ARGS=--help'
	@echo 'make fuzz         every fuzz target, FUZZ_SECONDS=$(FUZZ_SECONDS) each'
	@echo 'make man          manual pages into $(BUILD)/man'
	@echo 'make install      install under the configured prefix; DESTDIR is honoured'
	@echo 'make dist         a source archive of the last commit'
	@echo 'make clean        remove what was built'
