#include "lib/tlog.h"

#include "lib/lines.h"

static const char PROOF_HEAD[] = "c2sp.org/tlog-proof@v1";

/* Digests, a line each, up to an empty line. */
static bool parse_path(
	struct alm_bytes *rest, struct alm_digest *path, size_t *out_count)
{
	struct alm_bytes line;
	size_t count = 0;

	while (alm_line_take(rest, &line)) {
		if (line.bytes == 0) {
			*out_count = count;
			return true;
		}
		if (count == ALM_TLOG_PATH_MAX ||
			!alm_line_base64(
				line, path[count].raw, ALM_DIGEST_BYTES)) {
			return false;
		}
		count++;
	}
	return false;
}

static void write_path(struct alm_writer *writer, const struct alm_digest *path,
	size_t count, struct alm_bytes note)
{
	for (size_t i = 0; i < count; i++) {
		alm_line_put_base64(writer,
			(struct alm_bytes){path[i].raw, ALM_DIGEST_BYTES});
		alm_line_put(writer, "\n");
	}
	alm_line_put(writer, "\n");
	alm_write_raw(writer, note.data, note.bytes);
}

enum alm_err alm_tlog_proof_parse(
	struct alm_bytes bytes, struct alm_tlog_proof *out_proof)
{
	struct alm_bytes line;

	out_proof->extra = (struct alm_bytes){NULL, 0};
	if (!alm_line_take(&bytes, &line) || !alm_line_is(line, PROOF_HEAD) ||
		!alm_line_take(&bytes, &line)) {
		return ALM_NOTE_MALFORMED;
	}
	if (alm_line_word(&line, "extra")) {
		out_proof->extra = line;
		if (!alm_line_take(&bytes, &line)) {
			return ALM_NOTE_MALFORMED;
		}
	}
	if (!alm_line_word(&line, "index") ||
		!alm_line_number(line, &out_proof->index) ||
		!parse_path(&bytes, out_proof->path, &out_proof->path_count)) {
		return ALM_NOTE_MALFORMED;
	}
	out_proof->note = bytes;
	return ALM_OK;
}

void alm_tlog_proof_write(struct alm_writer *writer, struct alm_bytes extra,
	uint64_t index, const struct alm_digest *path, size_t path_count,
	struct alm_bytes note)
{
	alm_line_put(writer, PROOF_HEAD);
	if (extra.bytes > 0) {
		alm_line_put(writer, "\nextra ");
		alm_line_put_base64(writer, extra);
	}
	alm_line_put(writer, "\nindex ");
	alm_line_put_number(writer, index);
	alm_line_put(writer, "\n");
	write_path(writer, path, path_count, note);
}

enum alm_err alm_tlog_growth_parse(
	struct alm_bytes bytes, struct alm_tlog_growth *out_growth)
{
	struct alm_bytes line;

	if (!alm_line_take(&bytes, &line) || !alm_line_word(&line, "old") ||
		!alm_line_number(line, &out_growth->old_size) ||
		!parse_path(
			&bytes, out_growth->path, &out_growth->path_count)) {
		return ALM_NOTE_MALFORMED;
	}
	out_growth->note = bytes;
	return ALM_OK;
}

void alm_tlog_growth_write(
	struct alm_writer *writer, const struct alm_tlog_growth *growth)
{
	alm_line_put(writer, "old ");
	alm_line_put_number(writer, growth->old_size);
	alm_line_put(writer, "\n");
	write_path(writer, growth->path, growth->path_count, growth->note);
}
