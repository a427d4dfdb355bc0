/* object.h - a record about a person as a JSON object, however it was
 * written; for the readers of this folder. */
#ifndef ALM_CLI_PEOPLE_OBJECT_H
#define ALM_CLI_PEOPLE_OBJECT_H

#include <jansson.h>

#include "broker/core/person.h"
#include "lib/arena.h"
#include "lib/err.h"

/** As alm_people_json_read(); the object is only read. */
ALM_MUST_USE enum alm_err alm_people_object_read(json_t *object,
	struct alm_arena *arena, struct alm_person_record *out,
	struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_OBJECT_H */
