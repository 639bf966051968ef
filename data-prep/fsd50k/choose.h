/* What of the clips a size uses. Internal to pack. */
#ifndef AF_FSD_CHOOSE_H
#define AF_FSD_CHOOSE_H
#include "data-prep/fsd50k/pack.h"

typedef struct af_fsd_choice {
    bool *used; /* {clips} */
    int count[AF_SPLITS];
    int label[AF_FSD_LABELS]; /* of the vocabulary, ascending; as many as the layout's */
    const char *names[AF_FSD_LABELS + 1]; /* theirs, NULL-terminated; the clips' own texts */
} af_fsd_choice;

/* To be closed whatever is returned. */
AF_CHECKED af_status af_fsd_choose(af_fsd_choice *out, const af_fsd_layout *l,
                                   const af_fsd_clips *clips);
void af_fsd_choice_close(af_fsd_choice *c);

#endif
