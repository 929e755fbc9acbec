# SPDX-License-Identifier: GPL-2.0-or-later
#
# make              ./stap and ./staprun, usable in place
# make run          trace a real program (examples/), or say what is missing
# make check        all tests that this machine can run
# make check-unit   only unit tests        (also check-golden, check-eval,
# make check-live   only live tests         check-tour, check-layers)
# make check-vm     live tests and programs on other kernels, in a guest
# make bench        speed, as ratios against peers
# make fuzz         fuzzers, FUZZ_TIME=seconds each
# make bless        rewrite golden files from what is printed now
# make install      DESTDIR= prefix=/usr/local
#
# SAN=1 builds with AddressSanitizer and UBSan (in build-san/). CC=clang works.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
prefix ?= /usr/local
DESTDIR ?=
SAN ?= 0
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

B := build
ifeq ($(SAN),1)
B := build-san
endif
ifneq ($(notdir $(CC)),gcc)
B := $(B)-$(notdir $(CC))
endif

PKGS := libelf libdw libbpf zlib
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wpointer-arith \
	-Wno-unused-parameter -Wno-string-concatenation -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(CFLAGS) $(WARN) -D_GNU_SOURCE \
	-DSTAP_PREFIX='"$(prefix)"' -Isrc -Iruntime -I$(B)/gen $(PKG_CFLAGS)
ALL_LIBS := $(PKG_LIBS) -lpthread
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer \
	-fno-sanitize-recover=undefined
ALL_LIBS += -fsanitize=address,undefined
endif

# Folders in layer order (docs: each may include only those before it).
LAYERS := base wire syntax target probe sema ir ebpf engine run driver

LIB_SRC := $(foreach l,$(LAYERS),$(sort $(wildcard src/$(l)/*.c)))
RT_SRC := $(sort $(filter-out runtime/bpf_%.c,$(wildcard runtime/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(RT_SRC:%.c=$(B)/%.o)
GEN_SRC :=
GEN_OBJ = $(GEN_SRC:%.c=%.o)
RUN_LAYERS := base wire run
RUN_SRC := $(foreach l,$(RUN_LAYERS),$(sort $(wildcard src/$(l)/*.c)))
RUN_OBJ := $(RUN_SRC:%.c=$(B)/%.o) $(RT_SRC:%.c=$(B)/%.o)

.PHONY: all
all: stap staprun

# --- run-time library as BPF, embedded into stap -----------------------------
# Two variants: loops by may_goto (Linux 6.9) and by bpf_loop (5.17).
RT_DEPS := $(wildcard runtime/*.c runtime/*.h runtime/*.def src/wire/*.h)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wno-unused-function \
	-D__BPF__=1 -DRT_BPF=1 $(if $(filter x86_64,$(shell uname -m)),-DRT_TSO=1) \
	-Isrc -Iruntime
ifneq ($(wildcard tools/rtembed.c),)
GEN_SRC += $(B)/gen/rtlib.c
endif

$(B)/rt/maygoto.o: runtime/bpf_unity.c $(RT_DEPS)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DRT_MAY_GOTO=1 -c $< -o $@
$(B)/rt/bpfloop.o: runtime/bpf_unity.c $(RT_DEPS)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
$(B)/tools/rtembed: tools/rtembed.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< -o $@ $(ALL_LIBS)
$(B)/gen/rtlib.c: $(B)/tools/rtembed $(B)/rt/maygoto.o $(B)/rt/bpfloop.o
	@mkdir -p $(@D)
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(B)/tools/rtembed maygoto=$(B)/rt/maygoto.o bpfloop=$(B)/rt/bpfloop.o >$@.tmp && mv $@.tmp $@
$(B)/gen/%.o: $(B)/gen/%.c
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# --- objects and programs -----------------------------------------------------
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(B)/libstap.a: $(LIB_OBJ) $(GEN_OBJ)
	$(Q)rm -f $@; ar rcs $@ $(LIB_OBJ) $(GEN_OBJ)

ifeq ($(B),build)
stap: $(B)/stap
	$(Q)cp $< $@.tmp && mv $@.tmp $@
staprun: $(B)/staprun
	$(Q)cp $< $@.tmp && mv $@.tmp $@
else
stap: $(B)/stap
staprun: $(B)/staprun
.PHONY: stap staprun
endif

$(B)/stap: $(B)/src/cmd/stap.o $(B)/libstap.a
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(ALL_LIBS)
$(B)/staprun: $(B)/src/cmd/staprun.o $(RUN_OBJ)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(ALL_LIBS)

# --- unit tests: tests/unit/<folder>/<name>_test.c, one program each ----------
UNIT_SRC := $(sort $(wildcard tests/unit/*/*_test.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%)
$(UNIT_BIN): $(B)/%: %.c $(B)/libstap.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $< $(B)/libstap.a -o $@ $(ALL_LIBS) -lcmocka -lm
.PHONY: unit
unit: $(UNIT_BIN)

# --- groups of tests/eval in one process, which has both programs in it ----------
$(B)/tests/eval/%_main.o: src/cmd/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Dmain=$*_main -Wno-missing-prototypes -MMD -MP -c $< -o $@
# runtime/regex.h is not the C library's
$(B)/tests/eval/batch.o: private ALL_CFLAGS := $(filter-out -Iruntime,$(ALL_CFLAGS))
$(B)/tests/eval/batch: $(B)/tests/eval/batch.o $(B)/tests/eval/stap_main.o \
		$(B)/tests/eval/staprun_main.o $(B)/libstap.a
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(ALL_LIBS)
-include $(wildcard $(B)/tests/eval/*.d)

-include $(wildcard mk/*.mk)

.PHONY: clean
clean:
	rm -rf build build-* stap staprun

-include $(LIB_OBJ:.o=.d) $(B)/src/cmd/stap.d $(B)/src/cmd/staprun.d $(UNIT_BIN:=.d)
