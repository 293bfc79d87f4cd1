// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Keeps the sockets of the latest walk, and says which of them the collector does not know yet. */
#include "probe/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "probe/interfaces.h"

#define SOCKETS_MAX 131072

struct socket_key {
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t netns_inum;
	uint8_t protocol;
	uint8_t pad[7];
};

struct owned_socket {
	struct table_node node;
	struct socket_key key;
	struct socket_record record;
	struct socket_facts facts;
	uint32_t walk;
	bool is_reported;
};

void sockets_init(struct sockets *sockets, struct kernel *kernel, uint32_t own_netns)
{
	*sockets = (struct sockets){ .kernel = kernel, .own_netns = own_netns };
	table_init(&sockets->table, sizeof(struct socket_key), sizeof(struct owned_socket));
}

void sockets_free(struct sockets *sockets)
{
	table_free(&sockets->table);
}

/* cgroup v2 if it says more than "/", else systemd's own hierarchy. */
void sockets_read_unit(uint32_t pid, char *unit, size_t size)
{
	char path[32], line[4096], systemd[4096] = "", unified[4096] = "";
	const char *best;
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::", 3))
			snprintf(unified, sizeof(unified), "%s", line + 3);
		else if (strstr(line, ":name=systemd:"))
			snprintf(systemd, sizeof(systemd), "%s",
				 strstr(line, ":name=systemd:") + strlen(":name=systemd:"));
	}
	fclose(file);
	best = strcmp(unified, "/") && *unified ? unified : *systemd ? systemd : unified;
	length = strlen(best);
	if (length >= size) {
		best += length - (size - 1);
		length = size - 1;
	}
	memcpy(unit, best, length + 1);
}

static struct socket_key key_of(const struct socket_record *record)
{
	struct socket_key key = {
		.local_port = record->local_port,
		.remote_port = record->remote_port,
		.netns_inum = record->netns_inum,
		.protocol = record->protocol,
	};

	memcpy(key.local, record->local, 16);
	memcpy(key.remote, record->remote, 16);
	return key;
}

static bool is_same_owner(const struct socket_record *left, const struct socket_record *right)
{
	return left->pid == right->pid && left->cgroup_id == right->cgroup_id && !memcmp(left->comm, right->comm, 16);
}

/* Of several tasks that share a socket the first one found owns it. NULL when the table is full. */
static struct owned_socket *learn(struct sockets *sockets, const struct socket_record *record, bool is_walk)
{
	struct socket_key key = key_of(record);
	struct owned_socket *known = table_find(&sockets->table, &key);

	if (known && is_walk && known->walk == sockets->walk)
		return known;
	if (!known && sockets->table.count < SOCKETS_MAX)
		known = table_add(&sockets->table, &key);
	if (!known)
		return NULL;
	known->walk = sockets->walk;
	known->facts.cgroup_id = record->cgroup_id;
	if (known->record.pid && is_same_owner(&known->record, record))
		return known;
	memcpy(&known->record, record, offsetof(struct socket_record, unit));
	memset(known->record.unit, 0, sizeof(known->record.unit));
	sockets_read_unit(record->pid, known->record.unit, sizeof(known->record.unit));
	known->is_reported = false;
	return known;
}

void sockets_seen(struct sockets *sockets, const struct socket_record *record)
{
	learn(sockets, record, false);
}

static void learn_sighting(struct sockets *sockets, const struct socket_sighting *seen)
{
	struct socket_record record = {};
	struct owned_socket *owned;

	memcpy(&record, seen->record, sizeof(seen->record));
	owned = learn(sockets, &record, true);
	if (!owned)
		return;
	owned->facts.srtt_us = seen->srtt_us;
	owned->facts.retransmits = seen->retransmits;
}

static void forget_gone(struct sockets *sockets)
{
	struct owned_socket *owned;

	table_for_each (owned, &sockets->table)
		if (owned->walk != sockets->walk)
			table_remove(&sockets->table, owned);
}

int sockets_walk(struct sockets *sockets)
{
	struct socket_sighting seen[64];
	size_t used = 0;
	ssize_t got;
	int fd;

	if (sockets->kernel->task_file_fd < 0)
		return 0;
	fd = bpf_iter_create(sockets->kernel->task_file_fd);
	if (fd < 0)
		return -errno;
	sockets->walk++;
	while ((got = read(fd, (char *)seen + used, sizeof(seen) - used)) > 0 || (got < 0 && errno == EAGAIN)) {
		size_t count;

		if (got < 0)
			continue;
		used += got;
		count = used / sizeof(seen[0]);
		for (size_t i = 0; i < count; i++)
			learn_sighting(sockets, &seen[i]);
		used -= count * sizeof(seen[0]);
		memmove(seen, &seen[count], used);
	}
	close(fd);
	if (got < 0)
		return -errno;
	forget_gone(sockets);
	return 0;
}

void sockets_report(struct sockets *sockets, struct outbox *outbox)
{
	struct owned_socket *owned;

	if (!outbox->is_connected)
		return;
	table_for_each (owned, &sockets->table) {
		struct socket_record *record;

		if (owned->is_reported)
			continue;
		record = outbox_record(outbox, CLASS_STATE, RECORD_SOCKET, sizeof(*record));
		if (!record)
			return;
		*record = owned->record;
		owned->is_reported = true;
	}
}

void sockets_forget_reported(struct sockets *sockets)
{
	struct owned_socket *owned;

	table_for_each (owned, &sockets->table)
		owned->is_reported = false;
}

static const struct owned_socket *find_end(const struct sockets *sockets, const struct flow_key *flow, uint32_t netns,
					   bool is_b)
{
	struct socket_key key = {
		.local_port = is_b ? flow->port_b : flow->port_a,
		.remote_port = is_b ? flow->port_a : flow->port_b,
		.netns_inum = netns,
		.protocol = flow->protocol,
	};

	memcpy(key.local, is_b ? flow->addr_b : flow->addr_a, 16);
	memcpy(key.remote, is_b ? flow->addr_a : flow->addr_b, 16);
	return table_find(&sockets->table, &key);
}

const struct socket_facts *sockets_of_flow(const struct sockets *sockets, const struct interfaces *interfaces,
					   const struct flow_key *key)
{
	uint32_t netns = interfaces_peer_netns(interfaces, key->ifindex);
	const struct owned_socket *owned;

	if (key->protocol != IPPROTO_TCP)
		return NULL;
	if (!netns)
		netns = sockets->own_netns;
	owned = find_end(sockets, key, netns, false);
	if (!owned)
		owned = find_end(sockets, key, netns, true);
	return owned ? &owned->facts : NULL;
}
