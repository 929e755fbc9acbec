// SPDX-License-Identifier: GPL-2.0-or-later
/* begin, end, error: the start and the end of the session. */
#include <string.h>

#include "probe/kind.h"

static const struct phase {
	const char *name;
	enum wire_probe_kind kind;
	enum rt_state state;
} phases[] = {
	{"begin", WIRE_PROBE_BEGIN, RT_STARTING},
	{"end", WIRE_PROBE_END, RT_ENDING},
	{"error", WIRE_PROBE_ERROR, RT_ENDING},
};

static int begin_match(const struct probe_env *env, const struct probe_point *p,
		       struct site_list *out)
{
	const struct phase *ph = NULL;
	int64_t order = 0;

	if (p->comps.n != 1)
		return PROBE_NOT_MINE;
	for (unsigned i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (!strcmp(p->comps.v[0].name, phases[i].name))
			ph = &phases[i];
	if (!ph || (pp_has_arg(p, 0) && !pp_number(p, 0, &order)))
		return PROBE_NOT_MINE;
	struct probe_site *s = site_new(env, &probe_kind_begin, p, out);
	s->attach.kind = ph->kind;
	s->attach.order = order;
	s->prog_type = IMAGE_PROG_RUN;
	s->handler_flags =
		IMAGE_HANDLER_INTERRUPTIBLE | IMAGE_HANDLER_STATE(ph->state);
	return PROBE_MATCHED;
}

static const char *const forms[] = {
	"begin", "begin(number)", "end", "end(number)",
	"error", "error(number)", NULL};

const struct probe_kind probe_kind_begin = {
	.name = "begin",
	.forms = forms,
	.match = begin_match,
};
