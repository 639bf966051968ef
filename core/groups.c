/* Weight sharing, as a space sees it: which coefficients of its supernet belong to which knob, and
 * the way from a configuration to coefficients and back. */
#include "core/space.h"

int af_space_groups(const af_space *s, af_group out[AF_MAX_KNOBS], int *coefficients)
{
    int groups = 0, first = 0;
    for (int k = 0; k < s->count; k++) {
        int count = 0;
        if (s->knobs[k].kind != AF_CATEGORICAL) continue;
        while (s->knobs[k].choices[count]) count++;
        out[groups++] = (af_group){k, first, count};
        first += count;
    }
    if (coefficients) *coefficients = first;
    return groups;
}

void af_space_one_hot(const af_space *s, const af_config *c, double *out)
{
    af_group group[AF_MAX_KNOBS];
    int groups = af_space_groups(s, group, NULL);
    for (int i = 0; i < groups; i++)
        for (int j = 0; j < group[i].count; j++)
            out[group[i].first + j] = (int)c->v[group[i].knob] == j;
}

af_config af_space_argmax(const af_space *s, const double *coefficients)
{
    af_group group[AF_MAX_KNOBS];
    af_config c = af_space_default(s);
    int groups = af_space_groups(s, group, NULL);
    for (int i = 0; i < groups; i++) {
        const double *a = coefficients + group[i].first;
        int best = 0;
        for (int j = 1; j < group[i].count; j++)
            if (a[j] > a[best]) best = j;
        c.v[group[i].knob] = best;
    }
    return c;
}
