// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs at hooks of netfilter: of the network namespace we are in. */
#include "run/bpf_int.h"

#include "base/insn.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEIGHBOURS 100 /* priorities that are tried */

/* BPF_LINK_CREATE of union bpf_attr, as far as it goes for these links. */
struct netfilter_link {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint32_t pf, hook;
	int32_t priority;
	uint32_t link_flags;
	uint8_t rest[64];
};

static const char *explain(int err)
{
	switch (-err) {
	case EAFNOSUPPORT:
		return "Linux lets BPF programs hook the packets of IPv4 and "
		       "IPv6 only";
	case EPROTO:
	case EINVAL:
		return "the kernel has no such hook for this family";
	case ERANGE:
		return "this priority is the kernel's own";
	case EBUSY:
		return "other programs have this hook with this priority and "
		       "those behind it: give another .priority()";
	default:
		return NULL;
	}
}

int bpf_attach_netfilter(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	struct netfilter_link l = {
		.prog_fd = (uint32_t)t->prog_fd[a->handler],
		.attach_type = ATTACH_NETFILTER,
		.pf = a->event,
		.hook = a->nth,
		.priority = (int32_t)a->order,
	};
	int fd = -1;

	/* The kernel takes one program at each priority: of several handlers, of
	   this session or of others, each comes right behind the one before. */
	for (int i = 0; i < NEIGHBOURS; i++, l.priority++) {
		fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &l, sizeof(l));
		if (fd >= 0 || errno != EBUSY || l.priority == INT32_MAX)
			break;
	}
	if (fd >= 0)
		return bpf_keep_fd(t, fd);
	return bpf_attach_report(t, d, index, -errno, explain(-errno));
}
