#include <assert.h>

#include "agents/include/almoner.h"
#include "lib/err.h"

/* The public numbers are those of the catalogue. */
static_assert(ALM_CODE_NOMEM == (int)ALM_NOMEM, "out-of-memory");
static_assert(ALM_CODE_INTERRUPTED == (int)ALM_INTERRUPTED, "interrupted");
static_assert(ALM_CODE_MESSAGE_ID_CONFLICT == (int)ALM_MESSAGE_ID_CONFLICT,
	"message-id-conflict");
static_assert(ALM_CODE_BAD_ARGUMENT == (int)ALM_BAD_ARGUMENT, "bad-argument");
static_assert(ALM_CODE_SUPERSEDED == (int)ALM_SUPERSEDED, "superseded");
static_assert(ALM_CODE_BROKER_KEY == (int)ALM_BROKER_KEY, "broker-key");
static_assert(ALM_CODE_TIMEOUT == (int)ALM_TIMEOUT, "timed-out");
static_assert(ALM_CODE_UNREACHABLE == (int)ALM_UNREACHABLE, "unreachable");
static_assert(ALM_CODE_CONTEXT == (int)ALM_CONTEXT, "context-invalid");
static_assert(ALM_CODE_WINDOW_FULL == (int)ALM_WINDOW_FULL, "window-full");

const char *alm_error_name(int code)
{
	return code == 0 ? "ok" : alm_err_info((enum alm_err)code)->name;
}

const char *alm_error_sentence(int code)
{
	return code == 0 ? "All is well."
			 : alm_err_info((enum alm_err)code)->sentence;
}

const char *alm_error_hint(int code)
{
	return code == 0 ? "" : alm_err_info((enum alm_err)code)->hint;
}

bool alm_error_is_retryable(int code)
{
	return code != 0 && alm_err_info((enum alm_err)code)->is_retryable;
}
