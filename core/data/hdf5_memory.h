/* An HDF5 file driver that keeps what HDF5 writes as a list of pieces in memory: the metadata of a
 * file whose large arrays are written by others. Internal to core/data.
 *
 * Why: an HDF5 file that cannot be flushed, because the disk is full, can neither be closed nor
 * forgotten, and ends the process with a crash. Here flushing cannot fail.
 */
#ifndef AF_HDF5_MEMORY_H
#define AF_HDF5_MEMORY_H
#include <hdf5.h>
#include <stdbool.h>

typedef struct af_piece {
    haddr_t at;
    size_t size;
    char *bytes;
} af_piece;

typedef struct af_pieces {
    af_piece *list; /* in the order written: later ones hide earlier ones */
    size_t count, capacity;
    haddr_t end; /* of the file, as HDF5 closed it */
    bool short_of_memory;
} af_pieces;

/* Files created with `access` go to `p`, which starts zeroed and outlives them; their name does not
 * matter. False when HDF5 refuses. Close the driver after the file and the property list. */
bool af_pieces_driver(hid_t *driver, hid_t access, af_pieces *p);
void af_pieces_free(af_pieces *p);

#endif
