#include "agents/folder/notify.h"

#include <inttypes.h>

#include <systemd/sd-daemon.h>

void alm_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void alm_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void alm_notify_status(
	uint64_t sent, uint64_t refused, uint64_t taken, const char *trouble)
{
	(void)sd_notifyf(0,
		"STATUS=sent %" PRIu64 ", refused %" PRIu64 ", taken %" PRIu64
		"%s%s",
		sent, refused, taken, trouble[0] == '\0' ? "" : "; ", trouble);
}

void alm_notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
