# SPDX-License-Identifier: GPL-2.0-or-later
# The run-time library with a heap of its own, for tests/unit/runtime/verify_test.
RT_TEST_DEPS := tests/unit/runtime/verify.bpf.c tests/unit/runtime/verify.h \
	$(RT_DEPS)
RT_TEST_CFLAGS = $(BPF_CFLAGS) -DRT_TEST_BPF=1 \
	-I/usr/include/$(shell uname -m)-linux-gnu
$(B)/rt/test_maygoto.o: $(RT_TEST_DEPS)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(RT_TEST_CFLAGS) -DRT_MAY_GOTO=1 -c $< -o $@
$(B)/rt/test_bpfloop.o: $(RT_TEST_DEPS)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(RT_TEST_CFLAGS) -c $< -o $@
$(B)/tests/unit/runtime/verify_test: $(B)/rt/test_maygoto.o \
	$(B)/rt/test_bpfloop.o
