/* place.h - where a thing stands in a text file; for messages. */
#ifndef ALM_LIB_PLACE_H
#define ALM_LIB_PLACE_H

/** Lines and columns count from 1; a line of 0 means the file as a whole. */
struct alm_place {
	const char *file; /* never NULL; "" when there is none */
	unsigned line;
	unsigned column;
};

/** By file (bytewise), line and column; less than 0, 0, or more. */
int alm_place_compare(const struct alm_place *a, const struct alm_place *b);

#endif /* ALM_LIB_PLACE_H */
