#include "broker/core/format.h"

#include <string.h>

#include "lib/nhs_number.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

bool alm_format_matches(struct alm_bytes text, const char *pattern)
{
	if (text.bytes != strlen(pattern)) {
		return false;
	}
	for (size_t i = 0; i < text.bytes; i++) {
		uint8_t c = text.data[i];
		bool fits = pattern[i] == '9'   ? is_digit(c)
			    : pattern[i] == 'A' ? is_capital(c)
						: c == (uint8_t)pattern[i];

		if (!fits) {
			return false;
		}
	}
	return true;
}

static unsigned two_digits(const uint8_t *at)
{
	return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

static bool is_date(struct alm_bytes text)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned year;
	unsigned month;
	unsigned day;
	bool is_leap;

	if (!alm_format_matches(text, "9999-99-99")) {
		return false;
	}
	year = two_digits(text.data) * 100 + two_digits(text.data + 2);
	month = two_digits(text.data + 5);
	day = two_digits(text.data + 8);
	if (year < 1880 || month < 1 || month > 12 || day < 1) {
		return false;
	}
	is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= (unsigned)days[month - 1] + (month == 2 && is_leap);
}

static bool is_period(struct alm_bytes text)
{
	unsigned month;

	if (!alm_format_matches(text, "9999-99")) {
		return false;
	}
	month = two_digits(text.data + 5);
	return month >= 1 && month <= 12;
}

static bool is_instant(struct alm_bytes text)
{
	struct alm_bytes date = {text.data, 10};

	return alm_format_matches(text, "9999-99-99T99:99:99Z") &&
	       is_date(date) && two_digits(text.data + 11) < 24 &&
	       two_digits(text.data + 14) < 60 &&
	       two_digits(text.data + 17) < 60;
}

static bool is_nhs_number(struct alm_bytes text)
{
	char number[ALM_NHS_NUMBER_BYTES + 1] = "";

	if (text.bytes != ALM_NHS_NUMBER_BYTES) {
		return false;
	}
	memcpy(number, text.data, ALM_NHS_NUMBER_BYTES);
	return alm_nhs_number_is_valid(number);
}

static bool is_concept(struct alm_bytes text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (!is_digit(text.data[i])) {
			return false;
		}
	}
	return text.bytes >= 6 && text.bytes <= 18 && text.data[0] != '0';
}

static bool is_ods_code(struct alm_bytes text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (!is_digit(text.data[i]) && !is_capital(text.data[i])) {
			return false;
		}
	}
	return text.bytes >= 3 && text.bytes <= 10;
}

static bool is_code(struct alm_bytes text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~') {
			return false;
		}
	}
	return text.bytes <= ALM_ID_BYTES_MAX;
}

static bool is_postcode(struct alm_bytes text)
{
	static const char *const outward[] = {
		"A9", "A99", "AA9", "AA99", "A9A", "AA9A"};
	struct alm_bytes front = text;
	struct alm_bytes inward;

	if (text.bytes < 5) {
		return false;
	}
	inward = (struct alm_bytes){text.data + text.bytes - 3, 3};
	front.bytes -= 3;
	if (front.data[front.bytes - 1] == ' ') {
		front.bytes--;
	}
	for (size_t i = 0; i < ALM_COUNT(outward); i++) {
		if (alm_format_matches(front, outward[i])) {
			return alm_format_matches(inward, "9AA");
		}
	}
	return false;
}

bool alm_format_holds(enum alm_field_format format, struct alm_bytes text)
{
	switch (format) {
	case ALM_FORMAT_ANY:
		return true;
	case ALM_FORMAT_NHS_NUMBER:
		return is_nhs_number(text);
	case ALM_FORMAT_ODS_CODE:
		return is_ods_code(text);
	case ALM_FORMAT_DATE:
	case ALM_FORMAT_BIRTH_DATE:
		return is_date(text);
	case ALM_FORMAT_INSTANT:
		return is_instant(text);
	case ALM_FORMAT_CONCEPT:
		return is_concept(text);
	case ALM_FORMAT_CODE:
		return is_code(text);
	case ALM_FORMAT_POSTCODE:
		return is_postcode(text);
	case ALM_FORMAT_PERIOD:
		return is_period(text);
	}
	return false;
}
