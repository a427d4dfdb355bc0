/* post.h - the two ways of a letter: by a folder agent, by a role agent. */
#ifndef ALM_CLI_DEMO_POST_H
#define ALM_CLI_DEMO_POST_H

#include "cli/demo/demo.h"

/** Send and wait for the answer; not `is_answered` when time is over. */
struct alm_outcome alm_post_folder_send(
	struct alm_player *player, const struct alm_letter *letter);

/** Wait until the letter, or a notice about it, is there. */
bool alm_post_folder_has(
	const struct alm_player *player, const char *id, bool is_notice);

/** The same through the agent of its role. */
struct alm_outcome alm_post_role_send(
	struct alm_player *player, const struct alm_letter *letter);

/** The answer to what was sent under `ref`. */
struct alm_outcome alm_post_role_answer(
	struct alm_player *player, const char *ref);

/** Wait until the agent says `what` about the letter. */
bool alm_post_role_says(
	struct alm_player *player, const char *what, const char *id);

#endif /* ALM_CLI_DEMO_POST_H */
