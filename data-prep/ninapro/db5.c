/* Ninapro database 5, exercise B (E2): 17 gestures of six repetitions each, with rest between them.
 * The signals are `emg`, frames x 16; the labels those that the database's authors moved to where
 * the movement is: `restimulus` and `rerepetition`, frames x 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/mat.h"
#include "data-prep/ninapro/recordings.h"

enum { ELECTRODES = AF_NINAPRO_ELECTRODES, MOST_FRAMES = 4000000 };

/* The second and fifth of six repetitions test, as is usual with this database; the fourth
 * validates. */
static const af_split splits[AF_NINAPRO_REPETITIONS] = {
    [1] = AF_TEST, [3] = AF_VALID, [4] = AF_TEST};

int af_ninapro_db5_number(const char *name)
{
    int subject, end = 0;
    if (sscanf(name, "S%4d_E2_A1.mat%n", &subject, &end) != 1 || !end || name[end]) return -1;
    return subject < 1 ? -1 : subject;
}

/* Integers of 0 to `most`, one a frame. */
static af_status read_marks(uint8_t *out, double *room, af_mat *m, const char *name, int64_t frames,
                            int most, const char *path)
{
    af_mat_shape s;
    AF_TRY(af_mat_shape_of(&s, m, name));
    if (s.rank != 2 || s.dims[0] != frames || s.dims[1] != 1)
        return af_fail(AF_EFORMAT, "%s: '%s' is %lld x %lld, want %lld x 1 as emg", path, name,
                       (long long)s.dims[0], (long long)s.dims[1], (long long)frames);
    const af_mat_slab all = af_mat_whole(&s);
    AF_TRY(af_mat_read(room, m, name, &all));
    for (int64_t t = 0; t < frames; t++) {
        if (!(room[t] >= 0 && room[t] <= most && room[t] == floor(room[t])))
            return af_fail(AF_EFORMAT, "%s: '%s' of frame %lld is %g, want 0 to %d", path, name,
                           (long long)t, room[t], most);
        out[t] = (uint8_t)room[t];
    }
    return AF_OK;
}

static af_status read_signals(float *out, double *room, af_mat *m, int64_t frames, const char *path)
{
    const af_mat_shape s = {.rank = 2, .dims = {frames, ELECTRODES}};
    const af_mat_slab all = af_mat_whole(&s);
    AF_TRY(af_mat_read(room, m, "emg", &all));
    for (int64_t i = 0; i < frames * ELECTRODES; i++) {
        out[i] = (float)room[i];
        if (!isfinite(out[i]))
            return af_fail(AF_EFORMAT, "%s: 'emg' of frame %lld is no finite number", path,
                           (long long)(i % frames));
    }
    return AF_OK;
}

/* From 1 in the file to from 0. Rest, which is 0 there, is counted to the movement before it, at
 * the beginning to the first one. */
static void count_from_0(uint8_t *repetition, int64_t frames)
{
    uint8_t last = 0;
    for (int64_t t = 0; t < frames && !last; t++) last = repetition[t];
    for (int64_t t = 0; t < frames; t++) {
        if (repetition[t]) last = repetition[t];
        repetition[t] = (uint8_t)(last ? last - 1 : 0);
    }
}

static af_status read_subject(af_ninapro_raw *raw, af_mat *m, int subject, const char *path)
{
    af_mat_shape s;
    AF_TRY(af_mat_shape_of(&s, m, "emg"));
    if (s.rank != 2 || s.dims[1] != ELECTRODES || s.dims[0] > MOST_FRAMES)
        return af_fail(AF_EFORMAT,
                       "%s: 'emg' is %lld x %lld, want at most %d frames x %d electrodes", path,
                       (long long)s.dims[0], (long long)s.dims[1], MOST_FRAMES, ELECTRODES);
    const size_t n = (size_t)s.dims[0];
    double *room = af_alloc(n * ELECTRODES * sizeof *room);
    float *x = af_alloc(n * ELECTRODES * sizeof *x);
    uint8_t *label = af_alloc(n), *repetition = af_alloc(n);
    af_status st = room && x && label && repetition ? AF_OK : AF_ENOMEM;
    AF_GOTO(st, done, st);
    AF_GOTO(st, done, read_signals(x, room, m, s.dims[0], path));
    AF_GOTO(st, done, read_marks(label, room, m, "restimulus", s.dims[0], 17, path));
    AF_GOTO(st, done,
            read_marks(repetition, room, m, "rerepetition", s.dims[0], AF_NINAPRO_REPETITIONS - 1,
                       path));
    count_from_0(repetition, s.dims[0]);
    st = af_ninapro_cut(raw->set, &(af_ninapro_recording){.frames = s.dims[0],
                                                          .electrodes = ELECTRODES,
                                                          .subject = subject - 1,
                                                          .x = x,
                                                          .label = label,
                                                          .repetition = repetition,
                                                          .split = splits});
done:
    af_free(room);
    af_free(x);
    af_free(label);
    af_free(repetition);
    return st;
}

static af_status read_file(af_ninapro_raw *raw, const af_ninapro_file *f, const char *path)
{
    char at[AF_PATH_MAX];
    af_mat *m;
    AF_TRY(af_path_join(at, path, f->member));
    AF_TRY(af_mat_open(&m, at));
    af_status st = read_subject(raw, m, f->number, at);
    af_mat_close(m);
    return st == AF_OK ? af_ninapro_note(raw, f->member, at) : st;
}

af_status af_ninapro_db5_look(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path)
{
    raw->kind = AF_NINAPRO_DB5;
    raw->electrodes = ELECTRODES;
    raw->classes = AF_NINAPRO_CLASSES;
    raw->subjects = f->count;
    for (int i = 0; i < f->count; i++)
        for (int k = 0; k < i; k++)
            if (f->file[k].number == f->file[i].number)
                return af_fail(AF_EFORMAT, "%s: subject %d is there twice: %s and %s", path,
                               f->file[i].number, f->file[k].member, f->file[i].member);
    return AF_OK;
}

af_status af_ninapro_db5_read(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path)
{
    AF_TRY(af_ninapro_db5_look(raw, f, path));
    for (int s = 0; s < AF_SPLITS; s++)
        raw->set[s] =
            (af_ninapro_set){.electrodes = ELECTRODES, .repetitions = AF_NINAPRO_REPETITIONS};
    for (int i = 0; i < f->count; i++) AF_TRY(read_file(raw, &f->file[i], path));
    return AF_OK;
}
