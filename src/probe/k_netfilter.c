// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netfilter.hook("NF_INET_LOCAL_IN").pf("NFPROTO_IPV4").priority(N): packets on
 * their way through the network stack, of the network namespace that stap runs
 * in. The components may come in any order; without a priority it is 0.
 *
 * The handler is a BPF program at the hook (Linux 6.4): its context is the
 * hook's state and the packet. It lets packets pass, unless the script, in guru
 * mode, says something else by $verdict.
 */
#include <limits.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "probe/access.h"

#define CTX_STATE 0u /* struct bpf_nf_ctx */
#define CTX_SKB 8u

struct name_value {
	const char *name;
	int value;
};

static const struct name_value families[] = {
	{"NFPROTO_IPV4", NFPROTO_IPV4},
	{"NFPROTO_IPV6", NFPROTO_IPV6},
	{"NFPROTO_ARP", NFPROTO_ARP},
	{"NFPROTO_BRIDGE", NFPROTO_BRIDGE},
	{NULL, 0},
};

static const struct name_value hooks[] = {
	{"NF_INET_PRE_ROUTING", NF_INET_PRE_ROUTING},
	{"NF_INET_LOCAL_IN", NF_INET_LOCAL_IN},
	{"NF_INET_FORWARD", NF_INET_FORWARD},
	{"NF_INET_LOCAL_OUT", NF_INET_LOCAL_OUT},
	{"NF_INET_POST_ROUTING", NF_INET_POST_ROUTING},
	/* older names of the same */
	{"NF_IP_PRE_ROUTING", NF_INET_PRE_ROUTING},
	{"NF_IP_LOCAL_IN", NF_INET_LOCAL_IN},
	{"NF_IP_FORWARD", NF_INET_FORWARD},
	{"NF_IP_LOCAL_OUT", NF_INET_LOCAL_OUT},
	{"NF_IP_POST_ROUTING", NF_INET_POST_ROUTING},
	{"NF_IP6_PRE_ROUTING", NF_INET_PRE_ROUTING},
	{"NF_IP6_LOCAL_IN", NF_INET_LOCAL_IN},
	{"NF_IP6_FORWARD", NF_INET_FORWARD},
	{"NF_IP6_LOCAL_OUT", NF_INET_LOCAL_OUT},
	{"NF_IP6_POST_ROUTING", NF_INET_POST_ROUTING},
	{"NF_ARP_IN", 0},
	{"NF_ARP_OUT", 1},
	{"NF_ARP_FORWARD", 2},
	{"NF_BR_PRE_ROUTING", 0},
	{"NF_BR_LOCAL_IN", 1},
	{"NF_BR_FORWARD", 2},
	{"NF_BR_LOCAL_OUT", 3},
	{"NF_BR_POST_ROUTING", 4},
	{NULL, 0},
};

/* Without NF_IP_PRI_: IPv6 has the same numbers. */
static const struct name_value priorities[] = {
	{"FIRST", INT_MIN},
	{"RAW_BEFORE_DEFRAG", -450},
	{"CONNTRACK_DEFRAG", -400},
	{"RAW", -300},
	{"SELINUX_FIRST", -225},
	{"CONNTRACK", -200},
	{"MANGLE", -150},
	{"NAT_DST", -100},
	{"FILTER", 0},
	{"SECURITY", 50},
	{"NAT_SRC", 100},
	{"SELINUX_LAST", 225},
	{"CONNTRACK_HELPER", 300},
	{"CONNTRACK_CONFIRM", INT_MAX},
	{"LAST", INT_MAX},
	{NULL, 0},
};

struct spec {
	int hook, family, priority; /* components, or -1 */
	int64_t hook_value, family_value, priority_value;
};

/* ---- points ---- */

static bool parse(const struct probe_point *p, struct spec *s)
{
	int64_t n;

	*s = (struct spec){-1, -1, -1, 0, 0, 0};
	if (p->comps.n < 3 || !pp_bare(p, 0, "netfilter"))
		return false;
	for (unsigned i = 1; i < p->comps.n; i++) {
		int *at = pp_is(p, i, "hook")	      ? &s->hook
			  : pp_is(p, i, "pf")	      ? &s->family
			  : pp_is(p, i, "priority") ? &s->priority
						      : NULL;

		if (!at || *at >= 0 ||
		    (!pp_string(p, i) && !pp_number(p, i, &n)))
			return false;
		*at = (int)i;
	}
	return s->hook > 0 && s->family > 0;
}

static bool is_number(const char *text, int64_t *v)
{
	char *end;

	*v = strtoll(text, &end, 0);
	return *text && !*end;
}

/* What the text of a component stands for. PROBE_ERROR: reported. */
static int value_of(const struct probe_env *env, const struct probe_point *p,
		    unsigned i, const struct name_value *names,
		    const char *prefix, int64_t *v)
{
	const char *text = pp_string(p, i), *rest = text;
	struct name_list l = {0};

	if (!text) {
		pp_number(p, i, v);
		return PROBE_MATCHED;
	}
	if (is_number(text, v))
		return PROBE_MATCHED;
	if (!strncmp(rest, prefix, strlen(prefix)))
		rest += strlen(prefix);
	else if (*prefix && !strncmp(rest, "NF_IP6_PRI_", 11))
		rest += 11;
	for (unsigned k = 0; names[k].name; k++) {
		if (!strcmp(names[k].name, rest)) {
			*v = names[k].value;
			return PROBE_MATCHED;
		}
		vec_push(env->arena, &l.v,
			 arena_printf(env->arena, "%s%s", prefix,
				      names[k].name));
	}
	pp_unavailable(env, p, i,
		       arena_printf(env->arena, "there is no %s '%s'%s",
				    p->comps.v[i].name, text,
				    similar_suffix(env->arena, text, l.v.v,
						   l.v.n)));
	return PROBE_ERROR;
}

static const char *cannot(const struct probe_env *env, const struct spec *s)
{
	struct target_cache *c = env->targets;

	if (target_kernel_config(c, "CONFIG_BPF") &&
	    !target_kernel_config(c, "CONFIG_NETFILTER_BPF_LINK"))
		return arena_printf(env->arena,
				    "this kernel (%s) does not let BPF programs "
				    "hook netfilter (Linux 6.4, "
				    "CONFIG_NETFILTER_BPF_LINK)",
				    target_kernel_release(c));
	if (s->family_value != NFPROTO_IPV4 && s->family_value != NFPROTO_IPV6)
		return "Linux lets BPF programs hook the packets of IPv4 and "
		       "IPv6 only";
	return NULL;
}

static int64_t next_to_ends(int64_t v)
{
	return v == INT_MIN ? v + 1 : v == INT_MAX ? v - 1 : v;
}

static int netfilter_match(const struct probe_env *env,
			   const struct probe_point *p, struct site_list *out)
{
	struct spec s;
	const char *why;

	if (!parse(p, &s))
		return PROBE_NOT_MINE;
	if (value_of(env, p, (unsigned)s.hook, hooks, "", &s.hook_value) ==
		    PROBE_ERROR ||
	    value_of(env, p, (unsigned)s.family, families, "",
		     &s.family_value) == PROBE_ERROR ||
	    (s.priority > 0 &&
	     value_of(env, p, (unsigned)s.priority, priorities, "NF_IP_PRI_",
		      &s.priority_value) == PROBE_ERROR))
		return PROBE_ERROR;
	why = cannot(env, &s);
	if (why) {
		diag_remedy(pp_unavailable(env, p, 0, why),
			    "kernel.trace(\"net_dev_queue\") and "
			    "kernel.trace(\"netif_receive_skb\") see each "
			    "packet");
		return PROBE_ERROR;
	}
	/* The very first and last places are the kernel's own: who asks for
	   them by name comes next to them. */
	if (s.priority > 0 && pp_string(p, (unsigned)s.priority))
		s.priority_value = next_to_ends(s.priority_value);
	if (s.priority_value <= INT_MIN || s.priority_value >= INT_MAX)
		return pp_out_of_range(env, p, (unsigned)s.priority,
				       s.priority_value, INT_MIN + 1ll,
				       INT_MAX - 1ll, "");
	struct probe_site *site = site_new(env, &probe_kind_netfilter, p, out);
	site->attach.kind = WIRE_PROBE_NETFILTER;
	site->attach.event = (uint32_t)s.family_value;
	site->attach.nth = (uint32_t)s.hook_value;
	site->attach.order = s.priority_value;
	site->prog_type = IMAGE_PROG_NETFILTER;
	return PROBE_MATCHED;
}

/* ---- variables ---- */

/* ((struct TYPE *)arg)->member */
static struct expr *member_of(const struct probe_env *env,
			      struct probe_site *site, struct loc loc,
			      struct expr *arg, const char *type,
			      const char *member, const char **why)
{
	struct expr *e = expr_new(env->arena, E_TARGET, loc);
	struct target_step st = {.kind = STEP_MEMBER, .loc = loc,
				 .member = member};
	const char *have = NULL;

	e->target.tk = TGT_CAST;
	e->target.name = type;
	e->target.module = "kernel";
	e->target.arg = arg;
	vec_push(env->arena, &e->target.steps, st);
	return probe_bind_target(env, site, e, false, why, &have)
		       ? e->target.bound
		       : NULL;
}

/* The same access, with the variable as a pointer to a structure. */
static bool bind_pointer(const struct probe_env *env, struct probe_site *site,
			 struct expr *e, struct expr *pointer, const char *type,
			 bool lvalue, const char **why, const char **have)
{
	if (!pointer)
		return false;
	e->target.tk = TGT_CAST;
	e->target.name = type;
	e->target.module = "kernel";
	e->target.arg = pointer;
	return probe_bind_target(env, site, e, lvalue, why, have);
}

static bool bind_verdict(const struct probe_env *env, struct expr *e,
			 bool lvalue, const char **why)
{
	if (!lvalue) {
		*why = "it is for assigning to: what becomes of the packet";
		return false;
	}
	e->target.bound = expr_new(env->arena, E_PRIM, e->loc);
	e->target.bound->prim.op = PRIM_VERDICT;
	e->target.bound->type = TY_LONG;
	return true;
}

static bool netfilter_bind(const struct probe_env *env,
			   struct probe_site *site, struct expr *e, bool lvalue,
			   const char **why, const char **have)
{
	const char *name = e->target.name;
	struct expr *state = prim_ctx(env->arena, e->loc, CTX_STATE, 8, false);

	*have = "$hooknum, $skb, $in, $out, $verdict";
	if (!strcmp(name, "skb"))
		return bind_pointer(env, site, e,
				    prim_ctx(env->arena, e->loc, CTX_SKB, 8,
					     false),
				    "sk_buff", lvalue, why, have);
	if (!strcmp(name, "in") || !strcmp(name, "out"))
		return bind_pointer(env, site, e,
				    member_of(env, site, e->loc, state,
					      "nf_hook_state", name, why),
				    "net_device", lvalue, why, have);
	if (e->target.steps.n || e->target.addr_of || e->target.pretty)
		return false;
	if (!strcmp(name, "verdict"))
		return bind_verdict(env, e, lvalue, why);
	if (strcmp(name, "hooknum"))
		return false;
	if (lvalue) {
		*why = "it cannot be modified";
		return false;
	}
	e->target.bound = expr_number(env->arena, e->loc, site->attach.nth);
	return true;
}

static void netfilter_list_vars(const struct probe_env *env,
				struct probe_site *site, struct strbuf *out)
{
	sb_puts(out, " $hooknum:long $skb:struct sk_buff* $in:struct "
		     "net_device* $out:struct net_device* $verdict:long");
}

static const char *const forms[] = {
	"netfilter.hook(string).pf(string)",
	"netfilter.hook(string).pf(string).priority(string)",
	"netfilter.hook(string).pf(string).priority(number)",
	"netfilter.pf(string).hook(string)",
	"netfilter.pf(string).hook(string).priority(string)",
	"netfilter.pf(string).hook(string).priority(number)",
	NULL,
};

const struct probe_kind probe_kind_netfilter = {
	.name = "netfilter",
	.forms = forms,
	.match = netfilter_match,
	.bind = netfilter_bind,
	.list_vars = netfilter_list_vars,
};
