// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * block_hasher - read a block device or file in random blocks and hash them.
 *
 * A small but real multi-threaded program to trace: it opens its device, each
 * thread reads blocks at random places with pread(2) and hashes them, and at
 * the end it prints what was read and how fast.
 *
 *   block_hasher -d DEV [-b BLOCKSIZE] [-t THREADS] [-n COUNT]
 *
 * The hash is SHA-1 (FIPS 180-4), kept here so that the program needs no
 * library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct job {
	int fd;
	unsigned id;
	size_t block_size;
	uint64_t nblocks; /* in the device */
	uint64_t count; /* to read */
	unsigned char digest[20]; /* of everything this thread read */
	int error; /* errno, 0: none */
};

/* ---- SHA-1 ---- */

struct sha1 {
	uint32_t h[5];
	uint64_t len;
	unsigned char buf[64];
};

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void sha1_block(struct sha1 *s, const unsigned char *p)
{
	uint32_t w[80], a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3],
			e = s->h[4];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f, k;

		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		uint32_t t = rol(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	s->h[0] += a;
	s->h[1] += b;
	s->h[2] += c;
	s->h[3] += d;
	s->h[4] += e;
}

static void sha1_init(struct sha1 *s)
{
	static const uint32_t h0[5] = { 0x67452301, 0xefcdab89, 0x98badcfe,
					0x10325476, 0xc3d2e1f0 };

	memcpy(s->h, h0, sizeof(h0));
	s->len = 0;
}

static void sha1_update(struct sha1 *s, const unsigned char *p, size_t n)
{
	while (n) {
		size_t have = s->len % 64, take = 64 - have;

		if (take > n)
			take = n;
		memcpy(s->buf + have, p, take);
		s->len += take;
		p += take;
		n -= take;
		if (s->len % 64 == 0)
			sha1_block(s, s->buf);
	}
}

static void sha1_final(struct sha1 *s, unsigned char out[20])
{
	uint64_t bits = s->len * 8;
	unsigned char len[8];

	sha1_update(s, (const unsigned char *)"\x80", 1);
	while (s->len % 64 != 56)
		sha1_update(s, (const unsigned char *)"", 1);
	for (int i = 0; i < 8; i++)
		len[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_update(s, len, 8);
	for (int i = 0; i < 20; i++)
		out[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- the program ---- */

int bdev_open(const char *dev_path);
void bdev_close(int fd);
void *thread_func(void *arg);
long time_diff(const struct timespec *from, const struct timespec *to);

/* Returns a descriptor, or -1 with errno set. */
__attribute__((noinline)) int bdev_open(const char *dev_path)
{
	return open(dev_path, O_RDONLY | O_CLOEXEC);
}

__attribute__((noinline)) void bdev_close(int fd)
{
	close(fd);
}

/* Size of a device or file in bytes; 0 when it cannot be told. */
static uint64_t bdev_size(int fd)
{
	struct stat st;
	uint64_t size = 0;

	if (fstat(fd, &st))
		return 0;
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, &size) ? 0 : size;
	return (uint64_t)st.st_size;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

__attribute__((noinline)) void *thread_func(void *arg)
{
	struct job *job = arg;
	uint64_t state = 88172645463325252ull + 977 * job->id;
	unsigned char *buf = malloc(job->block_size);
	struct sha1 sha;

	if (!buf) {
		job->error = ENOMEM;
		return NULL;
	}
	sha1_init(&sha);
	for (uint64_t i = 0; i < job->count; i++) {
		uint64_t block = next_random(&state) % job->nblocks;
		ssize_t n = pread(job->fd, buf, job->block_size,
				  (off_t)(block * job->block_size));

		if (n < 0) {
			job->error = errno;
			break;
		}
		sha1_update(&sha, buf, (size_t)n);
	}
	sha1_final(&sha, job->digest);
	free(buf);
	return job;
}

/* Microseconds between two times. */
__attribute__((noinline)) long time_diff(const struct timespec *from,
					 const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * 1000000 +
	       (to->tv_nsec - from->tv_nsec) / 1000;
}

static uint64_t number(const char *text, const char *what)
{
	char *end;

	errno = 0;
	uint64_t v = strtoull(text, &end, 0);

	if (errno || *end || !*text || !v || v > 1ull << 40) {
		fprintf(stderr, "block_hasher: bad %s '%s'\n", what, text);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	const char *dev = NULL;
	uint64_t block_size = 4096, nthreads = 2, count = 1000;
	struct timespec start, stop;
	int status = 0, c;

	while ((c = getopt(argc, argv, "d:b:t:n:")) != -1)
		switch (c) {
		case 'd':
			dev = optarg;
			break;
		case 'b':
			block_size = number(optarg, "block size");
			break;
		case 't':
			nthreads = number(optarg, "number of threads");
			break;
		case 'n':
			count = number(optarg, "count");
			break;
		default:
			dev = NULL;
			optind = argc + 1;
		}
	if (!dev || optind != argc || nthreads > 4096 ||
	    block_size > 1u << 30) {
		fprintf(stderr,
			"usage: block_hasher -d DEV [-b BLOCKSIZE] "
			"[-t THREADS] [-n COUNT]\n");
		return 2;
	}

	int fd = bdev_open(dev);

	if (fd < 0) {
		fprintf(stderr, "block_hasher: %s: %s\n", dev, strerror(errno));
		return 1;
	}
	uint64_t nblocks = bdev_size(fd) / block_size;

	if (!nblocks) {
		fprintf(stderr, "block_hasher: %s is smaller than a block\n",
			dev);
		bdev_close(fd);
		return 1;
	}
	struct job *jobs = calloc(nthreads, sizeof(*jobs));
	pthread_t *threads = calloc(nthreads, sizeof(*threads));
	uint64_t started = 0;

	if (!jobs || !threads) {
		fprintf(stderr, "block_hasher: out of memory\n");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (; started < nthreads; started++) {
		jobs[started] = (struct job){ .fd = fd,
					      .id = (unsigned)started,
					      .block_size = block_size,
					      .nblocks = nblocks,
					      .count = count };
		if (pthread_create(&threads[started], NULL, thread_func,
				   &jobs[started])) {
			fprintf(stderr, "block_hasher: cannot start thread "
					"%llu\n",
				(unsigned long long)started);
			status = 1;
			break;
		}
	}
	unsigned char all[20] = { 0 };

	for (uint64_t i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
		if (jobs[i].error) {
			fprintf(stderr, "block_hasher: thread %llu: %s\n",
				(unsigned long long)i, strerror(jobs[i].error));
			status = 1;
		}
		for (int k = 0; k < 20; k++)
			all[k] ^= jobs[i].digest[k];
	}
	clock_gettime(CLOCK_MONOTONIC, &stop);

	long us = time_diff(&start, &stop);

	printf("%llu threads read %llu blocks of %llu bytes in %ld us, hash ",
	       (unsigned long long)started,
	       (unsigned long long)(started * count),
	       (unsigned long long)block_size, us);
	for (int k = 0; k < 20; k++)
		printf("%02x", all[k]);
	putchar('\n');
	bdev_close(fd);
	free(jobs);
	free(threads);
	return status;
}
