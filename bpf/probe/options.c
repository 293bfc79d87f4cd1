// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Reads the command line; a bad one gets one line and exit code 2. */
#include "probe/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const char help[] =
	"usage: palomar-probe --socket PATH [options]\n"
	"       palomar-probe --print [options]\n"
	"\n"
	"Watches every interface of this network namespace and serves what it sees on a unix socket.\n"
	"\n"
	"  --socket PATH              listen here; mode 0600, one collector at a time, the newest wins\n"
	"  --uid N                    make the socket belong to this user\n"
	"  --exclude-interface NAME   do not watch this interface; shell pattern; may be repeated\n"
	"  --uplink-interface NAME    this made interface leads to other machines, as hardware does: packets in the "
	"clear\n"
	"                             on it are reported as such; shell pattern; may be repeated\n"
	"  --scan-interval-ms N       how often flows and drops are read (default 1000, 50 to 60000)\n"
	"  --update-interval-ms N     how often a flow that goes on is reported (default 5000, 50 to 600000)\n"
	"  --flow-map-entries N       conversations held at once (default 131072, 64 to 16777216)\n"
	"  --no-failed-calls          do not look at connect() and sendto() that fail before a packet is made; it "
	"costs\n"
	"                             every system call of the machine some 50 ns\n"
	"  --tls-uprobes              read what OpenSSL encrypts and decrypts: every libssl in use, and Node's own\n"
	"  --print                    print records as text instead of serving them\n"
	"  --check                    try every feature on this machine, print what works as JSON, and end\n"
	"  --help                     this text\n"
	"\n"
	"exit codes: 0 stopped, 1 failed, 2 bad command line, 3 another probe runs, 4 privileges or kernel features "
	"missing\n";

__attribute__((noreturn, format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "palomar-probe: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "; see --help\n");
	va_end(arguments);
	exit(EXIT_USAGE);
}

static uint32_t number(const char *flag, const char *text, uint32_t low, uint32_t high)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < low || value > high)
		complain("%s wants a number from %u to %u, not \"%s\"", flag, low, high, text);
	return value;
}

static void exclude(struct options *options, const char *name)
{
	if (options->excluded_count == EXCLUDED_MAX)
		complain("--exclude-interface can be given %d times", EXCLUDED_MAX);
	options->excluded[options->excluded_count++] = name;
}

static void check(const struct options *options)
{
	if (options->check)
		return;
	if (!options->print && !options->socket_path)
		complain("--socket is missing");
	if (options->print && options->socket_path)
		complain("--print and --socket exclude each other");
	if (options->socket_path && strlen(options->socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		complain("--socket path is longer than %zu bytes", sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
}

void options_parse(struct options *options, int argc, char **argv)
{
	enum { SOCKET = 1, UID, EXCLUDE, UPLINK, SCAN, UPDATE, ENTRIES, NO_FAILED_CALLS, TLS, PRINT, CHECK, HELP };
	static const struct option flags[] = {
		{ "socket", required_argument, NULL, SOCKET },
		{ "uid", required_argument, NULL, UID },
		{ "exclude-interface", required_argument, NULL, EXCLUDE },
		{ "uplink-interface", required_argument, NULL, UPLINK },
		{ "scan-interval-ms", required_argument, NULL, SCAN },
		{ "update-interval-ms", required_argument, NULL, UPDATE },
		{ "flow-map-entries", required_argument, NULL, ENTRIES },
		{ "no-failed-calls", no_argument, NULL, NO_FAILED_CALLS },
		{ "tls-uprobes", no_argument, NULL, TLS },
		{ "print", no_argument, NULL, PRINT },
		{ "check", no_argument, NULL, CHECK },
		{ "help", no_argument, NULL, HELP },
		{},
	};
	int flag;

	*options = (struct options){
		.socket_uid = -1, .scan_interval_ms = 1000, .update_interval_ms = 5000, .flow_entries = 131072
	};
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", flags, NULL)) != -1) {
		switch (flag) {
		case SOCKET:
			options->socket_path = optarg;
			break;
		case UID:
			options->socket_uid = number("--uid", optarg, 0, UINT32_MAX - 1);
			break;
		case EXCLUDE:
			exclude(options, optarg);
			break;
		case UPLINK:
			if (options->uplink_count == EXCLUDED_MAX)
				complain("--uplink-interface can be given %d times", EXCLUDED_MAX);
			options->uplinks[options->uplink_count++] = optarg;
			break;
		case SCAN:
			options->scan_interval_ms = number("--scan-interval-ms", optarg, 50, 60000);
			break;
		case UPDATE:
			options->update_interval_ms = number("--update-interval-ms", optarg, 50, 600000);
			break;
		case ENTRIES:
			options->flow_entries = number("--flow-map-entries", optarg, 64, 1 << 24);
			break;
		case NO_FAILED_CALLS:
			options->no_failed_calls = true;
			break;
		case TLS:
			options->tls_uprobes = true;
			break;
		case PRINT:
			options->print = true;
			break;
		case CHECK:
			options->check = true;
			break;
		case HELP:
			fputs(help, stdout);
			exit(0);
		case ':':
			complain("%s needs a value", argv[optind - 1]);
		default:
			complain("unknown flag %s", argv[optind - 1]);
		}
	}
	if (optind < argc)
		complain("unknown argument \"%s\"", argv[optind]);
	check(options);
}
