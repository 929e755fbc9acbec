# SPDX-License-Identifier: GPL-2.0-or-later
# Tests. Every suite ends in "N passed, N failed, N skipped".

UNIT_SUITES := $(foreach t,$(UNIT_BIN),'unit $(patsubst tests/unit/%_test,%,$(t:$(B)/%=%))=$(t)')

.PHONY: check check-unit check-golden check-eval check-differential check-live check-gdb check-layers check-docs
check: all unit examples
	$(Q)tests/run-all 'layers=tools/check-layers' \
		'warnings=$(MAKE) --no-print-directory check-warnings' $(UNIT_SUITES) \
		'sanitized=$(MAKE) --no-print-directory SAN=1 CFLAGS="-O1 -g" check-unit' \
		'fuzzers=$(MAKE) --no-print-directory SAN=1 CFLAGS="-O1 -g" check-fuzzers' \
		'golden=tests/golden/run.sh' 'wrong=tests/golden/wrong.sh' \
		'tags=tests/golden/tags.sh' \
		'eval=tests/eval/run.sh' 'differential=tests/eval/diff.sh -t 20' \
		'live=tests/live/run.sh' 'dwarf=tests/dwarf/run.sh' \
		'docs=tests/docs/run.sh' 'language=tests/docs/table.sh'
check-unit: all unit
	$(Q)tests/run-all $(UNIT_SUITES)
check-golden: all
	$(Q)tests/golden/run.sh && tests/golden/wrong.sh && tests/golden/tags.sh
check-eval: all
	$(Q)tests/eval/run.sh
# Random scripts on every target; SEED=n repeats a run.
check-differential: all
	$(Q)tests/eval/diff.sh -t $(or $(DIFF_TIME),20) $(SEED)
check-live: all examples
	$(Q)tests/live/run.sh
# every variable of test programs against gdb; "check" has a part of it
check-gdb: all
	$(Q)tests/dwarf/run.sh all
check-docs: all examples
	$(Q)tests/docs/run.sh
	$(Q)tests/docs/table.sh
check-layers:
	$(Q)tools/check-layers
# The same on other kernels, in emulated machines (tests/vm). KERNELS='6.1 6.12'
.PHONY: check-vm
check-vm: all unit examples $(B)/tests/eval/batch
	$(Q)tests/vm/check $(KERNELS)
# Warnings are errors under gcc in every build; and here under clang.
.PHONY: check-warnings
check-warnings:
	$(Q)$(MAKE) --no-print-directory CC=clang CFLAGS=-O1 stap staprun unit

.PHONY: bless
bless: all
	tests/golden/run.sh --bless
	tests/docs/run.sh --bless

# --- the traced program ---------------------------------------------------
.PHONY: examples
examples: $(B)/block_hasher
$(B)/block_hasher: examples/block_hasher.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -Wall -Wextra -pthread $< -o $@

.PHONY: run
run: all examples
	$(Q)examples/run

.PHONY: bench
bench: all examples
	$(Q)tools/install-deps bench
	$(Q)tests/bench/run

# --- fuzzers: random scripts, and tests/fuzz/*_fuzz.c with clang's libFuzzer ---
FUZZ_TIME ?= 60
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN := $(FUZZ_SRC:%.c=build-fuzz/%)
# The fuzzers as plain programs, over their seeds and the tests' scripts.
FUZZ_PLAIN := $(FUZZ_SRC:%.c=$(B)/%)
$(FUZZ_PLAIN): $(B)/%: %.c $(B)/libstap.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DFUZZ_MAIN -MMD -MP $< $(B)/libstap.a -o $@ $(ALL_LIBS)
-include $(wildcard $(FUZZ_PLAIN:%=%.d))
.PHONY: check-fuzzers
check-fuzzers: $(FUZZ_PLAIN)
	$(Q)tests/fuzz/seeds.sh $(B)
FUZZ_LIB := $(LIB_SRC:%.c=build-fuzz/%.o) $(RT_SRC:%.c=build-fuzz/%.o) \
	$(patsubst $(B)/%.c,build-fuzz/%.o,$(GEN_SRC))
FUZZ_CC = $(CLANG) -g -O1 -std=gnu11 -D_GNU_SOURCE -DSTAP_PREFIX='"$(prefix)"' \
	-DSTAP_FUZZER=1 -Isrc -Iruntime -Ibuild/gen $(PKG_CFLAGS)
build-fuzz/%.o: %.c | all
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c $< -o $@
build-fuzz/gen/%.o: build/gen/%.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -c $< -o $@
$(FUZZ_BIN): build-fuzz/%: %.c $(FUZZ_LIB)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $^ -o $@ $(PKG_LIBS) -lpthread
-include $(wildcard $(patsubst %.o,%.d,$(FUZZ_LIB)))
.PHONY: fuzz
fuzz: $(FUZZ_BIN) all
	$(Q)tests/eval/diff.sh -t $(FUZZ_TIME) $(SEED)
	$(Q)for f in $(FUZZ_BIN); do \
		n=$$(basename $$f); c=build-fuzz/corpus/$$n; mkdir -p $$c; \
		s=; [ -d tests/fuzz/corpus/$$n ] && s=tests/fuzz/corpus/$$n; \
		echo "== $$n"; \
		$$f -max_total_time=$(FUZZ_TIME) -print_final_stats=1 $$c $$s || exit 1; \
	done

# --- static checks ----------------------------------------------------------
.PHONY: compile_commands.json
compile_commands.json:
	$(Q)( echo '['; first=1; for f in $(LIB_SRC) $(RT_SRC); do \
		[ $$first = 1 ] || echo ','; first=0; \
		printf '{"directory":"%s","file":"%s","command":"%s -c %s"}' \
		"$$PWD" "$$f" '$(subst ",\",$(CC) $(ALL_CFLAGS))' "$$f"; \
	done; echo ']' ) >$@

# --- installation -------------------------------------------------------------
.PHONY: install
install: all
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/share/stap/tapset \
		$(DESTDIR)$(prefix)/share/stap/examples
	install -m 755 $(B)/stap $(B)/staprun $(DESTDIR)$(prefix)/bin
	cp -r tapset/. $(DESTDIR)$(prefix)/share/stap/tapset
	install -m 644 examples/*.stp $(DESTDIR)$(prefix)/share/stap/examples
	$(B)/stap --update-index $(DESTDIR)$(prefix)/share/stap/tapset
