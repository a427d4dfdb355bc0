#include "cli/audit/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void alm_book_init(
	struct alm_book *book, struct alm_log *log, struct alm_arena *arena)
{
	memset(book, 0, sizeof(*book));
	book->log = log;
	book->arena = arena;
}

void alm_book_fini(struct alm_book *book)
{
	for (size_t i = 0; i < book->count; i++) {
		alm_bundle_files_free(book->kept[i].files);
	}
	book->count = 0;
}

const char *alm_book_text(struct alm_book *book, const char *format, ...)
{
	char text[4096];
	const char *copy;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	copy = alm_arena_text(book->arena, text, strlen(text));
	return copy != NULL ? copy : "";
}

static struct alm_bundle_files *files_of(struct alm_book *book, uint64_t epoch)
{
	for (size_t i = 0; i < book->count; i++) {
		if (book->kept[i].epoch == epoch) {
			return book->kept[i].files;
		}
	}
	if (book->count == ALM_BOOK_EPOCHS_MAX) {
		return NULL;
	}
	book->kept[book->count].epoch = epoch;
	book->kept[book->count].files = alm_log_policy(book->log, epoch);
	return book->kept[book->count++].files;
}

const struct alm_bundle *alm_book_bundle_at(
	struct alm_book *book, uint64_t epoch)
{
	struct alm_bundle_files *files = files_of(book, epoch);

	return files != NULL ? &files->bundle : NULL;
}

const struct alm_bundle *alm_book_bundle(struct alm_book *book, uint64_t epoch)
{
	const struct alm_bundle *bundle =
		epoch != 0 ? alm_book_bundle_at(book, epoch) : NULL;

	return bundle == NULL && book->log != NULL ? alm_book_bundle_at(book, 0)
						   : bundle;
}

static const struct alm_bundle_organisation *find_organisation(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle *bundle = alm_book_bundle(book, epoch);

	for (size_t i = 0; bundle != NULL && i < bundle->organisation_count;
		i++) {
		if (strcmp(bundle->organisations[i].id.text, id) == 0) {
			return &bundle->organisations[i];
		}
	}
	return NULL;
}

const char *alm_book_organisation(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle_organisation *o =
		*id == '\0' ? NULL : find_organisation(book, epoch, id);

	return o == NULL ? alm_book_text(book, "%s", id)
			 : alm_book_text(book, "%s (%s)", o->name, id);
}

const char *alm_book_contact(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle_organisation *o =
		find_organisation(book, epoch, id);

	if (o == NULL) {
		return "";
	}
	return *o->data_protection_officer != '\0' ? o->data_protection_officer
						   : o->contact;
}

/* "treatment-summary" as "treatment summary". */
static const char *plain(struct alm_book *book, const char *id)
{
	char *text = alm_arena_text(book->arena, id, strlen(id));

	for (char *c = text; c != NULL && *c != '\0'; c++) {
		if (*c == '-' || *c == '_') {
			*c = ' ';
		}
	}
	return text != NULL ? text : "";
}

const char *alm_book_purpose(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	static const char *const classes[] = {"", "for your own care",
		"to plan, fund or check services, or other support; not your "
		"own care",
		"because the law asks for it"};
	const struct alm_bundle *bundle = alm_book_bundle(book, epoch);

	for (size_t i = 0; bundle != NULL && i < bundle->purpose_count; i++) {
		if (strcmp(bundle->purposes[i].id.text, id) == 0) {
			return alm_book_text(book, "%s: %s", plain(book, id),
				classes[bundle->purposes[i].class]);
		}
	}
	return plain(book, id);
}

/* Whether one of the words of the list is `id`. */
static bool lists(const char *list, const char *id)
{
	size_t bytes = strlen(id);

	while (*list != '\0') {
		size_t n = strcspn(list, ", ");

		if (n == bytes && strncmp(list, id, n) == 0) {
			return true;
		}
		list += n + (list[n] != '\0' ? 1 : 0);
	}
	return false;
}

bool alm_book_is_protected(
	struct alm_book *book, uint64_t epoch, const char *list)
{
	const struct alm_bundle *bundle = alm_book_bundle(book, epoch);

	for (size_t i = 0; bundle != NULL && i < bundle->category_count; i++) {
		const struct alm_bundle_category *c = &bundle->categories[i];

		if (c->sensitivity == ALM_SENSITIVITY_PROTECTED &&
			lists(list, c->id.text)) {
			return true;
		}
	}
	return false;
}

const char *alm_book_categories(struct alm_book *book, const char *list)
{
	char *text = alm_arena_take(book->arena, 2 * strlen(list) + 1);
	char *at = text;

	if (text == NULL) {
		return "";
	}
	for (const char *c = list; *c != '\0'; c++) {
		*at++ = *c;
		if (*c == '-') {
			at[-1] = ' ';
		} else if (*c == ',') {
			*at++ = ' ';
		}
	}
	*at = '\0';
	return text;
}

static const struct alm_bundle_basis *find_basis(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle *bundle = alm_book_bundle(book, epoch);

	for (size_t i = 0; bundle != NULL && i < bundle->basis_count; i++) {
		if (strcmp(bundle->bases[i].id.text, id) == 0) {
			return &bundle->bases[i];
		}
	}
	return NULL;
}

const char *alm_book_basis(
	struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle_basis *b =
		*id == '\0' ? NULL : find_basis(book, epoch, id);

	return b == NULL
		       ? alm_book_text(book, "%s", id)
		       : alm_book_text(book, "%s: %s (%s)",
				 b->is_mandate ? "Legal mandate" : "Agreement",
				 b->title, id);
}

/* Words for the articles that agreements name; else as they stand. */
static const char *law_word(const char *article)
{
	static const struct {
		const char *article;
		const char *words;
	} rows[] = {
		{"6(1)(a)", "your consent"},
		{"6(1)(b)", "a contract with you"},
		{"6(1)(c)", "a duty in law"},
		{"6(1)(d)", "to protect someone's life"},
		{"6(1)(e)", "a public task"},
		{"6(1)(f)", "legitimate interests"},
		{"9(2)(a)", "your explicit consent"},
		{"9(2)(b)", "social security and social protection law"},
		{"9(2)(c)", "to protect someone's life"},
		{"9(2)(f)", "legal claims"},
		{"9(2)(g)", "substantial public interest"},
		{"9(2)(h)", "health or social care"},
		{"9(2)(i)", "public health"},
		{"9(2)(j)", "research and statistics"},
		{"implied-consent", "your implied consent, because it is for "
				    "your own care"},
		{"explicit-consent", "your explicit consent"},
		{"section-251", "approval under section 251 of the NHS Act "
				"2006"},
		{"implied", "your implied consent, because it is for your own "
			    "care"},
		{"legal-obligation", "a duty in law"},
		{"statutory-power", "a power in law"},
		{"copi-regulation-2", "the Health Service (Control of Patient "
				      "Information) Regulations 2002"},
		{"anonymised", "it does not identify anybody"},
		{"not-personal", "it is not about a person"},
		{"public-interest", "the public interest"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		if (strcmp(rows[i].article, article) == 0) {
			return rows[i].words;
		}
	}
	return "";
}

static const char *one_law(
	struct alm_book *book, const char *before, const char *article)
{
	const char *words = law_word(article);

	if (*article == '\0') {
		return "";
	}
	return *words == '\0' ? alm_book_text(book, "%s%s", before, article)
			      : alm_book_text(book, "%s (%s%s)", words, before,
					article);
}

const char *alm_book_law(struct alm_book *book, uint64_t epoch, const char *id)
{
	const struct alm_bundle_basis *b =
		*id == '\0' ? NULL : find_basis(book, epoch, id);
	const char *six;
	const char *nine;
	const char *duty;

	if (b == NULL) {
		return "";
	}
	six = one_law(book, "UK GDPR Article ", b->law_article_6);
	nine = one_law(book, "Article ", b->law_article_9);
	duty = one_law(book, "", b->law_confidentiality);
	return alm_book_text(book, "%s%s%s%s%s", six,
		*six != '\0' && *nine != '\0' ? "; " : "", nine,
		*duty != '\0' ? "; duty of confidence: " : "", duty);
}

const char *alm_book_level(const char *word)
{
	static const struct {
		const char *word;
		const char *words;
	} rows[] = {
		{"identifiable", "with what identifies you, such as your name "
				 "or NHS number"},
		{"pseudonymised", "with a code in place of your name and NHS "
				  "number"},
		{"anonymised", "so that you cannot be recognised"},
		{"aggregate", "only as a part of totals"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		if (strcmp(rows[i].word, word) == 0) {
			return rows[i].words;
		}
	}
	return "";
}

/* By the rule's own number; what is not here speaks for itself in the
 * catalogue. */
static const struct {
	unsigned code;
	const char *words;
} reasons[] = {
	{201, "The sender was not known to the system."},
	{202, "The sender was not allowed to take part at that time."},
	{203, "The recipient was not known to the system."},
	{204, "The recipient was not allowed to take part at that "
	      "time."},
	{205, "One of the organisations had not shown that it keeps "
	      "data safely."},
	{210, "Organisations of that kind may not receive information "
	      "for that reason."},
	{211, "A rule that always applies forbids sharing this kind of "
	      "information."},
	{213, "A rule allows this only without what identifies you."},
	{214, "A rule allows this only without what identifies you, "
	      "and that could not be taken out."},
	{215, "It was shared in a form that identifies you less."},
	{300, "There was no agreement or law that allows it."},
	{301, "The agreement had not begun."},
	{302, "The agreement had ended."},
	{303, "The agreement was suspended."},
	{304, "The agreement does not cover that reason."},
	{305, "The agreement does not cover that kind of "
	      "information."},
	{306, "The agreement that was named is not known."},
	{307, "The agreement that was named is between other "
	      "organisations."},
	{401, "Your consent was needed, and there was none."},
	{402, "Your choice: you have said that this may not be "
	      "shared."},
	{403, "Nothing was left that could be shared."},
	{405, "Your choice: you have taken back your consent."},
	{406, "Your consent did not cover this kind of information."},
	{407, "Where you live was taken out, to protect you."},
	{408, "You had objected, and the objection was overridden; "
	      "the reason is given with it."},
	{409, "It could have shown where you live, and was stopped to "
	      "protect you."},
	{410, "It may not be used for this reason: your opt-out, or "
	      "that there was none on record, was respected."},
	{411, "It was not known whether you had opted out, so it was "
	      "not shared."},
	{412, "What was known of your opt-out was too old, so it was "
	      "not shared."},
	{413, "Your choice: your practice has recorded that you object "
	      "to this use."},
	{501, "It was not known that the recipient cares for you."},
	{503, "It was not known that the recipient cares for you, and "
	      "it was shared in an emergency."},
	{509, "The emergency or guardian's override is not accepted "
	      "for this."},
};

const char *alm_book_reason(unsigned code)
{
	for (size_t i = 0; i < ALM_COUNT(reasons); i++) {
		if (reasons[i].code == code || reasons[i].code + 4000 == code) {
			return reasons[i].words;
		}
	}
	code += code > 1 && code < 1000 ? 4000 : 0;
	return code > 1 ? alm_err_info((enum alm_err)code)->sentence : "";
}

const char *alm_book_time(struct alm_book *book, const char *instant)
{
	static const char *const months[] = {"January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December"};
	char text[ALM_INSTANT_TEXT_BYTES];
	unsigned day;
	unsigned month;

	/* 2026-03-02T09:12:33.123456Z */
	if (strlen(instant) < 17) {
		return "";
	}
	(void)snprintf(text, sizeof(text), "%.20s", instant);
	day = (unsigned)strtoul(text + 8, NULL, 10);
	month = (unsigned)strtoul(text + 5, NULL, 10);
	if (month < 1 || month > 12) {
		return "";
	}
	return alm_book_text(book, "%u %s %.4s, %.5s UTC", day,
		months[month - 1], text, text + 11);
}
