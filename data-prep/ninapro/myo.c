/* Cote-Allard's recordings of a Myo armband. With three subjects or more, whole subjects test and
 * validate: the harder question, and the one asked of a device that is put on anew. */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/ninapro/recordings.h"

enum { ELECTRODES = 8, GESTURES = 7, FRAME = 2 * ELECTRODES, MAX_FILE = 1 << 26, FEWEST = 3 };

int af_ninapro_myo_number(const char *name)
{
    int number, end = 0;
    if (sscanf(name, "classe_%4d.dat%n", &number, &end) != 1 || !end || name[end]) return -1;
    return number < 0 ? -1 : number;
}

/* Where the last directory of a member's path begins: its end, or the end of its parent. */
static size_t parent(const char *path, size_t length)
{
    if (length) length--; /* the slash */
    while (length && path[length - 1] != '/') length--;
    return length;
}

typedef struct place {
    int subject, repetition;
} place;

/* Subjects and their repetitions by counting along the sorted files: those of one directory are a
 * session, sessions of one parent a subject. */
static af_status number_all(place *out, int *subjects, int *repetitions, const af_ninapro_files *f,
                            const char *path)
{
    size_t subject_length = 0, session_length = 0;
    int subject = -1, before = 0, in_session = 0;
    *repetitions = 0;
    for (int i = 0; i < f->count; i++) {
        const char *m = f->file[i].member, *last = i ? f->file[i - 1].member : "";
        const size_t session = (size_t)(af_path_name(m) - m), person = parent(m, session);
        const bool same_session = i && session == session_length && !memcmp(m, last, session);
        const bool same_person = i && person == subject_length && !memcmp(m, last, person);
        if (!same_session) before = same_person ? before + in_session : 0, in_session = 0;
        if (!same_person) subject++;
        const int repetition = f->file[i].number / GESTURES;
        if (repetition >= in_session) in_session = repetition + 1;
        out[i] = (place){subject, before + repetition};
        if (out[i].repetition >= AF_NINAPRO_REPETITIONS)
            return af_fail(AF_EUNSUPPORTED, "%s/%s: a subject's repetition %d, want less than %d",
                           path, m, out[i].repetition + 1, AF_NINAPRO_REPETITIONS);
        if (out[i].repetition >= *repetitions) *repetitions = out[i].repetition + 1;
        subject_length = person;
        session_length = session;
    }
    *subjects = subject + 1;
    return AF_OK;
}

/* The armband sends signed bytes. */
static af_status decode(float *x, const unsigned char *data, int64_t frames, const char *path)
{
    for (int64_t t = 0; t < frames; t++)
        for (int e = 0; e < ELECTRODES; e++) {
            const unsigned char *at = data + t * FRAME + 2 * e;
            const int16_t v = (int16_t)(at[0] | at[1] << 8);
            if (v < -128 || v > 127)
                return af_fail(AF_EFORMAT,
                               "%s: reading %lld of electrode %d is %d, want -128 to 127 as a Myo "
                               "armband sends; little-endian int16, 8 electrodes in turn",
                               path, (long long)t, e, v);
            x[e * frames + t] = v;
        }
    return AF_OK;
}

static af_status cut(af_ninapro_raw *raw, const char *data, size_t size, int number, place at,
                     const af_split *split, const char *path)
{
    const int64_t frames = (int64_t)(size / FRAME);
    if (!size || size % FRAME)
        return af_fail(AF_EFORMAT, "%s: %zu bytes, want readings of 8 electrodes, %d bytes each",
                       path, size, FRAME);
    float *x = af_alloc((size_t)frames * ELECTRODES * sizeof *x);
    uint8_t *label = af_alloc((size_t)frames), *repetition = af_alloc((size_t)frames);
    af_status st = x && label && repetition ? AF_OK : AF_ENOMEM;
    if (st == AF_OK) st = decode(x, (const unsigned char *)data, frames, path);
    if (st == AF_OK) {
        memset(label, number % GESTURES, (size_t)frames);
        memset(repetition, at.repetition, (size_t)frames);
        st = af_ninapro_cut(raw->set, &(af_ninapro_recording){.frames = frames,
                                                              .electrodes = ELECTRODES,
                                                              .subject = at.subject,
                                                              .x = x,
                                                              .label = label,
                                                              .repetition = repetition,
                                                              .split = split});
    }
    af_free(x);
    af_free(label);
    af_free(repetition);
    return st;
}

/* The split of each repetition of a subject. */
static void split_of(af_split out[AF_NINAPRO_REPETITIONS], int subject, int subjects,
                     int repetitions)
{
    const bool whole = subjects >= FEWEST;
    for (int r = 0; r < AF_NINAPRO_REPETITIONS; r++)
        out[r] = whole ? af_ninapro_spread(subject, subjects) : af_ninapro_spread(r, repetitions);
}

static af_status read_all(af_ninapro_raw *raw, const af_ninapro_files *f, const place *places,
                          int repetitions, const char *path)
{
    for (int i = 0; i < f->count; i++) {
        char at[AF_PATH_MAX], *data;
        af_split split[AF_NINAPRO_REPETITIONS];
        size_t size;
        split_of(split, places[i].subject, raw->subjects, repetitions);
        AF_TRY(af_path_join(at, path, f->file[i].member));
        AF_TRY(af_file_read(&data, &size, at, MAX_FILE)); /* refuses what is too large to hash */
        af_status st = af_ninapro_note(raw, f->file[i].member, at);
        if (st == AF_OK) st = cut(raw, data, size, f->file[i].number, places[i], split, at);
        af_free(data);
        AF_TRY(st);
    }
    return AF_OK;
}

/* What is told without a look into a file; and *out, one for each file, for the caller to free. */
static af_status plan(af_ninapro_raw *raw, place **out, int *repetitions, const af_ninapro_files *f,
                      const char *path)
{
    *out = af_calloc((size_t)f->count, sizeof **out);
    if (!*out) return AF_ENOMEM;
    raw->kind = AF_NINAPRO_MYO;
    raw->electrodes = ELECTRODES;
    raw->classes = GESTURES;
    AF_TRY(number_all(*out, &raw->subjects, repetitions, f, path));
    raw->by_subject = raw->subjects >= FEWEST;
    if (raw->by_subject || *repetitions >= FEWEST) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: %d subject%s with %d repetition%s, want %d of either to train, validate "
                   "and test",
                   path, raw->subjects, raw->subjects == 1 ? "" : "s", *repetitions,
                   *repetitions == 1 ? "" : "s", FEWEST);
}

af_status af_ninapro_myo_look(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path)
{
    int repetitions;
    place *places;
    af_status st = plan(raw, &places, &repetitions, f, path);
    af_free(places);
    return st;
}

af_status af_ninapro_myo_read(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path)
{
    int repetitions;
    place *places;
    for (int s = 0; s < AF_SPLITS; s++)
        raw->set[s] =
            (af_ninapro_set){.electrodes = ELECTRODES, .repetitions = AF_NINAPRO_REPETITIONS};
    af_status st = plan(raw, &places, &repetitions, f, path);
    if (st == AF_OK) st = read_all(raw, f, places, repetitions, path);
    af_free(places);
    return st;
}
