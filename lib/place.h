/* place.h - where a thing stands in a text file; for messages. */
#ifndef ALM_LIB_PLACE_H
#define ALM_LIB_PLACE_H

/** Lines and columns count from 1; a line of 0 means the file as a whole. */
struct alm_place {
	const char *file; /* never NULL; "" when there is none */
	unsigned line;
	unsigned column;
};

#endif /* ALM_LIB_PLACE_H */
