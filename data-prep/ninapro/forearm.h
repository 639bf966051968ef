/* The stand-in for NinaPro: surface electromyograms of a model forearm. Thirteen muscles hold pools
 * of motor units, which are recruited by size and fire faster the stronger the muscle is driven
 * (Fuglevand, Winter and Patla, Models of recruitment and rate coding organization in motor-unit
 * pools, J. Neurophysiol. 70(6), 1993). Each discharge adds an action potential to 16 electrodes in
 * two rings of eight, the second turned by half a step and further down the fibres; it is weaker
 * and broader the deeper the unit lies. A gesture is a drive of each muscle. Subjects differ in how
 * the electrodes sit and how strong their muscles are; effort differs by repetition. What tells
 * gestures apart is which electrodes see how much power in which band, never a mean. */
#ifndef AF_NINAPRO_FOREARM_H
#define AF_NINAPRO_FOREARM_H
#include "data-prep/ninapro/windows.h"

enum { AF_FOREARM_VERSION = 1, AF_FOREARM_REPETITIONS = 6, AF_FOREARM_SESSION = 51 };

/* Fills the windows of `subjects` x `count` sessions: all subjects in the repetitions given (0 to
 * 5). A session is every gesture once, two windows of rest after each. In parallel; a window
 * depends on seed, subject, repetition and its place only. */
void af_forearm_record(af_ninapro_set *out, uint64_t seed, int subjects, const int *repetitions,
                       int count);

#endif
