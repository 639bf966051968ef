/* numpy's RandomState(seed).permutation(n), bit for bit: the published split of this task is
 * scikit-learn's train_test_split with random_state 0, which takes the head of this permutation. */
#ifndef AF_ECG_PERMUTATION_H
#define AF_ECG_PERMUTATION_H
#include <stdint.h>

enum { AF_MT_WORDS = 624 };
typedef struct af_mt19937 {
    uint32_t state[AF_MT_WORDS];
    int used;
} af_mt19937;

void af_mt19937_seed(af_mt19937 *g, uint32_t seed);
uint32_t af_mt19937_next(af_mt19937 *g);
void af_numpy_permutation(int64_t *out, int64_t n, uint32_t seed); /* n < 2^32 */

#endif
