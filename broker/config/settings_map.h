/*
 * settings_map.h - the table of settings.  One row makes the parser, the
 * limits, the sample file and `almonerd --check-config`.
 *
 * X(field, "name", KIND, min, max, "default", "what it is")
 * Limits are in the unit of the field; they mean nothing for texts.
 */
#ifndef ALM_BROKER_CONFIG_SETTINGS_MAP_H
#define ALM_BROKER_CONFIG_SETTINGS_MAP_H

/* clang-format off */
#define ALM_SETTINGS_MAP(X) \
	X(endpoint, "endpoint", ENDPOINT, 0, 0, "tcp://127.0.0.1:7301", \
		"Where agents connect.") \
	X(public_endpoint, "public-endpoint", PLACE, 0, 0, "", \
		"How agents reach `endpoint`, as invites say it; nothing for the\n" \
		"# endpoint itself.") \
	X(endpoint_next, "endpoint-next", PLACE, 0, 0, "", \
		"While the broker's key is being replaced: where it is served under\n" \
		"# the next one as well.  Agents are told and change over.") \
	X(public_endpoint_next, "public-endpoint-next", PLACE, 0, 0, "", \
		"How agents reach `endpoint-next`; nothing for itself.") \
	X(admin_endpoint, "admin-endpoint", LOCAL, 0, 0, \
		"ipc:///run/almoner/admin.sock", \
		"Where operators connect; a socket file of this machine.") \
	X(admin_mode, "admin-mode", MODE, 0, 0777, "0660", \
		"Permissions of the administration socket's file, octal.") \
	X(http_endpoint, "http-endpoint", HTTP, 0, 0, "", \
		"/livez /readyz /metrics /version: 127.0.0.1:PORT, [::1]:PORT,\n" \
		"# unix:/PATH, or nothing for off.") \
	X(store, "store", PATH, 0, 0, "/var/lib/almoner", \
		"The folder of the store, on a local disk.") \
	X(store_map_bytes, "store-map", SIZE, 1048576, 17592186044416, "64GiB", \
		"The largest size of the store; address space, not disk.") \
	X(store_key_file, "store-key-file", PATH, 0, 0, "store.key", \
		"The store's key.  A name without a slash is looked up in\n" \
		"# $CREDENTIALS_DIRECTORY, else in /etc/almoner.") \
	X(curve_key_file, "curve-key-file", PATH, 0, 0, "curve.key", \
		"The broker's CURVE key, looked up in the same way.") \
	X(audit_key_file, "audit-key-file", PATH, 0, 0, "audit.key", \
		"The key that signs the audit log's heads, looked up in the same\n" \
		"# way.  Without the file no head of a new log is signed.") \
	X(audit_key_next_file, "audit-key-next-file", PATH, 0, 0, "", \
		"While the key is changed: the next one, which signs as well.") \
	X(audit_head_file, "audit-head-file", PATH, 0, 0, "", \
		"Where the newest signed head is kept outside the store, so that\n" \
		"# a start finds that the log was set back; nothing for\n" \
		"# signed-head in a folder beside the store, named STORE-head.") \
	X(audit_publish_ms, "audit-publish-every", MS, 1000, 86400000, "60s", \
		"How often a signed head is published, kept for good and given\n" \
		"# to witnesses.") \
	X(audit_publish_folder, "audit-publish-folder", PATH, 0, 0, "", \
		"A folder in which heads are published: `checkpoint`, and\n" \
		"# YYYY-MM-DD.checkpoint once a day; nothing for none.") \
	X(curve_key_file_next, "curve-key-file-next", PATH, 0, 0, \
		"curve-next.key", \
		"The CURVE key of endpoint-next, looked up in the same way.") \
	X(key_overlap_s, "key-overlap", SECONDS, 1, 2592000, "24h", \
		"How long an agent's keys stay valid after it has new ones.") \
	X(key_age_max_s, "key-age-max", SECONDS, 3600, 315360000, "8760h", \
		"How old an agent's keys should be at most: a warning, no more.") \
	X(opt_out_age_max_s, "opt-out-age-max", SECONDS, 3600, 31536000, \
		"168h", \
		"How old a check of the national data opt-out may be.") \
	X(override_review_s, "override-review-within", SECONDS, 1, \
		31536000, "72h", \
		"How soon an override must be reviewed before it alarms.") \
	X(guardian_mailbox, "guardian-mailbox", ORGANISATION, 0, 0, "", \
		"The organisation whose mailbox is told of every override: that\n" \
		"# of the Caldicott Guardian; nothing for none.") \
	X(policy_emergency_s, "policy-emergency", SECONDS, 1, 86400, "24h", \
		"How long a policy activated by one person alone is in force.") \
	X(audit_keep_disclosures_s, "audit-keep-disclosures", SECONDS, \
		252460800, 3155760000, "2922d", \
		"How long the private parts of records about messages, people's\n" \
		"# choices and policy are kept; 2922d are eight years.") \
	X(audit_keep_long_s, "audit-keep-long", SECONDS, 252460800, \
		3155760000, "10958d", \
		"The same of what audit-keep-long-words names; 10958d are\n" \
		"# thirty years.") \
	X(audit_keep_long_words, "audit-keep-long-words", WORDS, 0, 0, \
		"cancer*,*oncology*", \
		"Purposes, categories and standards whose records are kept long:\n" \
		"# words with commas between, * stands for any letters.") \
	X(audit_keep_security_s, "audit-keep-security", SECONDS, 15811200, \
		3155760000, "731d", \
		"The same of records about agents, questions, administration,\n" \
		"# start and stop; 731d are two years.") \
	X(audit_verify_rate, "audit-verify-rate", NUMBER, 0, 1000000, "2000", \
		"Stored rows checked in the background in a second; 0 for none.") \
	X(acknowledge_timeout_ms, "acknowledge-timeout", MS, 1000, 86400000, \
		"30s", \
		"How long a recipient has before mail is handed over again.") \
	X(redeliver_max_ms, "redeliver-max", MS, 1000, 86400000, "10m", \
		"The longest pause between two hand-overs of the same mail.") \
	X(attempts_max, "attempts-max", NUMBER, 1, 1000, "20", \
		"How often mail is handed over before it is a dead letter.") \
	X(dead_letter_keep_s, "dead-letter-keep", SECONDS, 1, 31536000, \
		"30d", \
		"How long a dead letter can be run again.") \
	X(mailbox_messages_max, "mailbox-messages-max", NUMBER, 1, 20000000, \
		"20000000", \
		"Messages in one mailbox; more are refused, to be sent later.") \
	X(mailbox_bytes_max, "mailbox-bytes-max", SIZE, 1, 17592186044416, \
		"32GiB", \
		"Bytes in one mailbox; in the same way.") \
	X(mailbox_age_max_ms, "mailbox-age-max", MS, 0, 31536000000, "30d", \
		"A mailbox whose oldest mail has waited longer takes no new\n" \
		"# mail; 0s for no such limit.") \
	X(session_idle_ms, "session-idle", MS, 1000, 86400000, "60s", \
		"How long a silent agent counts as connected.") \
	X(send_window, "send-window", NUMBER, 1, 8192, "4096", \
		"Unanswered messages that one agent may have.") \
	X(large_payload_bytes_max, "large-payload-max", SIZE, 0, 1073741824, \
		"1GiB", \
		"The largest payload that is taken in parts; 0 takes none.") \
	X(compress_from_bytes, "compress-from", SIZE, 0, 1048576, "4KiB", \
		"Payloads of this size and more go out compressed to agents that\n" \
		"# can read that; 0 for never, in either direction.") \
	X(organisation_messages_per_s, "organisation-messages-per-second", \
		NUMBER, 1, ALM_QUOTA_MESSAGES_MAX, "1000000", \
		"Messages taken of one organisation in a second; more wait.") \
	X(organisation_bytes_per_s, "organisation-bytes-per-second", SIZE, \
		ALM_QUOTA_BYTES_MIN, ALM_QUOTA_BYTES_MAX, "2GiB", \
		"The same in bytes of messages and payloads, in clear.") \
	X(organisation_quotas, "organisation-quotas", QUOTAS, 0, 0, "", \
		"Organisations with quotas of their own, as\n" \
		"# RX1 2000/s 10MiB/s, RY2 500/s: messages and bytes.") \
	X(organisation_refusals_per_s, "organisation-refusals-per-second", \
		NUMBER, 1, 1000000, "200", \
		"Refused messages and questions of one organisation that are\n" \
		"# recorded in a second, after a hundred times as many at once;\n" \
		"# who has more waits.") \
	X(organisation_waiting_bytes, "organisation-waiting-max", SIZE, \
		1048576, 536870912, "256MiB", \
		"What waits of one organisation before more is refused.") \
	X(handshakes_per_second, "handshakes-per-second", NUMBER, 1, 100000, \
		"200", \
		"New connections of agents taken in a second.") \
	X(handshakes_per_address, "handshakes-per-address", NUMBER, 1, 100000, \
		"100", \
		"Connections of strangers judged in a second, from one " \
		"address.") \
	X(clock_behind_max_s, "clock-behind-max", SECONDS, 60, 315360000, "1h", \
		"A start is refused when the clock is further behind the last record.") \
	X(log_level, "log-level", LEVEL, 0, 7, "info", \
		"error, warning, notice, info or debug.") \
	X(drain_timeout_ms, "drain-timeout", MS, 1000, 600000, "10s", \
		"How long the broker goes on answering after it is told to stop.")
/* clang-format on */

#endif /* ALM_BROKER_CONFIG_SETTINGS_MAP_H */
