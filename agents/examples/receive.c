#include <almoner.h>
#include <stdio.h>
int main(int argc, char **argv) /* print what arrives: receive CONTEXT-FILE */
{
	struct alm_client *client = NULL;
	struct alm_delivery *mail = NULL;
	char why[512] = "usage: receive CONTEXT-FILE";
	int code;
	if (argc != 2 || alm_client_open(argv[1], &client, why, sizeof(why)))
		return fprintf(stderr, "%s\n", why), 2;
	for (; !(code = alm_receive(client, -1, &mail));
		alm_delivery_free(mail)) {
		fwrite(mail->payload, 1, mail->payload_bytes, stdout);
		if (!fflush(stdout) && !ferror(stdout))
			alm_acknowledge(client, mail->sequence, NULL);
	}
	return fprintf(stderr, "%s\n", alm_error_sentence(code)), 1;
}
