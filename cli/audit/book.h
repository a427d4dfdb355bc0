/*
 * book.h - the words of reports: names of organisations, agreements and laws as
 * the policy of a record's own time has them, and plain English for codes.
 */
#ifndef ALM_CLI_AUDIT_BOOK_H
#define ALM_CLI_AUDIT_BOOK_H

#include "cli/audit/log.h"

/** Policies that were read, by epoch.  Caller's memory; zeroed is empty. */
#define ALM_BOOK_EPOCHS_MAX 32u

struct alm_book {
	struct alm_log *log;
	struct alm_arena *arena; /* of the texts that are given */
	struct {
		uint64_t epoch;
		struct alm_bundle_files *files; /* NULL: there is none */
	} kept[ALM_BOOK_EPOCHS_MAX];
	size_t count;
};

void alm_book_init(
	struct alm_book *book, struct alm_log *log, struct alm_arena *arena);
void alm_book_fini(struct alm_book *book);

/** The policy of an epoch; NULL if it cannot be read. */
const struct alm_bundle *alm_book_bundle_at(
	struct alm_book *book, uint64_t epoch);

/** The policy of an epoch, else the active one; NULL if there is none. */
const struct alm_bundle *alm_book_bundle(struct alm_book *book, uint64_t epoch);

/** "Nottingham University Hospitals NHS Trust (RX1)"; the code alone where no
 * name is known. */
const char *alm_book_organisation(
	struct alm_book *book, uint64_t epoch, const char *id);
/** Who to write to there; "" if the policy does not say. */
const char *alm_book_contact(
	struct alm_book *book, uint64_t epoch, const char *id);

/** "direct care: for your own care". */
const char *alm_book_purpose(
	struct alm_book *book, uint64_t epoch, const char *id);

/** Whether a category of the list is one that the policy protects. */
bool alm_book_is_protected(
	struct alm_book *book, uint64_t epoch, const char *list);

/** "treatment summary, medications". */
const char *alm_book_categories(struct alm_book *book, const char *list);

/** Title and id of an agreement or mandate. */
const char *alm_book_basis(
	struct alm_book *book, uint64_t epoch, const char *id);
/** The law that it stands on, in words. */
const char *alm_book_law(struct alm_book *book, uint64_t epoch, const char *id);

/** In what form: "with your name or NHS number". */
const char *alm_book_level(const char *word);

/** Why something was refused or held back, for whom it is about.  `code` with
 * or without its 4000. */
const char *alm_book_reason(unsigned code);

/** "2 March 2026, 09:12 UTC", of an RFC 3339 text; "" if it is none. */
const char *alm_book_time(struct alm_book *book, const char *instant);

/** A text of the arena made as by printf(); "" when memory is out. */
const char *alm_book_text(struct alm_book *book, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* ALM_CLI_AUDIT_BOOK_H */
