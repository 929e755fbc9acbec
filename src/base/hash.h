/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits: for tables and names, not against adversaries. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START 0xcbf29ce484222325u

/* `hash` of what came before (HASH_START: nothing), with n more bytes. */
static inline uint64_t hash_more(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

/* The same in 32 bits, all of which depend on every byte. */
static inline uint32_t hash_bytes32(const void *bytes, size_t n)
{
	uint64_t h = hash_more(HASH_START, bytes, n);

	return (uint32_t)(h ^ h >> 32);
}

#endif
