#include "agents/folder/probe.h"

#include "lib/file.h"
#include "lib/limits.h"

#define ID_BYTES ((size_t)64 * 1024)

/** From the first place through the others; none is left. */
static enum alm_err go(const struct alm_folder *folder, size_t bytes,
	const enum alm_place_in_folder *places, size_t count,
	struct alm_problem *problem)
{
	static const uint8_t nothing[ALM_PAYLOAD_BYTES_MAX];
	enum alm_place_in_folder at = places[0];
	char path[PATH_MAX];
	enum alm_err err;

	alm_folder_path(folder, at, ALM_FOLDER_PROBE, "", path);
	err = alm_file_write(path, (struct alm_bytes){nothing, bytes},
		ALM_FOLDER_FILE_MODE, problem);
	for (size_t i = 1; err == ALM_OK && i < count; i++) {
		err = alm_folder_rename(folder, at, ALM_FOLDER_PROBE, places[i],
			ALM_FOLDER_PROBE, problem);
		at = err == ALM_OK ? places[i] : at;
	}
	if (err != ALM_OK) {
		(void)!alm_folder_unlink(
			folder, at, ALM_FOLDER_PROBE, "", NULL);
		return err;
	}
	return alm_folder_unlink(folder, at, ALM_FOLDER_PROBE, "", problem);
}

enum alm_err alm_probe_inbox(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	static const enum alm_place_in_folder way[] = {ALM_TAKEN, ALM_INBOX};

	return go(folder, ALM_PAYLOAD_BYTES_MAX, way, ALM_COUNT(way), problem);
}

enum alm_err alm_probe_outbox(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	static const enum alm_place_in_folder way[] = {
		ALM_RECEIPTS, ALM_REFUSED, ALM_OUTBOX, ALM_STATE};

	return go(folder, ID_BYTES, way, ALM_COUNT(way), problem);
}
