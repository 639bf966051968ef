/* The machine that interprets a pickle: stack, marks, memo and an arena with a budget. Internal to
 * the pickle reader. Handlers fail without saying where; the loop adds file, offset and opcode. */
#ifndef AF_PICKLE_MACHINE_H
#define AF_PICKLE_MACHINE_H
#include "core/base/alloc.h"
#include "data-prep/formats/pickle.h"

enum { AF_PICKLE_SMALL = 256 }; /* integers below it are shared */

typedef struct af_pickle_operand {
    int n; /* from the table: what the handlers of several opcodes differ in */
    int64_t number;
    double real;
    const char *data; /* a counted string or a line, in the file */
    size_t size;
} af_pickle_operand;

typedef struct af_pickle_machine {
    const uint8_t *code;
    size_t size, at; /* the next byte */
    size_t steps;    /* opcodes so far */
    bool stopped, torch;
    af_pickle_operand operand; /* of the opcode under way */
    af_arena *arena;
    size_t spent, budget;
    af_pickle_value **stack, **memo;
    size_t height, stack_room, memo_room, memo_count;
    size_t *marks; /* heights of the stack */
    size_t mark_count, mark_room;
    af_pickle_value *small; /* {AF_PICKLE_SMALL} */
} af_pickle_machine;

/* A name that a pickle may import. */
struct af_pickle_global {
    const char *module, *name;
    size_t min_arguments, max_arguments;
    /* NULL: may be named, not called */
    af_status (*call)(af_pickle_value **out, af_pickle_machine *m,
                      const af_pickle_value *arguments);
};

/* Charged to the budget, zeroed, freed with the pickle. */
AF_CHECKED af_status af_pickle_take(void **out, af_pickle_machine *m, size_t size);
AF_CHECKED af_status af_pickle_new(af_pickle_value **out, af_pickle_machine *m,
                                   af_pickle_kind kind);
AF_CHECKED af_status af_pickle_append(af_pickle_machine *m, af_pickle_value *container,
                                      af_pickle_value *v);
AF_CHECKED af_status af_pickle_push(af_pickle_machine *m, af_pickle_value *v);
/* The n-th value from the top; values below the last mark are out of reach. */
AF_CHECKED af_status af_pickle_peek(af_pickle_value **out, const af_pickle_machine *m, size_t n);
AF_CHECKED af_status af_pickle_pop(af_pickle_value **out, af_pickle_machine *m);
AF_CHECKED af_status af_pickle_mark(af_pickle_machine *m);
/* Takes away the last mark; *first: what lay above it, readable until the next push. */
AF_CHECKED af_status af_pickle_pop_mark(af_pickle_value *const **first, size_t *count,
                                        af_pickle_machine *m);
AF_CHECKED af_status af_pickle_put(af_pickle_machine *m, int64_t index);
AF_CHECKED af_status af_pickle_recall(af_pickle_machine *m, int64_t index);

/* pickle_opcodes.c: runs one opcode; its name, for messages. */
AF_CHECKED af_status af_pickle_step(af_pickle_machine *m);
const char *af_pickle_opcode_name(const af_pickle_machine *m, size_t at);

/* pickle_text.c: texts of protocol 0 and Latin-1; `out` lives in the arena or in the file. */
AF_CHECKED af_status af_pickle_quoted(af_pickle_value *out, af_pickle_machine *m,
                                      const af_pickle_operand *line);
AF_CHECKED af_status af_pickle_escaped(af_pickle_value *out, af_pickle_machine *m,
                                       const af_pickle_operand *line);
AF_CHECKED af_status af_pickle_latin1(af_pickle_value *out, af_pickle_machine *m,
                                      const af_pickle_value *text);
AF_CHECKED af_status af_pickle_integer(int64_t *out, const af_pickle_operand *line);
AF_CHECKED af_status af_pickle_real(double *out, const af_pickle_operand *line);

/* pickle_torch.c: storages, tensors of them, names that only files of PyTorch may import. */
AF_CHECKED af_status af_pickle_persistent(af_pickle_machine *m);
enum { AF_PICKLE_TORCH_GLOBALS = 10 };
extern const struct af_pickle_global af_pickle_torch_globals[AF_PICKLE_TORCH_GLOBALS];

/* pickle_numpy.c: names that may be called, the calls, and the states of what they make. */
AF_CHECKED af_status af_pickle_import(af_pickle_machine *m, const char *module, size_t module_size,
                                      const char *name, size_t name_size);
AF_CHECKED af_status af_pickle_reduce(af_pickle_machine *m);
AF_CHECKED af_status af_pickle_build(af_pickle_machine *m);
const char *af_pickle_global_name(const af_pickle_value *v); /* of a GLOBAL */

#endif
