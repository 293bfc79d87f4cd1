// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Writes log lines; each is one write, so that lines of several processes do not mix. */
#include "probe/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static size_t escape(char *to, size_t room, const char *from)
{
	size_t used = 0;

	for (; *from && used + 2 < room; from++) {
		unsigned char c = *from;

		if (c == '"' || c == '\\')
			to[used++] = '\\';
		to[used++] = c < 0x20 ? ' ' : c;
	}
	to[used] = 0;
	return used;
}

static void log_line(int level, const char *format, va_list arguments)
{
	char message[1024], escaped[1200], line[1400];
	struct timespec now;
	int length;

	clock_gettime(CLOCK_REALTIME, &now);
	vsnprintf(message, sizeof(message), format, arguments);
	escape(escaped, sizeof(escaped), message);
	length = snprintf(line, sizeof(line),
			  "{\"level\":%d,\"time\":%lld,\"name\":\"probe\",\"pid\":%d,\"msg\":\"%s\"}\n", level,
			  now.tv_sec * 1000LL + now.tv_nsec / 1000000, getpid(), escaped);
	/* There is no one to tell when stderr is closed. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

#define LOG_FUNCTION(name, level)                                                                                      \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list arguments;                                                                                     \
                                                                                                                       \
		va_start(arguments, format);                                                                           \
		log_line(level, format, arguments);                                                                    \
		va_end(arguments);                                                                                     \
	}

LOG_FUNCTION(log_info, 30)
LOG_FUNCTION(log_warn, 40)
LOG_FUNCTION(log_error, 50)
