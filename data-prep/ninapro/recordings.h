/* Recordings of forearms, whole, and the windows that are cut from them. Signals are prepared as
 * the code that NAS-Bench-360 cites as its expert's does (rectified, high-pass of order 3 at 2 Hz,
 * moving average of 15 readings); its own windows cannot be had again, since how they were chosen
 * was not published.
 *
 * A window has 52 readings of one gesture in one repetition; every 26th reading begins one. Groups
 * are a subject's repetitions, and lie in one split. */
#ifndef AF_NINAPRO_RECORDINGS_H
#define AF_NINAPRO_RECORDINGS_H
#include "data-prep/ninapro/raw.h"

enum { AF_NINAPRO_HOP = 26, AF_NINAPRO_RATE = 200, AF_NINAPRO_REPETITIONS = 64 };

typedef struct af_ninapro_recording {
    int64_t frames;
    int electrodes, subject;
    float *x;                          /* {electrodes, frames} as recorded */
    const uint8_t *label, *repetition; /* {frames}; repetitions below AF_NINAPRO_REPETITIONS */
    const af_split *split;             /* of each repetition */
} af_ninapro_recording;

/* Prepares the signals in place and appends their windows to the sets. */
AF_CHECKED af_status af_ninapro_cut(af_ninapro_set set[AF_SPLITS], const af_ninapro_recording *r);
/* One electrode's signal. The high-pass begins as if its first reading had always been there. */
void af_ninapro_filter(float *x, int64_t frames);
/* The split of the k-th of n >= 3 subjects or repetitions: a fifth of them, at least one, tests, as
 * many validate, both evenly spread. */
af_split af_ninapro_spread(int k, int n);

/* Files below a directory whose names say that they are recordings, in order. */
typedef struct af_ninapro_file {
    char *member; /* its path below the directory */
    int number;   /* that its name gives */
} af_ninapro_file;
typedef struct af_ninapro_files {
    af_ninapro_file *file;
    int count;
} af_ninapro_files;
/* `number`: from a file's name; -1: no recording. Sorted by directory, then number. */
AF_CHECKED af_status af_ninapro_find(af_ninapro_files *out, const char *path,
                                     int (*number)(const char *name));
void af_ninapro_files_free(af_ninapro_files *f);

/* Of both kinds: `look` fills what af_ninapro_raw_look tells; `read` the sets, too.
 *
 * myo.c: classe_<i>.dat of Cote-Allard's Myo armband dataset, int16, 8 electrodes, gesture i mod 7,
 * in a directory for each session of a subject, below one for each subject. */
int af_ninapro_myo_number(const char *name);
AF_CHECKED af_status af_ninapro_myo_look(af_ninapro_raw *raw, const af_ninapro_files *f,
                                         const char *path);
AF_CHECKED af_status af_ninapro_myo_read(af_ninapro_raw *raw, const af_ninapro_files *f,
                                         const char *path);
/* db5.c: S<subject>_E2_A1.mat of Ninapro database 5. */
int af_ninapro_db5_number(const char *name);
AF_CHECKED af_status af_ninapro_db5_look(af_ninapro_raw *raw, const af_ninapro_files *f,
                                         const char *path);
AF_CHECKED af_status af_ninapro_db5_read(af_ninapro_raw *raw, const af_ninapro_files *f,
                                         const char *path);
/* raw.c: notes a file with its sha256 in the source. */
AF_CHECKED af_status af_ninapro_note(af_ninapro_raw *raw, const char *member, const char *path);

#endif
