// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The kernel does not tell how many entries a hash map has: they are counted by reading them in batches. */
#include "probe/pressure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "palomar.skel.h"
#include "probe/log.h"

#define BATCH	 4096
#define MAPS_MAX 32

static uint64_t count_entries(const struct bpf_map *map)
{
	void *keys = malloc((size_t)BATCH * bpf_map__key_size(map));
	void *values = malloc((size_t)BATCH * bpf_map__value_size(map));
	uint32_t cursor = 0, count;
	uint64_t entries = 0;
	int err = keys && values ? 0 : -ENOMEM;

	for (bool is_first = true; !err; is_first = false) {
		count = BATCH;
		err = bpf_map_lookup_batch(bpf_map__fd(map), is_first ? NULL : &cursor, &cursor, keys, values, &count,
					   NULL);
		if (!err || err == -ENOENT)
			entries += count;
	}
	if (err != -ENOENT)
		log_warn("cannot count the entries of %s: %s", bpf_map__name(map), strerror(-err));
	free(keys);
	free(values);
	return entries;
}

/* Two pages lead the ring: how far it was read, how far it was written. */
static uint64_t unread_bytes(const struct bpf_map *map)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned long *pages = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	uint64_t unread;

	if (pages == MAP_FAILED) {
		log_warn("cannot map the head of %s: %s", bpf_map__name(map), strerror(errno));
		return 0;
	}
	unread = pages[page / sizeof(*pages)] - pages[0];
	munmap(pages, 2 * page);
	return unread;
}

void pressure_report(const struct kernel *kernel, struct outbox *outbox)
{
	struct map_pressure maps[MAPS_MAX];
	const struct bpf_map *map;
	size_t count = 0;

	if (!outbox->is_connected)
		return;
	memset(maps, 0, sizeof(maps));
	bpf_object__for_each_map(map, kernel->programs->obj)
	{
		enum bpf_map_type type = bpf_map__type(map);
		bool is_ring = type == BPF_MAP_TYPE_RINGBUF;

		if ((type != BPF_MAP_TYPE_HASH && type != BPF_MAP_TYPE_LRU_HASH && !is_ring) || count == MAPS_MAX)
			continue;
		strncpy(maps[count].name, bpf_map__name(map), sizeof(maps[count].name) - 1);
		maps[count].entries = is_ring ? unread_bytes(map) : count_entries(map);
		maps[count].max_entries = bpf_map__max_entries(map);
		count++;
	}
	outbox_frame(outbox, CLASS_STATE, FRAME_MAPS, maps, count * sizeof(maps[0]));
}
