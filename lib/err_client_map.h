/*
 * err_client_map.h - the part of the catalogue that clients say themselves and
 * that notices say; see lib/err_map.h for the columns.
 */
#ifndef ALM_LIB_ERR_CLIENT_MAP_H
#define ALM_LIB_ERR_CLIENT_MAP_H

/* clang-format off */
#define ALM_ERR_MAP_CLIENT(X) \
	X(TIMEOUT, 7001, "timed-out", UNAVAILABLE, true, \
		"No answer came in time.", \
		"Try again; a message keeps its id, so nothing is sent " \
		"twice.") \
	X(UNREACHABLE, 7002, "broker-unreachable", UNAVAILABLE, true, \
		"The broker cannot be reached.", \
		"Check the endpoint, the network and whether almonerd runs.") \
	X(CONTEXT, 7003, "context-invalid", INVALID, false, \
		"The context file is missing or not valid.", \
		"The detail names the file and line; see almoner-" \
		"context(5).") \
	X(SIDECAR, 7004, "sidecar-invalid", INVALID, false, \
		"The file that describes the message is not valid.", \
		"The detail names the line; correct it and move both files " \
		"back to outbox.") \
	X(WINDOW_FULL, 7005, "window-full", UNAVAILABLE, true, \
		"As many messages are unanswered as the broker allows.", \
		"Process receipts, then send on.") \
	X(EXPECTATION, 7006, "expectation-failed", FAILURE, false, \
		"The demonstration did not go as expected.", \
		"The story above says where.") \
	X(PAYLOAD_SHARED, 7009, "payload-shared", INVALID, false, \
		"Another entry of the outbox has this payload.", \
		"Give each message a payload file of its own; the detail " \
		"names the other entry.") \
	X(SOURCE_CHANGED, 7010, "source-changed", FAILURE, false, \
		"The payload could not be read again as it was.", \
		"Leave the file alone until there is a receipt, and send it " \
		"as a new message.") \
	X(SINK_FAILED, 7011, "sink-failed", FAILURE, true, \
		"What came could not be written.", \
		"Make room; the payload is fetched from where it stopped.") \
	X(PAYLOAD_GONE, 7012, "payload-gone", FAILURE, false, \
		"The mail is not there any more: it was stopped or has " \
		"expired.", \
		"Drop what has come of it.") \
	X(CONTEXT_EXISTS, 7013, "context-exists", CONFLICT, false, \
		"There is a context of this name.", \
		"Choose another name, or change it with almoner ctx edit.") \
	X(BROKER_ASTRAY, 7014, "broker-astray", FAILURE, false, \
		"The broker has sent what it must not.", \
		"Nothing was taken of it; the detail names it. Tell the " \
		"broker's operator.") \
	X(NOTICE_EXPIRED, 8001, "not-delivered-expired", FAILURE, false, \
		"The message expired before the recipient took it.", \
		"Check whether the information is still needed, and contact" \
		" the recipient directly.") \
	X(NOTICE_REJECTED, 8003, "rejected-by-recipient", FAILURE, false, \
		"The recipient rejected the message.", \
		"See the recipient's reason.") \
	X(NOTICE_OVERRIDE, 8004, "override-used", REFUSED, false, \
		"A message went through by an override, which must be " \
		"reviewed.", \
		"almoner override list shows it; almoner override review " \
		"closes it.") \
	X(NOTICE_DEAD, 8005, "dead-lettered", FAILURE, false, \
		"The message was handed over as often as the broker tries, " \
		"and the recipient never acknowledged it.", \
		"Contact the recipient directly; once its agent is mended the " \
		"operator can hand the message over again.") \
	X(NOTICE_TIMED_OUT, 8010, "no-reply-in-time", UNAVAILABLE, false, \
		"Nobody has replied to the request before its deadline.", \
		"Ask again, or contact the organisation directly.") \
	X(NOTICE_DEADLINE, 8011, "deadline-passed", UNAVAILABLE, false, \
		"The recipient has not taken the message before its deadline.", \
		"Contact the recipient directly; the message still waits " \
		"until it expires.")
/* clang-format on */

#endif /* ALM_LIB_ERR_CLIENT_MAP_H */
