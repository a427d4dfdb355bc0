/* amount.h - spans of time and sizes as people say them. */
#ifndef ALM_CLI_SHOW_AMOUNT_H
#define ALM_CLI_SHOW_AMOUNT_H

#include <stdint.h>

#define ALM_AMOUNT_BYTES 24u

/** "850 us", "12 ms", "9 s", "5 min", "3 d"; less than nothing is nothing. */
void alm_span_text(int64_t us, char out[ALM_AMOUNT_BYTES]);

/** "512 B", "42 KiB", "1.5 GiB". */
void alm_size_text(uint64_t bytes, char out[ALM_AMOUNT_BYTES]);

#endif /* ALM_CLI_SHOW_AMOUNT_H */
