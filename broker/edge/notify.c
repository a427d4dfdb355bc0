#include "broker/edge/notify.h"

#include <stdarg.h>
#include <stdio.h>

#include <systemd/sd-daemon.h>

void alm_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void alm_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void alm_notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

void alm_notify_status(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)sd_notifyf(0, "STATUS=%s", line);
}

int64_t alm_notify_watchdog_ms(void)
{
	uint64_t interval_us = 0;

	if (sd_watchdog_enabled(0, &interval_us) <= 0) {
		return 0;
	}
	/* Twice as often as demanded, as sd_watchdog_enabled(3) advises. */
	return (int64_t)(interval_us / 2000);
}
