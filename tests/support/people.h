/* people.h - what is recorded about people, from a test to its broker. */
#ifndef ALM_TESTS_SUPPORT_PEOPLE_H
#define ALM_TESTS_SUPPORT_PEOPLE_H

#include "broker/core/record.h"
#include "tests/support/broker.h"

/** A person who objects to everything that goes to anybody; change what the
 * test is about. */
struct alm_person_record test_objection(const char *subject);

/** Record it; fails the test unless it is new and taken. */
void test_people_put(
	struct test_broker *broker, const struct alm_person_record *record);

/** Both, of the person whom test_message() is about. */
void test_people_object(struct test_broker *broker);

#endif /* ALM_TESTS_SUPPORT_PEOPLE_H */
