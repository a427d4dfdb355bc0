/*
 * version.h - the release.  The public header says the same to integrators;
 * a compiler that sees both refuses them if they differ.
 */
#ifndef ALM_LIB_VERSION_H
#define ALM_LIB_VERSION_H

#define ALM_VERSION_TEXT "0.1.0"

#endif /* ALM_LIB_VERSION_H */
