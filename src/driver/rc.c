// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/rc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

static const char *rc_path(struct arena *a)
{
	const char *dir = getenv("SYSTEMTAP_DIR"), *home = getenv("HOME");

	if (dir && *dir)
		return arena_printf(a, "%s/rc", dir);
	return home && *home ? arena_printf(a, "%s/.systemtap/rc", home) : NULL;
}

static bool unreadable(struct diag *d, const char *path)
{
	diag_report(d, RC_UNREADABLE, LOC_NONE, NULL, path, strerror(errno));
	return false;
}

static const char *why(int err)
{
	switch (err) {
	case WRDE_BADCHAR:
		return "a shell's operator stands outside of quotes";
	case WRDE_CMDSUB:
		return "commands are not run here";
	case WRDE_BADVAL:
		return "a variable has no value";
	case WRDE_NOSPACE:
		return strerror(ENOMEM);
	default:
		return "a quote is not closed";
	}
}

bool rc_read(struct arena *a, struct diag *d, struct rc_words *out)
{
	VEC(char *) words = {0};
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	bool ok = true;
	FILE *f;

	out->path = rc_path(a);
	vec_push(a, &words, arena_strdup(a, "stap"));
	f = out->path ? fopen(out->path, "re") : NULL;
	/* $HOME may be somebody else's, after su(1): then it is not ours. */
	if (!f && out->path && getenv("SYSTEMTAP_DIR") && errno != ENOENT &&
	    errno != ENOTDIR)
		ok = unreadable(d, out->path);
	while (f && ok && getline(&line, &size, f) >= 0) {
		char *text = line + strspn(line, " \t");
		wordexp_t w;
		int err;

		number++;
		text[strcspn(text, "\r\n")] = 0;
		if (!*text || *text == '#')
			continue;
		err = wordexp(text, &w, WRDE_NOCMD | WRDE_UNDEF);
		if (err) {
			diag_report(d, RC_FILE, LOC_NONE, NULL, out->path,
				    number, why(err));
			ok = false;
			break;
		}
		for (size_t i = 0; i < w.we_wordc; i++)
			vec_push(a, &words, arena_strdup(a, w.we_wordv[i]));
		wordfree(&w);
	}
	if (f && ferror(f))
		ok = unreadable(d, out->path);
	free(line);
	if (f)
		fclose(f);
	out->n = (int)words.n;
	vec_push(a, &words, NULL);
	out->v = words.v;
	return ok;
}
