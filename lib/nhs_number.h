/* nhs_number.h - the NHS number and its check digit (modulus 11).  Pure. */
#ifndef ALM_LIB_NHS_NUMBER_H
#define ALM_LIB_NHS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define ALM_NHS_NUMBER_BYTES 10u
#define ALM_NHS_MASKED_BYTES 14u /* "999 *** **18" and a NUL, rounded up */

/** Ten digits, nothing else, with a correct check digit. */
bool alm_nhs_number_is_valid(const char *text);

/** `999 *** **18`: what may be shown without a reason.  `text` is valid. */
void alm_nhs_number_mask(const char *text, char out[ALM_NHS_MASKED_BYTES]);

/** The same, in place and in its width, for each number in what somebody wrote:
 * as ten digits, or in groups as `999 000 0018` and `999-000-0018`. */
void alm_nhs_numbers_mask(char *text, size_t bytes);

#endif /* ALM_LIB_NHS_NUMBER_H */
