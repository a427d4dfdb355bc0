/* almoner-role-charity - a hospice or a charity that supports people: it
 * takes referrals and rejects what it may not use. */
#include <string.h>

#include "agents/roles/role.h"

static const char *use(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	(void)run;
	if (strcmp(delivery->purpose, "voluntary-support") == 0) {
		return alm_role_has_category(delivery, "diagnosis")
			       ? "support needs no diagnosis"
			       : NULL;
	}
	/* A hospice gives care; others do not. */
	return strcmp(delivery->purpose, "direct-care") == 0 ||
			       strcmp(delivery->purpose, "cancer-care") == 0
		       ? NULL
		       : "this is not what we do";
}

int main(int argc, char **argv)
{
	static const struct alm_role role = {.use = use};

	return alm_role_main(&role, argc, argv);
}
