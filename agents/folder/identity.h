/* identity.h - almoner-agent join, rotate and follow: what a person types. */
#ifndef ALM_AGENTS_FOLDER_IDENTITY_H
#define ALM_AGENTS_FOLDER_IDENTITY_H

/** `argv` begins behind the verb.  Gives the exit code. */
int alm_agent_join(int argc, char **argv);
int alm_agent_rotate(int argc, char **argv);
int alm_agent_follow(int argc, char **argv);

#endif /* ALM_AGENTS_FOLDER_IDENTITY_H */
