/* Print what arrives, and take responsibility for it: receive CONTEXT-FILE. */
#include <almoner.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	struct alm_client *client = NULL;
	struct alm_delivery *mail = NULL;
	char error[512] = "usage: receive CONTEXT-FILE";
	if (argc != 2 ||
		alm_client_open(argv[1], &client, error, sizeof(error)))
		return fprintf(stderr, "%s\n", error), 2;
	for (; !alm_receive(client, -1, &mail); alm_delivery_free(mail))
		if (fwrite(mail->payload, 1, mail->payload_bytes, stdout) ==
				mail->payload_bytes &&
			!fflush(stdout))
			alm_acknowledge(client, mail->sequence, NULL);
	return alm_client_close(client), 1;
}
