/* check.h - almoner-agent --check: what is wrong in an outbox. */
#ifndef ALM_AGENTS_FOLDER_CHECK_H
#define ALM_AGENTS_FOLDER_CHECK_H

#include <stddef.h>

#include "agents/folder/folder.h"

/** Check that the folders can be written, and every sidecar in the outbox, and
 * print what is wrong.  Gives how
 * many are wrong. */
size_t alm_check(const struct alm_folder *folder);

#endif /* ALM_AGENTS_FOLDER_CHECK_H */
