#include "cli/demo/post.h"

struct alm_outcome alm_post_send(
	struct alm_demo *demo, const struct alm_letter *letter)
{
	struct alm_player *player = &demo->players[letter->from];
	struct alm_outcome outcome = alm_post_folder_send(player, letter);

	if (outcome.is_answered && outcome.code == 0) {
		demo->accepted_count++;
	} else if (outcome.is_answered) {
		demo->refused_count++;
	}
	return outcome;
}

bool alm_post_arrives(struct alm_demo *demo, enum alm_part part, const char *id)
{
	return alm_post_folder_has(&demo->players[part], id, false);
}

bool alm_post_is_stopped(
	struct alm_demo *demo, enum alm_part part, const char *id)
{
	return alm_post_folder_has(&demo->players[part], id, true);
}
