#include "data-prep/ninapro/variants.h"
#include <stdio.h>

static const char *const myo_labels[] = {
    "neutral",         "radial_deviation", "wrist_flexion", "ulnar_deviation",
    "wrist_extension", "hand_close",       "hand_open",     NULL,
};

#define A_WINDOW                                                                                   \
    "A sample is a window of 52 readings (at tiny the middle 26), electrodes as rows, scaled by "  \
    "each electrode's mean and standard deviation over the training windows. "
#define CUT_HERE                                                                                   \
    "NAS-Bench-360's own windows cannot be had again: how they were chosen was not published. "    \
    "These are cut here, from signals that are rectified, passed through a Butterworth high-pass " \
    "of order 3 at 2 Hz (forward only) and averaged over 15 readings; every 26th reading begins "  \
    "a window, and one of two gestures or repetitions is left out. A group is a subject's "        \
    "repetition. A smaller size keeps evenly spaced windows of each split. "

bool af_ninapro_is_task(const af_ninapro_raw *raw)
{
    return raw->kind == AF_NINAPRO_WINDOWS && raw->electrodes == AF_NINAPRO_ELECTRODES &&
           raw->classes <= AF_NINAPRO_CLASSES;
}

static void windows(af_variant *v, const af_ninapro_raw *raw)
{
    const bool myo = raw->electrodes == 8 && raw->classes == 7;
    if (myo)
        snprintf(v->name, sizeof v->name, "ninapro_myo");
    else
        snprintf(v->name, sizeof v->name, "ninapro_e%d_c%d", raw->electrodes, raw->classes);
    snprintf(v->title, sizeof v->title, "%s",
             myo ? "Myo armband, in NinaPro's layout" : "NinaPro's layout, other data");
    v->notes = A_WINDOW "The files fix the splits; what their labels mean, and whether a subject "
                        "is in two splits, they do not say.";
}

static void myo(af_variant *v, const af_ninapro_raw *raw)
{
    snprintf(v->name, sizeof v->name, "ninapro_myo");
    snprintf(v->title, sizeof v->title, "Myo armband, split by %s",
             raw->by_subject ? "subject" : "repetition");
    v->labels = myo_labels;
    v->notes = raw->by_subject
                   ? A_WINDOW CUT_HERE "Splits are by subject: a fifth of them, at least one, "
                                       "tests, as many validate."
                   : A_WINDOW CUT_HERE "Splits are by repetition, since there are less than three "
                                       "subjects: a fifth of them, at least one, tests, as many "
                                       "validate; every subject is in every split.";
    v->cite = "U. Cote-Allard et al., Transfer learning for sEMG hand gestures recognition using "
              "convolutional neural networks, IEEE SMC, 2017";
}

static void db5(af_variant *v, const af_task *parent)
{
    snprintf(v->name, sizeof v->name, "ninapro_db5");
    snprintf(v->title, sizeof v->title, "NinaPro DB5, cut from the recordings");
    v->labels = parent->labels;
    v->notes = A_WINDOW CUT_HERE "Splits are by repetition: the second and fifth test, the fourth "
                                 "validates; every subject is in every split. Rest counts to the "
                                 "repetition before it. No published figure was measured on these "
                                 "windows.";
    v->cite = parent->cite;
    v->license = parent->license;
}

void af_ninapro_describe(af_variant *out, const af_ninapro_raw *raw, const af_task *parent)
{
    const bool rest = raw->kind == AF_NINAPRO_DB5;
    const int gestures = raw->classes - rest;
    char recordings[64] = "";
    *out = (af_variant){
        .classes = raw->classes,
        .summary = "which gesture a hand makes, from electrodes on the forearm",
    };
    if (raw->kind == AF_NINAPRO_WINDOWS) windows(out, raw);
    if (raw->kind == AF_NINAPRO_MYO) myo(out, raw);
    if (raw->kind == AF_NINAPRO_DB5) db5(out, parent);
    if (raw->kind != AF_NINAPRO_WINDOWS)
        snprintf(recordings, sizeof recordings, "recordings of %d subject%s, ", raw->subjects,
                 raw->subjects == 1 ? "" : "s");
    snprintf(out->holds, sizeof out->holds, "%s%d electrode%s and %d gesture%s%s", recordings,
             raw->electrodes, raw->electrodes == 1 ? "" : "s", gestures, gestures == 1 ? "" : "s",
             rest ? " with rest" : "");
}
