#include "cli/people/dat.h"

#include <string.h>

enum alm_err alm_people_dat_read(struct alm_bytes line,
	char out[ALM_NHS_NUMBER_BYTES + 1], struct alm_problem *problem)
{
	char number[ALM_NHS_NUMBER_BYTES + 1];

	if (line.bytes != ALM_DAT_LINE_BYTES ||
		line.data[ALM_NHS_NUMBER_BYTES] != ',') {
		return alm_problem_set(
			problem, ALM_LIST_INVALID, "not a number and a comma");
	}
	memcpy(number, line.data, ALM_NHS_NUMBER_BYTES);
	number[ALM_NHS_NUMBER_BYTES] = '\0';
	if (strlen(number) != ALM_NHS_NUMBER_BYTES ||
		!alm_nhs_number_is_valid(number)) {
		return alm_problem_set(problem, ALM_LIST_INVALID,
			"not an NHS number with a correct check digit");
	}
	memcpy(out, number, sizeof(number));
	return ALM_OK;
}
