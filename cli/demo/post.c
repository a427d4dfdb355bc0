#include "cli/demo/post.h"

static void count(struct alm_demo *demo, const struct alm_outcome *outcome)
{
	if (outcome->is_answered && outcome->code == 0) {
		demo->accepted_count++;
	} else if (outcome->is_answered) {
		demo->refused_count++;
	}
}

static bool is_folder(const struct alm_player *player)
{
	return player->folder[0] != '\0';
}

struct alm_outcome alm_post_send(
	struct alm_demo *demo, const struct alm_letter *letter)
{
	struct alm_player *player = &demo->players[letter->from];
	struct alm_outcome outcome =
		is_folder(player) ? alm_post_folder_send(player, letter)
				  : alm_post_role_send(player, letter);

	count(demo, &outcome);
	return outcome;
}

struct alm_outcome alm_post_answer(
	struct alm_demo *demo, enum alm_part part, const char *ref)
{
	struct alm_outcome outcome =
		alm_post_role_answer(&demo->players[part], ref);

	count(demo, &outcome);
	return outcome;
}

bool alm_post_arrives(struct alm_demo *demo, enum alm_part part, const char *id)
{
	struct alm_player *player = &demo->players[part];

	return is_folder(player) ? alm_post_folder_has(player, id, false)
				 : alm_post_role_says(player, "mail", id);
}

bool alm_post_is_stopped(
	struct alm_demo *demo, enum alm_part part, const char *id)
{
	struct alm_player *player = &demo->players[part];

	return is_folder(player) ? alm_post_folder_has(player, id, true)
				 : alm_post_role_says(player, "notice", id);
}
