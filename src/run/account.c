// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/account.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *text;
} counter[WIRE_CNT_COUNT] = {
#define X(id, t) [WIRE_CNT_##id] = {.name = #id, .text = t},
	WIRE_COUNTERS(X)
#undef X
};

static const char *remedy(enum wire_counter c)
{
	switch (c) {
	case WIRE_CNT_DROPPED:
		return "a larger buffer: -s MB; or print less";
	case WIRE_CNT_SKIP_LOCK:
		return "larger -DMAXTRYLOCK=N; or shorter handlers";
	case WIRE_CNT_SKIP_OVERLOAD:
		return "probe fewer events; or shorter handlers";
	case WIRE_CNT_TRUNCATED:
		return "larger -DMAXSTRINGLEN=N";
	case WIRE_CNT_ARRAY_FULL:
		return "larger -DMAXMAPENTRIES=N, or global array[SIZE]";
	default:
		return NULL;
	}
}

/* Shown without -t. ERRORS has its own line; hits after the end are not part
   of the session. */
static bool is_loss(enum wire_counter c)
{
	return c != WIRE_CNT_RECORDS && c != WIRE_CNT_ERRORS &&
	       c != WIRE_CNT_SKIP_STOPPED;
}

void account_collect(struct run_result *r, const struct rt_head *head,
		     uint64_t missed)
{
	for (int i = 0; i < WIRE_CNT_COUNT; i++)
		r->counters[i] =
			__atomic_load_n(&head->counters[i], __ATOMIC_RELAXED);
	r->counters[WIRE_CNT_MISSED] += missed;
	r->errors = r->counters[WIRE_CNT_ERRORS] +
		    r->counters[WIRE_CNT_ERRORS_SUPPRESSED];
	r->skipped = r->counters[WIRE_CNT_SKIP_CONTEXT] +
		     r->counters[WIRE_CNT_SKIP_LOCK] +
		     r->counters[WIRE_CNT_SKIP_OVERLOAD];
	if (r->counters[WIRE_CNT_RECORDS] > r->records)
		r->missing = r->counters[WIRE_CNT_RECORDS] - r->records;
}

void account_print(const struct run_result *r, struct printer *p)
{
	if (r->errors || r->skipped)
		printer_message(p, PRINT_WARNING,
				"Number of errors: %" PRIu64
				", skipped probes: %" PRIu64,
				r->errors, r->skipped);
	for (int i = 0; i < WIRE_CNT_COUNT; i++) {
		const char *what = remedy(i);

		if (!r->counters[i] || !is_loss(i))
			continue;
		printer_message(p, PRINT_WARNING, "%" PRIu64 " %s%s%s%s",
				r->counters[i], counter[i].text,
				what ? " (remedy: " : "", what ? what : "",
				what ? ")" : "");
	}
	if (r->timer_overruns)
		printer_message(p, PRINT_WARNING,
				"%" PRIu64 " timer expirations skipped: "
				"the one before was still being handled",
				r->timer_overruns);
	if (r->missing && r->forced)
		printer_message(p, PRINT_WARNING,
				"%" PRIu64 " output records were not printed: "
				"the session was ended by force",
				r->missing);
	else if (r->missing)
		printer_message(p, PRINT_ERROR,
				"%" PRIu64 " output records were sent but "
				"never arrived",
				r->missing);
}

/* The per-probe table, or NULL when the script was translated without. */
static const struct rt_probe_stat *probe_stats(const struct rt_head *head,
					       size_t heap_len, uint32_t n)
{
	uint64_t off = head->probe_stats_off;

	if (!off || head->nprobes < n || (off & 7) ||
	    off + (uint64_t)n * sizeof(struct rt_probe_stat) > heap_len)
		return NULL;
	return (const void *)((const char *)head + off);
}

/* Those of probes; behind them stand those that answer conditions. */
static uint32_t probe_handlers(const struct image *img)
{
	uint32_t n = img->nhandlers;

	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].kind == WIRE_PROBE_CONDITION &&
		    img->attach[i].handler < n)
			n = img->attach[i].handler;
	return n;
}

void account_timing(const struct run_result *r, const struct image *img,
		    const struct rt_head *head, size_t heap_len, FILE *err)
{
	uint32_t n = probe_handlers(img);
	const struct rt_probe_stat *st =
		probe_stats(head, heap_len, img->nhandlers);

	if (st) {
		fputs("----- probe hit report: \n", err);
		for (uint32_t i = 0; i < n; i++) {
			const struct image_handler *h = &img->handlers[i];

			if (!st[i].hits)
				continue;
			fprintf(err,
				"%s, (%s:%u:%u), hits: %llu, ns: "
				"%llumin/%lluavg/%llumax, from: %s, "
				"index: %u\n",
				image_text(img, h->pp), image_text(img, h->file),
				h->line, h->col, st[i].hits, st[i].min_ns,
				st[i].total_ns / st[i].hits, st[i].max_ns,
				image_text(img, h->point), i);
		}
	}
	fputs("----- counters: \n", err);
	for (int i = 0; i < WIRE_CNT_COUNT; i++)
		fprintf(err, "%12" PRIu64 " %s\n", r->counters[i],
			counter[i].text);
	fprintf(err, "%12" PRIu64 " timer expirations skipped\n",
		r->timer_overruns);
	fprintf(err, "%12" PRIu64 " output records printed\n", r->records);
	fflush(err);
}

static void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 32)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void json_counter_name(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name, f);
}

static void json_write(FILE *f, const struct run_result *r,
		       const struct image *img, const struct rt_probe_stat *st)
{
	uint32_t n = probe_handlers(img);
	fprintf(f, "{\n  \"exit_status\": %d,\n", r->exit_status);
	fprintf(f, "  \"interrupted\": %s,\n",
		r->interrupted ? "true" : "false");
	fprintf(f, "  \"records_printed\": %" PRIu64 ",\n", r->records);
	fprintf(f, "  \"records_missing\": %" PRIu64 ",\n", r->missing);
	fprintf(f, "  \"timer_overruns\": %" PRIu64 ",\n", r->timer_overruns);
	fputs("  \"counters\": {", f);
	for (int i = 0; i < WIRE_CNT_COUNT; i++) {
		fputs(i ? ",\n    \"" : "\n    \"", f);
		json_counter_name(f, counter[i].name);
		fprintf(f, "\": %" PRIu64, r->counters[i]);
	}
	fputs("\n  },\n  \"probes\": [", f);
	for (uint32_t i = 0; st && i < n; i++) {
		fputs(i ? ",\n    { \"probe\": " : "\n    { \"probe\": ", f);
		json_string(f, image_text(img, img->handlers[i].pp));
		fprintf(f,
			", \"hits\": %llu, \"total_ns\": %llu, "
			"\"min_ns\": %llu, \"max_ns\": %llu }",
			st[i].hits, st[i].total_ns, st[i].min_ns, st[i].max_ns);
	}
	fputs("\n  ]\n}\n", f);
}

int account_json(const struct run_result *r, const struct image *img,
		 const struct rt_head *head, size_t heap_len, const char *path)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	json_write(f, r, img, probe_stats(head, heap_len, img->nhandlers));
	if (fflush(f))
		err = errno ? -errno : -EIO;
	if (fclose(f) && !err)
		err = -errno;
	if (err)
		unlink(path);
	return err;
}
