/* views.h - texts and lists of the wire as callers see them.  Private to
 * agents/client. */
#ifndef ALM_AGENTS_CLIENT_VIEWS_H
#define ALM_AGENTS_CLIENT_VIEWS_H

#include "agents/include/almoner.h"
#include "lib/wire/wire.h"

static inline struct alm_strings alm_view_strings(struct alm_texts texts)
{
	return (struct alm_strings){texts.items, texts.count};
}

static inline const char *alm_view_text(const char *text)
{
	return text == NULL ? "" : text;
}

#endif /* ALM_AGENTS_CLIENT_VIEWS_H */
