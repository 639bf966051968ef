/* Weights into the Winograd domain of F(2x2,3x3) once a step, and their gradients back once a lane:
 * u = G g G' and g = G' u G, for all filters of a panel at once. */
#include <string.h>
#include "core/base/simd.h"
#include "core/backends/onednn/winograd.h"

/* u = G g G' for `wide` filters side by side. */
AF_INLINE void to_domain(float *u, size_t apart, float g[9][AF_WINOGRAD_WIDE], int wide)
{
    for (int l = 0; l < wide; l++) {
        float t[4][3];
        for (int j = 0; j < 3; j++) {
            float ends = 0.5f * (g[j][l] + g[6 + j][l]), middle = 0.5f * g[3 + j][l];
            t[0][j] = g[j][l];
            t[1][j] = ends + middle;
            t[2][j] = ends - middle;
            t[3][j] = g[6 + j][l];
        }
        for (int i = 0; i < 4; i++) {
            float ends = 0.5f * (t[i][0] + t[i][2]), middle = 0.5f * t[i][1];
            u[(size_t)(4 * i) * apart + (size_t)l] = t[i][0];
            u[(size_t)(4 * i + 1) * apart + (size_t)l] = ends + middle;
            u[(size_t)(4 * i + 2) * apart + (size_t)l] = ends - middle;
            u[(size_t)(4 * i + 3) * apart + (size_t)l] = t[i][2];
        }
    }
}

/* g = G' u G, likewise. */
AF_INLINE void from_domain(float g[9][AF_WINOGRAD_WIDE], const float *u, size_t apart, int wide)
{
    for (int l = 0; l < wide; l++) {
        float t[3][4];
        for (int j = 0; j < 4; j++) {
            float u1 = u[(size_t)(4 + j) * apart + (size_t)l];
            float u2 = u[(size_t)(8 + j) * apart + (size_t)l];
            float half = 0.5f * (u1 + u2);
            t[0][j] = u[(size_t)j * apart + (size_t)l] + half;
            t[1][j] = 0.5f * (u1 - u2);
            t[2][j] = u[(size_t)(12 + j) * apart + (size_t)l] + half;
        }
        for (int i = 0; i < 3; i++) {
            float half = 0.5f * (t[i][1] + t[i][2]);
            g[3 * i][l] = t[i][0] + half;
            g[3 * i + 1][l] = 0.5f * (t[i][1] - t[i][2]);
            g[3 * i + 2][l] = t[i][3] + half;
        }
    }
}

AF_SIMD void af_winograd_pack_square(float *u, const float *w, const af_filters *f, int vector)
{
    float g[9][AF_WINOGRAD_WIDE];
    for (int o = 0; o < f->out; o += 2 * vector) {
        int left = f->out - o, wide = af_winograd_wide(f->out, o, vector);
        int count = left < wide ? left : wide;
        memset(g, 0, sizeof g);
        for (int i = 0; i < f->in; i++) {
            const float *from = w + (size_t)o * f->out_step + (size_t)i * f->in_step + f->tap;
            for (int l = 0; l < count; l++, from += f->out_step)
                for (int t = 0; t < 9; t++) g[t][l] = from[t * f->tap_step];
            to_domain(u + (size_t)i * wide, af_winograd_weights_apart(f->in, wide), g, wide);
        }
        u += 16 * af_winograd_weights_apart(f->in, wide);
    }
}

AF_SIMD void af_winograd_unpack_square(float *w, const float *u, const af_filters *f, int rows,
                                       int vector)
{
    float g[9][AF_WINOGRAD_WIDE];
    for (int o = 0; o < f->out; o += 2 * vector) {
        int left = f->out - o, wide = af_winograd_wide(f->out, o, vector);
        int count = left < wide ? left : wide;
        for (int i = 0; i < f->in; i++) {
            from_domain(g, u + (size_t)i * wide, af_winograd_weights_apart(rows, wide), wide);
            float *to = w + (size_t)o * f->out_step + (size_t)i * f->in_step;
            for (int l = 0; l < count; l++, to += f->out_step)
                for (int t = 0; t < 9; t++) to[t] = g[t][l];
        }
        u += 16 * af_winograd_weights_apart(rows, wide);
    }
}
