/*
 * conversation.h - what a client has under way while the fuzzer plays its
 * broker, so that seeds can be about it: a message, a question, and a payload
 * of one part that is fetched.  An input is frames, each behind the two bytes
 * of its length, the larger first.
 */
#ifndef ALM_TESTS_FUZZ_CONVERSATION_H
#define ALM_TESTS_FUZZ_CONVERSATION_H

#include <string.h>

#include "lib/hash.h"
#include "lib/parts.h"

#define TALK_SEQUENCE 5u /* of the mail that is fetched */
#define TALK_HELD 3u     /* of mail that was acknowledged */
#define TALK_QUESTION 1u
#define TALK_PART_BYTES ((size_t)100) /* all of them 0 */

static const uint8_t talk_id[16] = {
	1, 0x89, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1};

static inline void talk_root(uint8_t out[ALM_DIGEST_BYTES])
{
	static const uint8_t part[TALK_PART_BYTES];
	struct alm_part_tree *tree = alm_part_tree_new(1);
	struct alm_hash *hash = alm_hash_new();

	alm_part_tree_set(
		tree, hash, 0, (struct alm_bytes){part, sizeof(part)});
	alm_part_tree_close(tree, hash);
	memcpy(out, alm_part_tree_root(tree)->raw, ALM_DIGEST_BYTES);
	alm_hash_free(hash);
	alm_part_tree_free(tree);
}

#endif /* ALM_TESTS_FUZZ_CONVERSATION_H */
