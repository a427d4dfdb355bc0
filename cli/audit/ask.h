/* ask.h - a question to the log as arguments of a call to the broker. */
#ifndef ALM_CLI_AUDIT_ASK_H
#define ALM_CLI_AUDIT_ASK_H

#include "cli/admin.h"
#include "cli/audit/options.h"

/** What a record must be like; of query and tail. */
#define ALM_AUDIT_FILTER_OPTIONS \
	{"person", 0, ALM_OPTION_TEXT, "NHS-NUMBER|-", \
		"whom it concerns; - reads standard input", false, false}, \
		{"from", 0, ALM_OPTION_TEXT, "ORG", "the sender", false, \
			false}, \
		{"to", 0, ALM_OPTION_TEXT, "ORG", "the recipient", false, \
			false}, \
		{"either", 0, ALM_OPTION_TEXT, "ORG", "sender or recipient", \
			false, false}, \
		{"purpose", 'p', ALM_OPTION_TEXT, "ID", "the purpose", false, \
			false}, \
		{"basis", 'b', ALM_OPTION_TEXT, "ID", \
			"the agreement or mandate", false, false}, \
		{"effect", 0, ALM_OPTION_TEXT, "WORD", \
			"permit, transform or deny", false, false}, \
		{"code", 0, ALM_OPTION_TEXT, "CODE|NAME", \
			"the error or reason", false, false}, \
		{"kind", 'k', ALM_OPTION_TEXT, "WORD", \
			"accepted, refused, delivered, acknowledged, ...", \
			false, false}, \
	{ \
		"message", 'm', ALM_OPTION_TEXT, "UUID", "the message", false, \
			false \
	}

/** The texts of a question's arguments, and where its answer goes on. */
struct alm_audit_texts {
	char since[ALM_INSTANT_US_TEXT_BYTES];
	char until[ALM_INSTANT_US_TEXT_BYTES];
	char code[16];
	char limit[24];
	char message[ALM_UUID_TEXT_BYTES];
	char after[ALM_TEXT_BYTES_MAX + 1];
};

/** Fill in all but the limit and `after`. */
void alm_audit_ask_fill(struct alm_ask *ask, const struct alm_audit_question *q,
	struct alm_audit_texts *texts);

#endif /* ALM_CLI_AUDIT_ASK_H */
