#include "agents/folder/mail.h"

#include "agents/folder/log.h"

static void acknowledge(void *cookie, uint64_t sequence)
{
	struct alm_mail *mail = cookie;
	int code = alm_acknowledge(mail->client, sequence, NULL);

	mail->taken++;
	if (code != 0) {
		alm_log_problem((enum alm_err)code, "acknowledge", "");
	} else {
		mail->unconfirmed++;
	}
}

void alm_mail_fini(struct alm_mail *mail)
{
	alm_takings_drop(&mail->takings);
	alm_large_fini(&mail->fetches);
}

/** Not acknowledged, it comes again. */
static void fail(
	struct alm_mail *mail, enum alm_err err, const struct alm_problem *why)
{
	/* Of a full disk once, not for each that is here already. */
	if (!mail->pause.is_on) {
		alm_log_problem(err, "inbox", why->detail);
	}
	if (!mail->is_draining) {
		alm_pause_begin(&mail->pause, mail->client, err);
	}
}

void alm_mail_settle(struct alm_mail *mail)
{
	struct alm_problem problem = {0};
	enum alm_err err = alm_takings_flush(
		mail->folder, &mail->takings, acknowledge, mail, &problem);

	if (err != ALM_OK) {
		fail(mail, err, &problem);
	}
}

static void make_room(struct alm_mail *mail, const uint8_t id[16])
{
	if (!alm_takings_has_room(&mail->takings, id)) {
		alm_mail_settle(mail);
	}
}

static void take(struct alm_mail *mail, const struct alm_delivery *delivery)
{
	struct alm_problem problem = {0};
	enum alm_err err;

	make_room(mail, delivery->id);
	err = alm_taking_delivery(
		mail->folder, &mail->takings, delivery, &problem);
	if (err != ALM_OK) {
		fail(mail, err, &problem);
		return;
	}
	alm_proofs_want(mail->proofs, delivery->id, delivery->sender, ALM_INBOX,
		alm_folder_now_ms());
}

/** True: the event is kept until its payload is here. */
static bool on_delivery(struct alm_mail *mail, struct alm_event *event)
{
	const struct alm_delivery *delivery = event->delivery;

	if (!delivery->is_in_parts || alm_taking_has(mail->folder, delivery)) {
		take(mail, delivery);
		return false;
	}
	/* Where there is no room to fetch it now, it comes again. */
	return alm_large_fetch(
		&mail->fetches, mail->folder, mail->client, event);
}

static void on_notice(
	struct alm_mail *mail, const struct alm_notice_view *notice)
{
	struct alm_problem problem = {0};
	enum alm_err err;

	make_room(mail, notice->id);
	err = alm_taking_notice(mail->folder, &mail->takings, notice, &problem);
	if (err != ALM_OK) {
		fail(mail, err, &problem);
	}
}

/** A large payload is here, or will not come. */
static void on_fetched(struct alm_mail *mail, const struct alm_event *event)
{
	struct alm_problem problem = {0};
	struct alm_event *fetched = NULL;
	enum alm_err err = alm_large_take(&mail->fetches, mail->folder,
		event->sequences[0], event->code, &fetched);

	if (fetched == NULL) {
		return;
	}
	if (err == ALM_OK) {
		take(mail, fetched->delivery);
	} else {
		fail(mail, err, &problem);
	}
	alm_event_free(fetched);
}

static void on_confirmed(
	struct alm_mail *mail, const uint64_t *sequences, size_t count)
{
	struct alm_problem problem = {0};

	for (size_t i = 0; i < count; i++) {
		enum alm_err err = alm_taking_confirmed(
			mail->folder, sequences[i], &problem);

		if (err != ALM_OK) {
			alm_log_problem(err, "state", problem.detail);
		}
	}
	mail->unconfirmed -=
		count < mail->unconfirmed ? count : mail->unconfirmed;
}

bool alm_mail_event(struct alm_mail *mail, struct alm_event *event)
{
	switch (event->kind) {
	case ALM_EVENT_DELIVERY:
		return on_delivery(mail, event);
	case ALM_EVENT_NOTICE:
		on_notice(mail, event->notice);
		break;
	case ALM_EVENT_ACKNOWLEDGED:
		on_confirmed(mail, event->sequences, event->sequence_count);
		break;
	case ALM_EVENT_FETCHED:
		on_fetched(mail, event);
		break;
	case ALM_EVENT_CONNECTED:
	case ALM_EVENT_RECEIPT:
	case ALM_EVENT_ANSWER:
	case ALM_EVENT_DELAYED:
	case ALM_EVENT_DISCONNECTED:
	case ALM_EVENT_PROBLEM:
	case ALM_EVENT_SUPERSEDED:
		break;
	}
	return false;
}

enum alm_err alm_mail_recover(
	struct alm_mail *mail, struct alm_problem *problem)
{
	enum alm_err err =
		alm_taking_recover(mail->folder, acknowledge, mail, problem);

	mail->taken = 0; /* they were before */
	return err;
}

bool alm_mail_is_idle(const struct alm_mail *mail)
{
	return mail->unconfirmed == 0 && mail->fetches.count == 0 &&
	       mail->takings.count == 0;
}
