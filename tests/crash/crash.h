/*
 * crash.h - what plays while the broker is killed.  An agent is a client of
 * the library that writes down what it does and sees; an actor is a kind of
 * traffic, a file and a row of the table in actors.c.
 *
 * Journals are read by tests/checker/check.py and have the form it tells.
 */
#ifndef ALM_TESTS_CRASH_CRASH_H
#define ALM_TESTS_CRASH_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agents/include/almoner.h"
#include "tests/support/broker.h"

#define CRASH_AGENTS_MAX 16u
#define CRASH_ACTORS_MAX 16u

/** Whoever connects, and its journal. */
struct crash_agent {
	const char *organisation;
	struct alm_client *client;
	FILE *journal;
	unsigned unanswered; /* messages without a final receipt */
	unsigned rejects;    /* of so many deliveries one; 0: none */
	bool ignores;        /* what is handed over: it hangs */
};

struct crash_world {
	struct test_broker broker;
	struct crash_agent agents[CRASH_AGENTS_MAX];
	size_t agent_count;
	unsigned rng;
	unsigned number; /* of the last message; its payload */
	unsigned sent;   /* messages; some numbers are of none */
	uint64_t receipts;
	bool replaces_keys; /* the actor of rotate.c does */
};

/** A kind of traffic. */
struct crash_actor {
	const char *name;
	void (*begin)(struct crash_world *world);
	void (*step)(struct crash_world *world);    /* send some */
	bool (*is_done)(struct crash_world *world); /* NULL: always */
};

extern const struct crash_actor crash_actors[];
extern const size_t crash_actor_count;

/** The policy that permits RX1 and RHA to send to the practices. */
extern const char crash_policy[];

unsigned crash_random(struct crash_world *world, unsigned limit);

/** The agent of an organisation: registered, opened and with a journal the
 * first time that it is asked for. */
struct crash_agent *crash_agent(
	struct crash_world *world, const char *organisation, uint32_t credit);

/** A message with the next number as payload; zero what does not suit. */
struct alm_outgoing crash_message(
	struct crash_world *world, const char *recipient);

/** Start it and write that down; false when the window is full. */
bool crash_send(struct crash_world *world, struct crash_agent *agent,
	const struct alm_outgoing *message);

/** The line of a sending with a payload in parts. */
void crash_write_sent(struct crash_agent *agent,
	const struct alm_outgoing *message, const uint8_t id[16],
	unsigned number, uint64_t bytes);

/* Payloads in parts: large.c. */
void crash_large_begin(struct crash_world *world);
void crash_large_send(struct crash_world *world);
void crash_large_answered(struct crash_agent *agent, const uint8_t id[16]);
void crash_large_fetch(
	struct crash_agent *agent, const struct alm_delivery *mail);
void crash_large_fetched(
	struct crash_agent *agent, uint64_t sequence, int code);
/** Wait until no part is stored any more. */
void crash_large_is_freed(struct crash_world *world);

/* Conversations and deadlines: talk.c. */
void crash_ask(struct crash_world *world);
/** What the agent says to mail that it takes, if anything. */
void crash_answer(struct crash_world *world, struct crash_agent *agent,
	const struct alm_delivery *mail);
void crash_be_overdue(struct crash_world *world);

/* A recipient that never comes: away.c. */
void crash_away_send(struct crash_world *world);
/** Nothing that has expired waits any more. */
bool crash_away_is_swept(struct crash_world *world);
void crash_away_answered(const uint8_t id[16], int code);
void crash_away_told(const struct alm_notice_view *notice);

/* Keys that are replaced: rotate.c. */
void crash_rotate_keep(const struct crash_world *world,
	const char *organisation, const uint8_t curve[32],
	const uint8_t signing[32]);
void crash_rotate_begin(struct crash_world *world);
void crash_rotate_step(struct crash_world *world);
/** What runs meanwhile: see whether it is done, and go on with the keys. */
void crash_rotate_tend(struct crash_world *world);
bool crash_rotate_is_done(struct crash_world *world);
/** How often keys were replaced. */
unsigned crash_rotate_count(void);

/** Take what has come for everybody; fails the test when nothing does. */
void crash_step(struct crash_world *world);

/** The same for a while; nothing need come. */
void crash_step_for(struct crash_world *world, int wait_ms);

/** Run every dead letter of an organisation again: how many have left. */
uint64_t crash_run_again(struct crash_world *world, const char *organisation);

/** Nothing is unanswered, the actors are done, no agent's mailbox has mail. */
bool crash_is_all_taken(struct crash_world *world);

/** Everybody's clients and journals. */
void crash_close_agents(struct crash_world *world);

/** Close the agents, and hold their journals against the log; with CRASH_KEEP
 * a folder, keep all of it there. */
void crash_check_journals(struct crash_world *world);

#endif /* ALM_TESTS_CRASH_CRASH_H */
