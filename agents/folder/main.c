/* almoner-agent: what is put into a folder is sent, what comes is put into
 * another.  See almoner-agent(8). */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agents/folder/agent.h"
#include "agents/folder/identity.h"
#include "agents/include/almoner.h"

static const char usage[] =
	"usage: almoner-agent --context FILE --folder DIR [--once | --check]\n"
	"                     [--proofs]\n"
	"       almoner-agent join FILE [--dir DIR] [--dry-run]\n"
	"       almoner-agent rotate --context FILE [--dry-run]\n"
	"       almoner-agent follow --context FILE [--dry-run]\n"
	"\n"
	"  --context FILE  where the broker is and who we are\n"
	"  --folder DIR    holds outbox, inbox, receipts, refused and state\n"
	"  --once          send what is there, take what waits, then end\n"
	"  --proofs        keep the audit log's receipt of each message\n"
	"  --check         check context and outbox, and send nothing\n"
	"  --version       show the version\n"
	"  --help          show this\n"
	"\n"
	"Rename files into outbox: the payload first, then NAME.yaml.\n";

static const struct option long_options[] = {
	{"context", required_argument, NULL, 'c'},
	{"folder", required_argument, NULL, 'f'},
	{"once", no_argument, NULL, 'o'},
	{"proofs", no_argument, NULL, 'p'},
	{"check", no_argument, NULL, 'k'},
	{"version", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* The exit code, or -1: go on. */
static int read_options(
	int argc, char **argv, struct alm_agent_options *out_options)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) !=
		-1) {
		switch (option) {
		case 'c':
			out_options->context_file = optarg;
			break;
		case 'f':
			out_options->folder = optarg;
			break;
		case 'o':
			out_options->is_once = true;
			break;
		case 'p':
			out_options->keeps_proofs = true;
			break;
		case 'k':
			out_options->is_check = true;
			break;
		case 'v':
			(void)puts("almoner-agent " ALM_VERSION_TEXT);
			return ALM_EXIT_OK;
		case 'h':
			(void)fputs(usage, stdout);
			return ALM_EXIT_OK;
		default:
			(void)fputs(usage, stderr);
			return ALM_EXIT_USAGE;
		}
	}
	if (optind != argc || out_options->context_file == NULL ||
		out_options->folder == NULL ||
		(out_options->is_once && out_options->is_check)) {
		(void)fputs(usage, stderr);
		return ALM_EXIT_USAGE;
	}
	return -1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {{"join", alm_agent_join}, {"rotate", alm_agent_rotate},
		{"follow", alm_agent_follow}};
	struct alm_agent_options options = {0};
	int rc;

	(void)setvbuf(stderr, NULL, _IOLBF, 0); /* lines stay whole */
	for (size_t i = 0; argc > 1 && i < ALM_COUNT(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0) {
			return verbs[i].run(argc - 1, argv + 1);
		}
	}
	rc = read_options(argc, argv, &options);
	return rc >= 0 ? rc : (int)alm_agent_run(&options);
}
