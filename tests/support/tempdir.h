/* tempdir.h - a folder of its own for a test, removed afterwards. */
#ifndef ALM_TESTS_SUPPORT_TEMPDIR_H
#define ALM_TESTS_SUPPORT_TEMPDIR_H

#define ALM_TEMPDIR_BYTES 64u

/** Make a folder in TMPDIR, or in /tmp where there is none or its path is so
 * long that a socket would find no room below it.  Ends the program when that
 * fails. */
void alm_tempdir_make(char out_path[ALM_TEMPDIR_BYTES]);

/** Remove it with all that is in it. */
void alm_tempdir_remove(const char *path);

/** Copy the plain files of one folder into another that exists. */
void alm_tempdir_copy(const char *from, const char *to);

#endif /* ALM_TESTS_SUPPORT_TEMPDIR_H */
