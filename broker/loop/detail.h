/*
 * detail.h - the private part of an audit record: lines of `key: value`.
 * What does not fit is left out, and a last line says so.
 */
#ifndef ALM_BROKER_LOOP_DETAIL_H
#define ALM_BROKER_LOOP_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/wire.h"

#define ALM_DETAIL_LINES_BYTES_MAX 16384u

/** Caller's memory; large: keep it off deep stacks. */
struct alm_detail {
	char text[ALM_DETAIL_LINES_BYTES_MAX];
	size_t bytes;
	bool is_cut;
};

void alm_detail_init(struct alm_detail *detail);

/** Nothing is added when the value is empty. */
void alm_detail_text(
	struct alm_detail *detail, const char *key, const char *value);
/** What somebody wrote, in which NHS numbers are masked: a record has none. */
void alm_detail_words(
	struct alm_detail *detail, const char *key, const char *value);
void alm_detail_texts(
	struct alm_detail *detail, const char *key, struct alm_texts values);
void alm_detail_number(
	struct alm_detail *detail, const char *key, uint64_t value);
void alm_detail_hex(
	struct alm_detail *detail, const char *key, struct alm_bytes value);

/** The text, ended by a NUL; borrowed. */
const char *alm_detail_finish(struct alm_detail *detail);

#endif /* ALM_BROKER_LOOP_DETAIL_H */
