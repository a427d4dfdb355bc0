/*
 * limits.h - what bounds others: every limit of the wire, the mail, the
 * records and a policy bundle (docs/POLICY.md), in one place.  The unit stands
 * in each name and the reason beside it.  What one folder alone bounds for
 * itself is in its headers.
 */
#ifndef ALM_LIB_LIMITS_H
#define ALM_LIB_LIMITS_H

#include <assert.h>
#include <stddef.h>

/* --- the wire ---------------------------------------------------------- */

#define ALM_PAYLOAD_BYTES_MAX ((size_t)1024 * 1024)
/* One payload of the largest size, its envelope and its signature path. */
#define ALM_FRAME_BYTES_MAX (ALM_PAYLOAD_BYTES_MAX + (size_t)128 * 1024)
/* The administration socket also carries policy bundles (64 MiB). */
#define ALM_ADMIN_FRAME_BYTES_MAX ((size_t)72 * 1024 * 1024)
#define ALM_FRAME_ENVELOPES_MAX 256u
/* What goes into one frame where there is a choice: who reads many connections
 * deciphers one whole frame before it looks at the next. */
#define ALM_FRAME_BYTES_USUAL ((size_t)64 * 1024)
#define ALM_WIRE_DEPTH_MAX 8u
/* Fields of a later release in one hello or welcome. */
#define ALM_WIRE_UNKNOWN_MAX 32u
/* The signed part of a message; small, so that decoding it stays cheap. */
#define ALM_MESSAGE_BYTES_MAX ((size_t)32 * 1024)
#define ALM_ACKS_PER_ENVELOPE_MAX 1024u
/* Of one organisation in one turn: acknowledgements of mail that none of its
 * agents holds, each of which is looked for, and questions. */
#define ALM_TURN_UNHELD_ACKS_MAX 8192u
/* Mail is read to be taken out: so many of its bytes are as much work. */
#define ALM_UNHELD_ACK_BYTES 4096u
/* A refusal is a record, an answer and perhaps mail that was read: as much as
 * looking for so many. */
#define ALM_REFUSED_ACK_COST 256u
#define ALM_TURN_QUESTIONS_MAX 64u
#define ALM_TURN_QUESTIONS_US_MAX 20000
#define ALM_ROWS_PER_ANSWER_MAX 1000u
#define ALM_COLUMNS_MAX 64u
#define ALM_CELL_BYTES_MAX ((size_t)4 * 1024)
#define ALM_FACTS_MAX 256u
#define ALM_ARGUMENTS_MAX 64u
#define ALM_ATTACHMENTS_MAX 1024u
#define ALM_PING_BYTES_MAX 16u
#define ALM_REASONS_MAX 64u /* of one decision */
#define ALM_OBLIGATIONS_MAX 64u
#define ALM_WITHHELD_MAX 256u /* fields named as withheld or at fault */
/* What one frame may take in the arena: a multiple of its bytes and a floor,
 * enough to acknowledge a full window, and a turn of such frames fits. */
#define ALM_WIRE_ARENA_FACTOR 14u
#define ALM_WIRE_ARENA_FLOOR_BYTES ((size_t)512 * 1024)

/* A larger payload travels in parts of this size, each hashed by itself.  A
 * part takes a millisecond of a turn, and nobody holds more than a few. */
#define ALM_PART_BYTES ((size_t)256 * 1024)
#define ALM_PARTS_PAYLOAD_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define ALM_PARTS_MAX (ALM_PARTS_PAYLOAD_BYTES_MAX / ALM_PART_BYTES)
#define ALM_PART_PATH_MAX 12u

/* Parts on their way from all senders together: what one turn then takes. */
#define ALM_PARTS_IN_FLIGHT_MAX 8u
#define ALM_UPLOAD_SLOTS_MAX 8u
#define ALM_UPLOAD_IDLE_MS 5000
/* Late ones included; the rest is asked for again. */
#define ALM_TURN_PARTS_MAX 16u
/* What one turn hands over, and what one recipient may have on its way. */
#define ALM_TURN_PARTS_OUT_MAX 8u
#define ALM_PART_WINDOW_MAX 8u
/* Parts of payloads that nobody needs, removed in one turn. */
#define ALM_TURN_WASTE_PARTS_MAX 32u
/* Unfinished payloads. */
#define ALM_UPLOADS_PER_ORGANISATION_MAX 8u
#define ALM_UPLOAD_BYTES_PER_ORGANISATION_MAX ((uint64_t)4 << 30)
#define ALM_UPLOAD_KEEP_MS (24LL * 3600 * 1000)
/* Receipts that one turn reads back, because a message came again or is
 * answered; that of a message to many takes some times its bytes to say. */
#define ALM_TURN_REPEATED_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* What is decompressed in one turn; the rest comes again. */
#define ALM_TURN_UNPACKED_BYTES_MAX ((size_t)32 * 1024 * 1024)

#define ALM_MESSAGE_ID_BYTES 16u
#define ALM_DIGEST_BYTES 32u
#define ALM_KEY_BYTES 32u /* of CURVE or Ed25519, and of the store */
#define ALM_SIGNATURE_BYTES 64u
#define ALM_STORE_ID_BYTES 16u
/* One signature covers at most this many messages (a path of 8 digests). */
#define ALM_SIGNATURE_LEAVES_MAX 256u
#define ALM_SIGNATURE_PATH_MAX 8u

/* --- words ------------------------------------------------------------- */

#define ALM_ID_BYTES_MAX 64u     /* ids of the policy language */
#define ALM_TEXT_BYTES_MAX 1024u /* reasons, references, names */
#define ALM_REF_BYTES_MAX 256u   /* references, field paths, short reasons */
#define ALM_CATEGORIES_MAX 64u
#define ALM_ENDPOINT_BYTES_MAX 255u
/* `kind:KIND@group:ID`, both of the greatest length. */
#define ALM_ADDRESS_BYTES_MAX (5u + ALM_ID_BYTES_MAX + 7u + ALM_ID_BYTES_MAX)
/* Addresses of one message: with codes of ten bytes they fill a third of its
 * signed part.  Who writes to more has a group for it. */
#define ALM_ADDRESSES_MAX 1024u
/* Those of them that are groups: each is looked through. */
#define ALM_GROUP_ADDRESSES_MAX 64u
/* Organisations that they come to: as many outcomes as one receipt holds. */
#define ALM_MULTICAST_RECIPIENTS_MAX 10000u
/* Of one outcome on the wire: its tags, an id and its numbers. */
#define ALM_OUTCOME_BYTES_MAX (96u)
#define ALM_RECEIPT_PROBLEMS_MAX 64u
#define ALM_TRACEPARENT_BYTES 55u /* W3C trace context, version 00 */

/* --- time -------------------------------------------------------------- */

#define ALM_CLOCK_SKEW_MS_MAX (5LL * 60 * 1000)
/* The last time that an id can bear: 48 bits of milliseconds. */
#define ALM_TIME_MS_MAX ((1LL << 48) - 1)
/* Ids older than this are refused: their duplicates are no longer known. */
#define ALM_MESSAGE_ID_AGE_MS_MAX (30LL * 24 * 3600 * 1000)
/* Duplicate rows outlive the oldest id that is still accepted. */
#define ALM_DUPLICATE_KEEP_MS (35LL * 24 * 3600 * 1000)
#define ALM_EXPIRY_DEFAULT_MS (14LL * 24 * 3600 * 1000)
#define ALM_EXPIRY_MS_MAX (90LL * 24 * 3600 * 1000)

/* --- connections and mail ---------------------------------------------- */

#define ALM_SESSIONS_MAX 4096u
#define ALM_SEND_WINDOW_MAX 8192u    /* unanswered sends of one session */
#define ALM_DELIVER_WINDOW_MAX 8192u /* unacknowledged mail of one session */
#define ALM_DELIVER_WINDOW_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* What one connection was sent and has not shown to have read: asked about
 * from here on, and the most. */
#define ALM_UNREAD_BYTES_ASKED ((size_t)2 * 1024 * 1024)
#define ALM_UNREAD_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* A connection that takes nothing of what waits for it so long is closed. */
#define ALM_UNREAD_MS_MAX (60 * 1000)
#define ALM_AGENTS_MAX 65536u
#define ALM_MAILBOX_MESSAGES_MAX 20000000ull

/* --- who may connect ----------------------------------------------------- */

/* Connections that one agent makes in a second, and at once. */
#define ALM_HANDSHAKES_PER_AGENT_MAX 20u
/* Invites that wait: each is compared with at a stranger's handshake. */
#define ALM_INVITES_OPEN_MAX 256u
/* What comes under an invite's key: one join envelope, so often in all. */
#define ALM_JOIN_FRAME_BYTES_MAX 512u
/* A longer one waits with what else its organisation has sent. */
#define ALM_HELLO_FRAME_BYTES_MAX 4096u
#define ALM_JOINS_PER_SECOND_MAX 10u
/* Of these of one invite, which one agent has; and what comes under its key and
 * is answered, on however many connections.  The rest is thrown away. */
#define ALM_JOINS_PER_INVITE_MAX 2u
#define ALM_JOIN_ANSWERS_PER_INVITE_MAX 128u
/* The categories that an agent is limited to, with commas between. */
#define ALM_AGENT_CATEGORIES_BYTES_MAX 255u

/* --- one turn of the loop ---------------------------------------------- */

/* What a turn touches should stay in the processor's cache: with four times
 * as many frames a message costs a fifth more.  But a slow disk is shared by
 * more of them: so many more as a commit takes more than a millisecond. */
#define ALM_TURN_FRAMES_QUICK 512u
#define ALM_TURN_FRAMES_MAX 2048u
#define ALM_TURN_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* Envelopes of all frames of a turn, and the mail one turn hands over. */
#define ALM_TURN_REQUESTS_MAX 8192u
#define ALM_TURN_LETTERS_MAX 16384u
#define ALM_TURN_HAND_OVERS_MAX 8192u
/* Mail is read, viewed and packed: some three times its bytes. */
#define ALM_TURN_HAND_OVER_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* Of messages to several, in one turn: recipients, with each group looked up
 * counted as some; and what their recipients' views are made of. */
#define ALM_TURN_MULTICAST_MAX ALM_MULTICAST_RECIPIENTS_MAX
#define ALM_TURN_MULTICAST_VIEW_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define ALM_GROUP_ADDRESS_COST 64u
/* Mail that one turn reads because its time has come: it expires, is kept no
 * longer, or was not taken by its deadline.  The rest is the next turn's. */
#define ALM_TURN_SWEPT_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* Mail that is read for one answer to an operator, who asks on. */
#define ALM_ANSWER_READ_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* Queued mail that one turn decides again because something has changed:
 * looked at in the queue, decided, and the bytes of that. */
#define ALM_TURN_REDECIDE_ROWS_MAX 65536u
#define ALM_TURN_REDECIDE_MAX 512u
#define ALM_TURN_REDECIDE_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* People whose mail waits to be decided again, one by one; beyond, all is. */
#define ALM_REDECIDE_PEOPLE_MAX 1048576u
#define ALM_TURN_ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* Frames of one organisation that wait for their turn or for its quota, their
 * bytes, and those of all; a window of ordinary messages of several agents. */
#define ALM_LANE_FRAMES_MAX 131072u
#define ALM_LANES_BYTES_MAX ((size_t)512 * 1024 * 1024)

/* Records of refusals and questions of one organisation at once, in seconds of
 * what is written of them in the long run: some large groups. */
#define ALM_REFUSALS_BURST_S 100
/* And so many times as many of what a recipient has no room for. */
#define ALM_REFUSALS_ROOM_TIMES 10u

/* --- people ------------------------------------------------------------ */

#define ALM_PERSON_RECORDS_MAX 4096u
/* People changed in one turn who are remembered one by one; beyond, all
 * queued mail is decided again. */
#define ALM_TURN_PEOPLE_MAX 32768u
#define ALM_PERSON_RECORD_BYTES_MAX ((size_t)64 * 1024)
/* Of those with a row of their own, of one person, who is read for each
 * message about them and takes some six times as much memory then. */
#define ALM_PERSON_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* Records that travel together.  What one turn takes of them is bounded, so
 * that messages wait for a turn behind an import and not for its end; more in
 * a turn in which no agent asks for anything, because a commit costs less for
 * each record the more there are. */
#define ALM_PEOPLE_BATCH_RECORDS_MAX 2048u
#define ALM_PEOPLE_BATCH_BYTES_MAX ((size_t)512 * 1024)
#define ALM_TURN_PEOPLE_RECORDS_MAX ((size_t)2 * ALM_PEOPLE_BATCH_RECORDS_MAX)
#define ALM_IDLE_TURN_PEOPLE_RECORDS_MAX \
	((size_t)16 * ALM_PEOPLE_BATCH_RECORDS_MAX)
/* Batches that a client keeps on their way. */
#define ALM_PEOPLE_BATCHES_MAX 16u

/* --- the audit log ----------------------------------------------------- */

/* The private part of one record, as text. */
#define ALM_AUDIT_DETAIL_BYTES_MAX ((size_t)64 * 1024)

/* --- a policy bundle --------------------------------------------------- */

#define ALM_BUNDLE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define ALM_BUNDLE_DEPTH_MAX 8u
/* Tree, bundle and messages of the largest bundle while it is loaded. */
#define ALM_BUNDLE_ARENA_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define ALM_BUNDLE_FILES_MAX 1024u
#define ALM_KINDS_MAX 64u
#define ALM_PURPOSES_MAX 64u
#define ALM_ORGANISATIONS_MAX 65535u
#define ALM_GROUPS_MAX 65535u
#define ALM_BASES_MAX 65535u
#define ALM_PROHIBITIONS_MAX 4096u

/* --- its life cycle ----------------------------------------------------- */

/* People who propose and approve, revoked ones included: all are read when a
 * name is looked up. */
#define ALM_OFFICERS_MAX 1000u
/* Agreements that end within this are told of. */
#define ALM_EXPIRES_SOON_S (60LL * 24 * 3600)

/* --- information standards --------------------------------------------- */

#define ALM_STANDARD_BYTES_MAX ((size_t)256 * 1024)
#define ALM_STANDARD_FIELDS_MAX 1024u
#define ALM_STANDARD_MESSAGE_FIELDS_MAX 64u
#define ALM_STANDARD_DEPTH_MAX 8u
#define ALM_DESCRIPTOR_DEPTH_MAX 16u
#define ALM_STANDARDS_MAX 1024u

static_assert(ALM_UNREAD_BYTES_MAX >= 4 * ALM_DELIVER_WINDOW_BYTES_MAX,
	"a window of mail is far from what ends a session");
static_assert((1u << ALM_PART_PATH_MAX) == ALM_PARTS_MAX,
	"the path of a part is as long as their tree is deep");
static_assert(
	ALM_PAYLOAD_BYTES_MAX + ALM_MESSAGE_BYTES_MAX < ALM_FRAME_BYTES_MAX,
	"one message of the largest size fits a frame");
static_assert((1u << ALM_SIGNATURE_PATH_MAX) == ALM_SIGNATURE_LEAVES_MAX,
	"the path is as long as the tree is deep");
static_assert(
	(size_t)ALM_MULTICAST_RECIPIENTS_MAX * ALM_OUTCOME_BYTES_MAX +
			(size_t)ALM_RECEIPT_PROBLEMS_MAX * ALM_TEXT_BYTES_MAX <
		ALM_FRAME_BYTES_MAX,
	"the receipt of a message to many fits a frame");
static_assert(ALM_DUPLICATE_KEEP_MS > ALM_MESSAGE_ID_AGE_MS_MAX,
	"a duplicate is known as long as its id is accepted");

static_assert(ALM_TURN_PEOPLE_MAX >= ALM_IDLE_TURN_PEOPLE_RECORDS_MAX,
	"an import never makes all mail be decided again");

#endif /* ALM_LIB_LIMITS_H */
