/*
 * Ages are counted in years of the calendar, not in birthdays: a person who
 * changes from one band to the next between two messages would tell the day.
 */
#include "broker/core/generalise.h"

#include <string.h>

#include "broker/core/format.h"
#include "lib/time.h"

#define OLDEST_AGE 90u
#define BAND_YEARS 5u
#define NEVER_MS (INT64_C(253402300800) * 1000) /* 10000-01-01 */

static const char oldest[] = "90+";

static bool give(struct alm_coarse *out, const void *text, size_t bytes)
{
	memcpy(out->text, text, bytes);
	out->bytes = bytes;
	return true;
}

static unsigned two_digits(const uint8_t *at)
{
	return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

static unsigned four_digits(const uint8_t *at)
{
	return two_digits(at) * 100 + two_digits(at + 2);
}

static void put_two(char *at, unsigned number)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
}

static bool is_text(struct alm_bytes value, const char *text)
{
	return value.bytes == strlen(text) &&
	       memcmp(value.data, text, value.bytes) == 0;
}

/* --- births --------------------------------------------------------------- */

/* The year of the message's own time; false if it has none that can be told. */
static bool year_of(int64_t made_ms, unsigned *out_year)
{
	char text[ALM_INSTANT_TEXT_BYTES];

	if (made_ms < 0 || made_ms >= NEVER_MS) {
		return false;
	}
	alm_instant_text(made_ms / 1000, text);
	*out_year = four_digits((const uint8_t *)text);
	return true;
}

/* The age that is reached in the year of the message. */
static bool age_of(struct alm_bytes value, int64_t made_ms, unsigned *out_age)
{
	unsigned born = four_digits(value.data);
	unsigned year;

	if (!year_of(made_ms, &year) || born > year) {
		return false;
	}
	*out_age = year - born;
	return true;
}

static bool is_year(struct alm_bytes value)
{
	return alm_format_matches(value, "9999") &&
	       four_digits(value.data) >= 1880;
}

static bool to_year(
	struct alm_bytes value, int64_t made_ms, struct alm_coarse *out)
{
	unsigned age;

	if (is_text(value, oldest)) {
		return give(out, oldest, strlen(oldest));
	}
	if ((!is_year(value) &&
		    !alm_format_holds(ALM_FORMAT_BIRTH_DATE, value)) ||
		!age_of(value, made_ms, &age)) {
		return false;
	}
	return age >= OLDEST_AGE ? give(out, oldest, strlen(oldest))
				 : give(out, value.data, 4);
}

static bool is_band(struct alm_bytes value)
{
	unsigned from;

	if (!alm_format_matches(value, "99-99")) {
		return false;
	}
	from = two_digits(value.data);
	return from % BAND_YEARS == 0 && from < OLDEST_AGE &&
	       two_digits(value.data + 3) == from + BAND_YEARS - 1;
}

static bool to_band(
	struct alm_bytes value, int64_t made_ms, struct alm_coarse *out)
{
	unsigned age;

	if (is_band(value) || is_text(value, oldest)) {
		return give(out, value.data, value.bytes);
	}
	if (!alm_format_holds(ALM_FORMAT_BIRTH_DATE, value) ||
		!age_of(value, made_ms, &age)) {
		return false;
	}
	if (age >= OLDEST_AGE) {
		return give(out, oldest, strlen(oldest));
	}
	age -= age % BAND_YEARS;
	put_two(out->text, age);
	out->text[2] = '-';
	put_two(out->text + 3, age + BAND_YEARS - 1);
	out->bytes = 5;
	return true;
}

/* --- days ----------------------------------------------------------------- */

static bool to_month(struct alm_bytes value, struct alm_coarse *out)
{
	uint8_t day[] = "2026-01-01";

	if (alm_format_matches(value, "9999-99")) {
		memcpy(day, value.data, value.bytes);
		value = (struct alm_bytes){day, sizeof(day) - 1};
	}
	return alm_format_holds(ALM_FORMAT_DATE, value) &&
	       give(out, value.data, strlen("2026-01"));
}

/* --- places --------------------------------------------------------------- */

/* Postcode areas with districts of many people each.  Not among them: the
 * Highlands and Islands, the Crown dependencies, forces' post (BF), and areas
 * of single organisations. */
static const char areas[][3] = {"AB", "AL", "B", "BA", "BB", "BD", "BH", "BL",
	"BN", "BR", "BS", "BT", "CA", "CB", "CF", "CH", "CM", "CO", "CR", "CT",
	"CV", "CW", "DA", "DD", "DE", "DG", "DH", "DL", "DN", "DT", "DY", "E",
	"EC", "EH", "EN", "EX", "FK", "FY", "G", "GL", "GU", "HA", "HD", "HG",
	"HP", "HR", "HU", "HX", "IG", "IP", "KA", "KT", "KY", "L", "LA", "LD",
	"LE", "LL", "LN", "LS", "LU", "M", "ME", "MK", "ML", "N", "NE", "NG",
	"NN", "NP", "NR", "NW", "OL", "OX", "PE", "PL", "PO", "PR", "RG", "RH",
	"RM", "S", "SA", "SE", "SG", "SK", "SL", "SM", "SN", "SO", "SP", "SR",
	"SS", "ST", "SW", "SY", "TA", "TD", "TF", "TN", "TQ", "TR", "TS", "TW",
	"UB", "W", "WA", "WC", "WD", "WF", "WN", "WR", "WS", "WV", "YO"};

/* Districts of these in which few live; `to` included. */
static const struct {
	const char *area;
	unsigned from;
	unsigned to;
} small[] = {
	{"TR", 21, 25}, /* the Isles of Scilly */
	{"EC", 3, 3},   /* offices of the City of London */
	{"FK", 17, 21}, /* villages of the Trossachs */
	{"KA", 28, 28}, /* Cumbrae */
};

/* From 85 on are large users and boxes, but for two areas. */
static bool is_of_boxes(const char *area, unsigned number)
{
	bool is_solihull = strcmp(area, "B") == 0 && number <= 98;
	bool is_fermanagh =
		strcmp(area, "BT") == 0 && number >= 92 && number <= 94;

	return number >= 85 && !is_solihull && !is_fermanagh;
}

static bool is_area(const char *area)
{
	for (size_t i = 0; i < ALM_COUNT(areas); i++) {
		if (strcmp(areas[i], area) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_populous(const char *area, unsigned number)
{
	if (!is_area(area) || is_of_boxes(area, number)) {
		return false;
	}
	for (size_t i = 0; i < ALM_COUNT(small); i++) {
		if (strcmp(small[i].area, area) == 0 &&
			number >= small[i].from && number <= small[i].to) {
			return false;
		}
	}
	return true;
}

/* `front` is one or two letters and one or two digits. */
static bool is_known_district(struct alm_bytes front)
{
	size_t letters = front.data[1] >= 'A' ? 2 : 1;
	char area[3] = "";
	unsigned number = front.data[letters] - (unsigned)'0';

	memcpy(area, front.data, letters);
	if (front.bytes == letters + 2) {
		if (number == 0) {
			return false;
		}
		number = two_digits(front.data + letters);
	}
	return is_populous(area, number);
}

/* Some districts of London are cut once more by a letter: it is left out. */
static bool to_district(struct alm_bytes value, struct alm_coarse *out)
{
	struct alm_bytes front = value;

	if (alm_format_holds(ALM_FORMAT_POSTCODE, value)) {
		front.bytes -= strlen("9AA");
		front.bytes -= front.data[front.bytes - 1] == ' ' ? 1 : 0;
		front.bytes -= front.data[front.bytes - 1] >= 'A' ? 1 : 0;
	}
	if (!alm_format_matches(front, "A9") &&
		!alm_format_matches(front, "A99") &&
		!alm_format_matches(front, "AA9") &&
		!alm_format_matches(front, "AA99")) {
		return false;
	}
	return is_known_district(front) && give(out, front.data, front.bytes);
}

/* --- codes ---------------------------------------------------------------- */

/* Where a character stands in a text; NULL: nowhere. */
static const char *find(const char *text, uint8_t c)
{
	while (*text != '\0' && (uint8_t)*text != c) {
		text++;
	}
	return *text == '\0' ? NULL : text;
}

/* W white, X mixed, Y Asian, U black, V other: letters that are none of the
 * sixteen codes.  Not stated (Z) and not known (99) are of no group. */
static bool to_ethnic_group(struct alm_bytes value, struct alm_coarse *out)
{
	static const char codes[] = "ABCDEFGHJKLMNPRSWXYUV";
	static const char groups[] = "WWWXXXXYYYYUUUVVWXYUV";
	const char *at = value.bytes == 1 ? find(codes, value.data[0]) : NULL;

	return at != NULL && give(out, &groups[at - codes], 1);
}

/* C34, C341, C34.1, C34X, with a fifth character, and with a mark of dagger
 * (D, +) or asterisk (A, *) at its end. */
static bool to_icd10(struct alm_bytes value, struct alm_coarse *out)
{
	static const char *const shapes[] = {
		"A99", "A999", "A99X", "A9999", "A99X9"};
	char plain[6];
	size_t bytes = 0;

	if (value.bytes > 3 &&
		find("DA+*", value.data[value.bytes - 1]) != NULL) {
		value.bytes--;
	}
	for (size_t i = 0; i < value.bytes && bytes < sizeof(plain); i++) {
		if (i == 3 && value.bytes > 4 && value.data[i] == '.') {
			continue;
		}
		plain[bytes++] = (char)value.data[i];
	}
	for (size_t i = 0; i < ALM_COUNT(shapes); i++) {
		if (alm_format_matches(
			    (struct alm_bytes){(const uint8_t *)plain, bytes},
			    shapes[i])) {
			return give(out, plain, 3);
		}
	}
	return false;
}

bool alm_generalise(enum alm_coarsening rule, struct alm_bytes value,
	int64_t made_ms, struct alm_coarse *out)
{
	switch (rule) {
	case ALM_COARSEN_NONE:
		return false;
	case ALM_COARSEN_YEAR:
		return to_year(value, made_ms, out);
	case ALM_COARSEN_AGE_BAND:
		return to_band(value, made_ms, out);
	case ALM_COARSEN_DISTRICT:
		return to_district(value, out);
	case ALM_COARSEN_MONTH:
		return to_month(value, out);
	case ALM_COARSEN_ETHNIC_GROUP:
		return to_ethnic_group(value, out);
	case ALM_COARSEN_ICD10:
		return to_icd10(value, out);
	}
	return false;
}
