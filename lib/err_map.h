/*
 * err_map.h - the catalogue of every error a user can meet, in ascending order.
 *
 * X(NAME, code, kebab-name, EXIT, is_retryable, sentence, hint)
 *
 * 10xx general, 11xx wire, 12xx identity, 13xx mail, 14xx people, 15xx
 * information standards, 2xxx store, 3xxx configuration, 4xxx and 5xxx see
 * lib/err_policy_map.h, 6xxx lib/err_audit_map.h, 7xxx clients and 8xxx notices
 * lib/err_client_map.h.
 * A number is never reused and never changes its meaning.  6005 and 8002 were
 * given once, to what no program ever answers.
 */
#ifndef ALM_LIB_ERR_MAP_H
#define ALM_LIB_ERR_MAP_H

#include "lib/err_audit_map.h"
#include "lib/err_client_map.h"
#include "lib/err_policy_map.h"

#define ALM_ERR_MAP(X) \
	ALM_ERR_MAP_GENERAL(X) \
	ALM_ERR_MAP_POLICY(X) \
	ALM_ERR_MAP_AUDIT(X) \
	ALM_ERR_MAP_CLIENT(X)

/* clang-format off */
#define ALM_ERR_MAP_GENERAL(X) \
	X(INTERNAL, 1001, "internal-error", FAILURE, false, \
		"Something that must not happen has happened.", \
		"Tell the operator; the daemon's log names the place.") \
	X(NOMEM, 1002, "out-of-memory", UNAVAILABLE, true, \
		"Memory ran out.", \
		"Try again; the operator can raise MemoryMax= or lower the " \
		"limits.") \
	X(IO, 1003, "input-output-error", FAILURE, false, \
		"A file could not be read or written.", \
		"Check the path, its owner and the free space.") \
	X(USAGE, 1004, "usage", USAGE, false, \
		"The command line is not understood.", \
		"Run the command with --help.") \
	X(NOT_FOUND, 1005, "not-found", NOT_FOUND, false, \
		"There is no such thing.", \
		"List what there is, then try again.") \
	X(AMBIGUOUS, 1006, "ambiguous", USAGE, false, \
		"More than one thing begins so.", \
		"Give more of the id.") \
	X(CONFIRM, 1007, "confirmation-needed", USAGE, false, \
		"This cannot be undone and was not confirmed.", \
		"Add --yes once you are sure.") \
	X(INTERRUPTED, 1008, "interrupted", FAILURE, true, \
		"A signal ended the work.", \
		"Run it again.") \
	X(SNAPSHOT_DAMAGED, 1009, "snapshot-damaged", INTEGRITY, false, \
		"The compiled policy does not have its checksum.", \
		"Test the machine's memory; a policy compiled anew is whole.") \
	X(FILE_EXISTS, 1010, "file-exists", CONFLICT, false, \
		"A file of that name is there already.", \
		"Name another, or add --force to replace it.") \
	X(MALFORMED, 1101, "malformed-frame", FAILURE, false, \
		"The bytes are not a frame of this protocol.", \
		"Encode with the published proto files; see PROTOCOL.md.") \
	X(FRAME_TOO_LARGE, 1102, "frame-too-large", FAILURE, false, \
		"The frame is larger than the limit that welcome announced.", \
		"Send fewer envelopes in a frame or a smaller payload.") \
	X(TOO_MANY_ENVELOPES, 1103, "too-many-envelopes", FAILURE, false, \
		"The frame holds more envelopes than the limit.", \
		"Send at most as many as welcome announced.") \
	X(TOO_DEEP, 1104, "nested-too-deep", FAILURE, false, \
		"The message nests deeper than the limit.", \
		"Encode with the published proto files.") \
	X(UNKNOWN_FIELD, 1105, "unknown-field", FAILURE, false, \
		"A field is not in the schema.", \
		"Use the proto files of the version that hello named.") \
	X(FIELD_TOO_LARGE, 1106, "field-too-large", FAILURE, false, \
		"A field is longer than its limit.", \
		"See the limit beside the field in the proto file.") \
	X(TOO_MANY_VALUES, 1107, "too-many-values", FAILURE, false, \
		"A repeated field holds more values than its limit.", \
		"See the limit beside the field in the proto file.") \
	X(NOT_TEXT, 1108, "not-text", FAILURE, false, \
		"A text field is not UTF-8 or holds a control character.", \
		"Send UTF-8 without control characters.") \
	X(WRONG_ENVELOPE, 1109, "wrong-envelope", FAILURE, false, \
		"This side does not take that kind of envelope here.", \
		"See PROTOCOL.md for who sends what.") \
	X(VERSION, 1110, "version-unsupported", FAILURE, false, \
		"No protocol version is spoken by both sides.", \
		"Upgrade the older side.") \
	X(HELLO_REQUIRED, 1111, "hello-required", UNAVAILABLE, true, \
		"The connection has not said hello.", \
		"Send hello first; the library does it for you.") \
	X(BAD_MESSAGE_ID, 1112, "bad-message-id", FAILURE, false, \
		"The message id is not a UUID of version 7.", \
		"Make a new UUIDv7 for each message, 16 bytes.") \
	X(CLOCK_SKEW, 1113, "clock-skew", FAILURE, false, \
		"The sending time differs from the broker's clock by more " \
		"than 5 minutes.", \
		"Set the sender's clock (NTP); welcome carries the broker's" \
		" time.") \
	X(STALE_MESSAGE_ID, 1114, "stale-message-id", FAILURE, false, \
		"The message id was made more than 30 days ago, so a replay" \
		" could not be told from a first sending.", \
		"Send the message again under a new id.") \
	X(MESSAGE_ID_CONFLICT, 1115, "message-id-conflict", CONFLICT, false, \
		"This id was already used for other content.", \
		"Use a new id for new content.") \
	X(PAYLOAD_HASH, 1116, "payload-hash-mismatch", FAILURE, false, \
		"The payload is not the one that was signed.", \
		"Sign and send the same bytes.") \
	X(PAYLOAD_TOO_LARGE, 1117, "payload-too-large", FAILURE, false, \
		"The payload is larger than the limit.", \
		"Send at most 1 MiB in a message; the library and the folder " \
		"agent send up to 1 GiB in parts.") \
	X(ALREADY_EXPIRED, 1118, "already-expired", FAILURE, false, \
		"The message expires in the past, or further ahead than the" \
		" limit.", \
		"Set expires to a time in the next 90 days.") \
	X(UNKNOWN_VERB, 1119, "unknown-verb", USAGE, false, \
		"The request names no known verb.", \
		"See PROTOCOL.md for the verbs.") \
	X(BAD_ARGUMENT, 1120, "bad-argument", USAGE, false, \
		"An argument is missing, unknown or has a bad value.", \
		"The detail names it.") \
	X(SUPERSEDED, 1121, "session-superseded", CONFLICT, false, \
		"The same agent has connected again elsewhere.", \
		"Run one process for an agent; register a second agent for " \
		"a second process.") \
	X(DUPLICATE_FIELD, 1122, "duplicate-field", FAILURE, false, \
		"A field that may stand once stands twice.", \
		"Encode each field once.") \
	X(MISSING_FIELD, 1123, "missing-field", FAILURE, false, \
		"A field that must be set is not.", \
		"The detail names it; see the proto file.") \
	X(ENCODING_NOT_AGREED, 1124, "encoding-not-agreed", FAILURE, false, \
		"The payload is compressed in a way that was not agreed on.", \
		"Use what welcome says; the library does.") \
	X(ENCODING_BROKEN, 1125, "encoding-broken", FAILURE, false, \
		"The compressed payload cannot be read within its limits.", \
		"Declare the content size, and send uncompressed what " \
		"shrinks more than 256 times.") \
	X(PART_MISMATCH, 1126, "part-mismatch", FAILURE, false, \
		"A part of the payload is not the one that was announced.", \
		"The payload was changed or damaged on its way; send it as " \
		"a new message.") \
	X(NOT_READING, 1127, "not-reading", UNAVAILABLE, true, \
		"The agent has not read what it was sent before.", \
		"Read the socket, answer each ping with a pong, and say " \
		"hello again; what it held comes again.") \
	X(NOT_AUTHENTICATED, 1201, "not-authenticated", DENIED, false, \
		"The connection's key is not registered.", \
		"Ask the broker's operator to register this agent's public " \
		"keys.") \
	X(AGENT_REVOKED, 1202, "agent-revoked", DENIED, false, \
		"This agent's keys have been revoked.", \
		"Ask the broker's operator; new keys are needed.") \
	X(SENDER_MISMATCH, 1203, "sender-mismatch", DENIED, false, \
		"The sender named in the message is not the one who is " \
		"connected.", \
		"An agent sends for its own organisation only.") \
	X(BAD_SIGNATURE, 1204, "bad-signature", DENIED, false, \
		"The signature does not verify with the agent's registered " \
		"signing key.", \
		"Check that the registered signing key is this agent's.") \
	X(NOT_PERMITTED, 1205, "not-permitted", DENIED, false, \
		"This agent may not ask for that.", \
		"Ask the broker's operator.") \
	X(AGENT_EXISTS, 1206, "agent-exists", CONFLICT, false, \
		"The key or the name is already registered.", \
		"Make new keys, or revoke the old agent first.") \
	X(BROKER_KEY, 1207, "broker-not-recognised", DENIED, false, \
		"The broker could not be reached under the key that the " \
		"context names, or refuses this agent's key.", \
		"Compare the broker key with the operator's, and ask " \
		"whether this agent is registered.") \
	X(HANDSHAKES_LIMITED, 1208, "too-many-handshakes", UNAVAILABLE, true, \
		"Too many connections are being made.", \
		"Wait; the library retries with back-off.") \
	X(AGENT_ROLE, 1209, "agent-role", DENIED, false, \
		"This agent's role does not let it send, receive or ask.", \
		"Use another agent of the organisation, or ask the broker's " \
		"operator: almoner agent roles.") \
	X(AGENT_CATEGORY, 1210, "agent-category", DENIED, false, \
		"This agent is limited to other categories than these.", \
		"Use another agent of the organisation, or ask the broker's " \
		"operator: almoner agent roles.") \
	X(KEY_RETIRED, 1211, "key-retired", DENIED, false, \
		"The connection was made with a key that has been replaced.", \
		"Connect with the new key; almoner-agent does it by itself.") \
	X(ROTATION_OPEN, 1212, "rotation-open", UNAVAILABLE, true, \
		"The keys before are still valid, so they cannot be replaced " \
		"again.", \
		"Wait until the overlap of the last rotation has ended.") \
	X(INVITE_INVALID, 1213, "invite-not-valid", DENIED, false, \
		"The invite is not known, was used or revoked, or has " \
		"expired.", \
		"Ask the broker's operator for a new invite.") \
	X(INVITE_FILE, 1214, "invite-file", INVALID, false, \
		"The invite file is not valid.", \
		"The detail names line and key; ask for the file again.") \
	X(JOINS_LIMITED, 1215, "too-many-joins", UNAVAILABLE, true, \
		"Too many agents are joining at once.", \
		"Wait a moment; almoner-agent join tries again.") \
	X(WORDS_DIFFER, 1216, "join-changed", CONFLICT, false, \
		"The join that was confirmed is not the one that waits.", \
		"Compare the six words again before you approve.") \
	X(KEY_USED, 1217, "key-used-before", CONFLICT, false, \
		"One of the keys is, or was, another key of the registry.", \
		"Make new keys.") \
	X(DOCTOR_FAILED, 1218, "path-not-whole", FAILURE, false, \
		"A step between this machine and the broker failed.", \
		"The first failed line says what to mend, and where.") \
	X(TRIAL_SOON, 1219, "trial-too-soon", UNAVAILABLE, true, \
		"This agent's path was tried a moment ago.", \
		"Wait a second and try again.") \
	X(HOST_UNKNOWN, 1220, "host-unknown", UNAVAILABLE, true, \
		"The name of the broker's machine has no address here.", \
		"Compare it with the operator's; ask whoever runs this " \
		"machine's name service.") \
	X(PORT_CLOSED, 1221, "port-closed", UNAVAILABLE, true, \
		"The machine answers, and refuses the connection.", \
		"Ask the operator whether almonerd runs and listens on this " \
		"port, and whether its firewall lets you in.") \
	X(PORT_SILENT, 1222, "port-silent", UNAVAILABLE, true, \
		"Nothing comes back: a firewall on the way drops what is " \
		"sent.", \
		"Ask for the line that almoner doctor prints.") \
	X(NO_ROUTE, 1223, "no-route", UNAVAILABLE, true, \
		"There is no way from this machine to the broker's network.", \
		"Connect the network or the VPN; if it is, a firewall refuses: " \
		"ask for the line that almoner doctor prints.") \
	X(NO_BROKER, 1224, "no-broker-there", UNAVAILABLE, true, \
		"The connection is taken, but no broker answers on it.", \
		"A proxy or another program holds the port, or the broker " \
		"hangs: compare endpoint and port with the operator's.") \
	X(ECHO_WRONG, 1225, "trial-changed", INTEGRITY, false, \
		"What came back is not what was sent.", \
		"Tell the operator, who verifies the store: almoner audit " \
		"verify.") \
	X(BUSY, 1301, "busy", UNAVAILABLE, true, \
		"More messages are unanswered than welcome allowed.", \
		"Wait for receipts, then send on; the library does it for " \
		"you.") \
	X(MAILBOX_FULL, 1302, "mailbox-full", UNAVAILABLE, true, \
		"The recipient's mailbox is full.", \
		"Try again later; the recipient is not collecting its mail.") \
	X(STORE_FULL, 1303, "store-full", UNAVAILABLE, true, \
		"The broker's store is full.", \
		"Try again later; the operator must add space.") \
	X(UNKNOWN_SEQUENCE, 1304, "unknown-sequence", NOT_FOUND, false, \
		"No mail with this sequence waits for you.", \
		"It was acknowledged, stopped or has expired.") \
	X(DRAINING, 1305, "draining", UNAVAILABLE, true, \
		"The broker is shutting down.", \
		"Try again in a moment; the library does it for you.") \
	X(TURN_SHARE_USED, 1306, "import-share-used", UNAVAILABLE, true, \
		"Records are coming faster than messages leave room for.", \
		"Try again in a moment; almoner people import does it for " \
		"you.") \
	X(MAILBOX_UNREAD, 1307, "mailbox-unread", UNAVAILABLE, true, \
		"The recipient has left its oldest mail waiting for longer " \
		"than its mailbox allows.", \
		"Try again later, and contact the recipient directly: it is " \
		"not collecting its mail.") \
	X(REQUEST_DEADLINE, 1320, "request-without-deadline", USAGE, false, \
		"A request needs one recipient and a deadline that is still " \
		"to come, within 90 days.", \
		"Name both; almoner send --request --deadline 10m does it.") \
	X(NO_SUCH_REQUEST, 1321, "no-such-request", NOT_FOUND, false, \
		"No request with this id was sent to you by the recipient.", \
		"Take the id from the request's mail, and reply to its " \
		"sender.") \
	X(REQUEST_CLOSED, 1322, "request-answered", CONFLICT, false, \
		"The request has its reply already.", \
		"Send what is new as a message of its own.") \
	X(REQUEST_LATE, 1323, "request-timed-out", CONFLICT, false, \
		"The request's deadline has passed, and its sender was told.", \
		"Send the answer as a message of its own.") \
	X(RECEIPT_NOT_PLAIN, 1324, "receipt-not-plain", USAGE, false, \
		"A business receipt has one recipient and the original's id, " \
		"and no payload, level, categories, subject or basis.", \
		"Leave them out; what there is to say is a message of its " \
		"own.") \
	X(NO_ORIGINAL, 1325, "no-original", NOT_FOUND, false, \
		"No message with this id was handed to you from the " \
		"recipient.", \
		"Take the id from the mail, and send the receipt to its " \
		"sender, within 35 days.") \
	X(RECEIPT_REPEATED, 1326, "receipt-repeated", CONFLICT, false, \
		"A receipt of this kind was sent for this message before.", \
		"Nothing more is needed: one of each kind reaches the sender.") \
	X(ADDRESS_MALFORMED, 1330, "address-malformed", USAGE, false, \
		"An address is not one that the broker knows how to read.", \
		"Write an organisation id, group:ID, kind:KIND@group:ID or " \
		"host:ID.") \
	X(GROUP_UNKNOWN, 1331, "group-unknown", NOT_FOUND, false, \
		"The address names a group that the active policy lacks.", \
		"almoner org find lists partners with the groups they are " \
		"in.") \
	X(KIND_UNKNOWN, 1332, "kind-unknown", NOT_FOUND, false, \
		"The address names a kind that the active policy lacks.", \
		"almoner org find lists partners with their kinds.") \
	X(NOBODY_ADDRESSED, 1333, "nobody-addressed", NOT_FOUND, false, \
		"No other organisation that you share an agreement or a " \
		"group with is at this address.", \
		"almoner org find --group ID lists whom you would reach.") \
	X(TOO_MANY_RECIPIENTS, 1334, "too-many-recipients", USAGE, false, \
		"The addresses come to more organisations than one message " \
		"may have.", \
		"Send one message to each of several smaller groups.") \
	X(RECIPIENT_TWICE, 1335, "recipient-and-list", USAGE, false, \
		"The message names one recipient and a list as well.", \
		"Leave the recipient empty when there is a list.") \
	X(ALL_REFUSED, 1336, "all-recipients-refused", REFUSED, false, \
		"None of its recipients may have the message.", \
		"The receipt says of each recipient why, and what to do.") \
	X(MULTICAST_BUSY, 1337, "multicast-busy", UNAVAILABLE, true, \
		"Messages to many are coming faster than they can be taken.", \
		"Try again in a moment.") \
	X(UPLOAD_UNKNOWN, 1340, "upload-unknown", UNAVAILABLE, true, \
		"No such payload is being received.", \
		"Send its message again; the library does it for you.") \
	X(UPLOADS_FULL, 1341, "uploads-full", UNAVAILABLE, true, \
		"The organisation has as many unfinished payloads as it may.", \
		"Finish one of them, or wait until it expires after a day.") \
	X(PARTS_STANDARD, 1342, "large-payload-standard", INVALID, false, \
		"A payload in parts cannot be cut down to what its " \
		"recipient may have.", \
		"Name no information standard, so that it goes whole or not " \
		"at all, or send messages of up to 1 MiB.") \
	X(UPLOAD_CANCELLED, 1344, "upload-cancelled", FAILURE, false, \
		"The sender gave this payload up before it was whole.", \
		"Send it as a new message if it is to go after all.") \
	X(UPLOAD_WHOLE, 1345, "upload-whole", CONFLICT, false, \
		"The payload is whole and its message accepted.", \
		"It cannot be cancelled; almoner trace says where it is. Ask " \
		"the recipient to destroy it.") \
	X(MAILBOX_TOO_SMALL, 1346, "larger-than-mailbox", FAILURE, false, \
		"The message is larger than all that the recipient's mailbox " \
		"may hold.", \
		"Send less, or in several messages; the operator can raise " \
		"the limit (almoner mailbox limit ORG --bytes SIZE).") \
	X(OVER_QUOTA, 1390, "over-quota", UNAVAILABLE, true, \
		"Your organisation has more on its way than the broker holds " \
		"for it.", \
		"Wait, then send on; the library does it for you.") \
	X(RECORD_INVALID, 1401, "record-invalid", INVALID, false, \
		"A record about a person is not valid.", \
		"The detail names the line and the field.") \
	X(RECORD_CONFLICT, 1402, "record-conflict", CONFLICT, false, \
		"A record with this id but other content exists.", \
		"Give the new record a new id.") \
	X(SUBJECT_INVALID, 1403, "subject-invalid", USAGE, false, \
		"This is not an NHS number, or its check digit is wrong.", \
		"Give ten digits with a correct check digit.") \
	X(PERSON_LIMIT, 1404, "person-limit", FAILURE, false, \
		"One person has more records, or longer ones, than the " \
		"limit.", \
		"Tell the operator; replaced records can be removed.") \
	X(OBJECTIONS_STAND, 1405, "objections-stand", CONFLICT, false, \
		"The person's objections would be forgotten too, and more " \
		"would be released about them.", \
		"Erase them as well with --with-objections, if that is what " \
		"the person wants.") \
	X(LIST_INVALID, 1406, "list-invalid", INVALID, false, \
		"The opt-out list is not valid, and nothing of it was taken.", \
		"Each line is an NHS number, a comma and a line feed; ask for " \
		"the list again.") \
	X(LIST_OLDER, 1407, "list-older", CONFLICT, false, \
		"A list as of this instant or a later one is already in use.", \
		"Import the newest list; an older one would bring back what " \
		"people have changed since.") \
	X(IMPORT_CHANGED, 1408, "import-changed", CONFLICT, false, \
		"The file is not the one whose import was begun.", \
		"Import it from the beginning, without --resume.") \
	X(SOURCE_UNKNOWN, 1409, "source-unknown", NOT_FOUND, false, \
		"The source is not a GP practice of the active policy.", \
		"Name the practice whose patients object, as almoner org " \
		"list shows it.") \
	X(LIST_UNFINISHED, 1410, "list-unfinished", CONFLICT, false, \
		"Not everything of the list has come, or another list has " \
		"taken its place.", \
		"Import the list again.") \
	X(STANDARD_UNKNOWN, 1501, "standard-unknown", FAILURE, false, \
		"The information standard or its version is not registered " \
		"at the broker.", \
		"List the standards, or ask the operator to add it.") \
	X(NOT_CONFORMANT, 1502, "payload-not-conformant", FAILURE, false, \
		"The payload does not conform to the information standard " \
		"that it names.", \
		"The detail lists each fault with its field path.") \
	X(CANNOT_MINIMISE, 1503, "cannot-minimise", REFUSED, false, \
		"Part of the content must be withheld, and the broker " \
		"cannot take it out of this payload.", \
		"Name an information standard in the message, or send only " \
		"the categories and the level that the agreement covers.") \
	X(STANDARD_INVALID, 1504, "standard-invalid", INVALID, false, \
		"The information standard cannot be used.", \
		"The detail names the message and field.") \
	X(TOO_MANY_OBLIGATIONS, 1505, "too-many-obligations", REFUSED, false, \
		"The agreement passes on more obligations than a message can" \
		" carry.", \
		"The agreement's owner must combine them: at most 64 travel " \
		"with a message, one of them that of an override's review.") \
	X(STORE_IO, 2001, "store-input-output", FAILURE, false, \
		"The store could not be read or written.", \
		"Check the disk; the daemon stops so that nothing unsaved " \
		"is promised.") \
	X(STORE_CORRUPT, 2002, "store-corrupt", INTEGRITY, false, \
		"The store is damaged.", \
		"Keep a copy, restore a backup, and run almoner audit " \
		"verify.") \
	X(STORE_FORMAT, 2003, "store-format-unknown", INVALID, false, \
		"The store was written by another version of Almoner.", \
		"Use the release that wrote it; see FORMAT.md, Other " \
		"releases.") \
	X(STORE_LOCKED, 2004, "store-in-use", CONFLICT, false, \
		"Another process has the store open.", \
		"Stop it, or ask it over the administration socket.") \
	X(STORE_KEY, 2005, "store-key-wrong", DENIED, false, \
		"The key is not the one that this store was made with.", \
		"Give the store's own key file.") \
	X(STORE_PATH, 2006, "store-path", INVALID, false, \
		"The store's folder is missing, is not writable, or is on a" \
		" file system that cannot hold it.", \
		"Give a folder on a local disk that the service user may " \
		"write.") \
	X(STORE_READ_ONLY, 2007, "store-read-only", INTEGRITY, false, \
		"The disk of the store is read-only; the kernel makes it so " \
		"after errors.", \
		"See what the kernel says of it (dmesg), check it, mount it " \
		"again and start almonerd; nothing was accepted that is not " \
		"on it.") \
	X(CONFIG, 3001, "configuration-invalid", INVALID, false, \
		"The configuration is not valid.", \
		"The detail names the file, the line and the nearest valid " \
		"name.") \
	X(ENDPOINT_BUSY, 3002, "endpoint-busy", FAILURE, false, \
		"The endpoint is already in use.", \
		"Stop the other process, or choose another endpoint.") \
	X(ENDPOINT_INVALID, 3003, "endpoint-invalid", INVALID, false, \
		"The endpoint cannot be used.", \
		"Write tcp://ADDRESS:PORT or ipc:///PATH.") \
	X(KEY_FILE_MODE, 3004, "key-file-mode", INVALID, false, \
		"A key file can be read by others.", \
		"Set its mode to 0400 (chmod 0400 FILE).") \
	X(KEY_FILE, 3005, "key-file-invalid", INVALID, false, \
		"A key file is missing or does not hold a key.", \
		"Make it with almonerd --generate-keys or almoner agent " \
		"keygen; a service needs a LoadCredential= line for it.") \
	X(STRANGER_ADMITTED, 3006, "stranger-admitted", FAILURE, false, \
		"The start-up proof that a stranger is refused has failed.", \
		"Do not run this build; report it.") \
	X(CLOCK, 3007, "clock-invalid", FAILURE, false, \
		"The system clock is outside the years 2000 to 2099 or far " \
		"before the last record.", \
		"Set the clock; if it is right and the last record is not, " \
		"raise clock-behind-max.") \
	X(KEY_EXISTS, 3008, "key-exists", CONFLICT, false, \
		"There are keys already, and keys are never overwritten.", \
		"Name another folder or file, or move what is there away if " \
		"nobody uses it.")
/* clang-format on */

#endif /* ALM_LIB_ERR_MAP_H */
