/* One file at a time: bytes, frame, samples. */
#include "data-prep/cosmic/raw.h"
#include <math.h>
#include <stdio.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "data-prep/cosmic/levels.h"
#include "data-prep/formats/fits.h"
#include "data-prep/formats/npy.h"

enum { CROP_FROM = 64, CROP = 128, COSMIC_RAY = 5, SIDE_MAX = 65536 };
static const size_t largest = (size_t)1 << 30;

static af_status read_file(char **data, size_t *size, const char *path, af_sha256 *sha256)
{
    char hex[AF_SHA256_HEX];
    AF_TRY(af_file_read(data, size, path, largest));
    af_sha256_of(*data, *size, hex);
    af_sha256_addf(sha256, "%s %s\n", af_path_name(path), hex);
    return AF_OK;
}

/* ---- arrays ---- */

static af_status check_array(const af_npy *npy, const char *path)
{
    const af_pickle_array *a = &npy->array;
    char text[AF_NPY_SHAPE_TEXT];
    if (!a->items && a->rank == 3 && a->shape[0] == 3 && a->shape[1] >= CROP &&
        a->shape[2] >= CROP && a->shape[1] <= SIDE_MAX && a->shape[2] <= SIDE_MAX)
        return AF_OK;
    return af_fail(
        AF_EFORMAT,
        "%s: %s, want numbers {3, H, W} with H and W from %d: image, cosmic rays, ignored "
        "pixels",
        path, af_npy_shape_text(text, a), CROP);
}

/* Plane 1 or 2 of the array as bytes; `room` {rows, columns} holds it meanwhile. */
static af_status read_mask(uint8_t *out, float *room, const af_npy *npy, size_t plane, size_t area,
                           bool invert, const char *path)
{
    AF_TRY(af_npy_floats(room, &npy->array, plane * area, area, path));
    for (size_t e = 0; e < area; e++) {
        if (room[e] != 0 && room[e] != 1)
            return af_fail(AF_EFORMAT, "%s: mask %zu is %g at element %zu, want 0 or 1", path,
                           plane, (double)room[e], e);
        out[e] = (room[e] != 0) != invert;
    }
    return AF_OK;
}

static af_status frame_of_array(af_cosmic_frame *f, const af_npy *npy, const char *path)
{
    AF_TRY(check_array(npy, path));
    const size_t rows = npy->array.shape[1], columns = npy->array.shape[2], area = rows * columns;
    AF_TRY(af_cosmic_frame_new(f, (int)rows, (int)columns));
    AF_TRY(read_mask(f->ray, f->image, npy, 1, area, false, path));
    AF_TRY(read_mask(f->usable, f->image, npy, 2, area, true, path));
    return af_npy_floats(f->image, &npy->array, 0, area, path);
}

static int crop_start(int side)
{
    return side >= CROP_FROM + CROP ? CROP_FROM : (side - CROP) / 2;
}

static af_status read_sky(float *out, const af_cosmic_file *file, af_sha256 *sha256)
{
    char *data;
    size_t size;
    if (!file->sky) return AF_OK;
    AF_TRY(read_file(&data, &size, file->sky, sha256));
    af_status st = af_cosmic_level_of(out, data, size, file->sky, file->path);
    af_free(data);
    return st;
}

static af_status read_array(af_cosmic_samples *s, const af_cosmic_file *file, const char *data,
                            size_t size, af_sha256 *sha256, const char *name)
{
    af_npy npy;
    af_cosmic_frame f = {0};
    int added;
    AF_TRY(af_npy_parse(&npy, data, size, file->path));
    af_status st = frame_of_array(&f, &npy, file->path);
    if (st == AF_OK) st = read_sky(&f.sky, file, sha256);
    if (st == AF_OK)
        st = af_cosmic_cut(&added, s, &f, crop_start(f.rows), crop_start(f.columns), CROP, CROP,
                           name, file->group, file->split);
    af_cosmic_frame_free(&f);
    af_npy_close(&npy);
    return st;
}

/* ---- FITS ---- */

static af_status frame_of_images(af_cosmic_frame *f, const af_fits_image *image,
                                 const af_fits_image *mask, const af_cosmic_file *file)
{
    if (image->rows != mask->rows || image->columns != mask->columns)
        return af_fail(AF_EFORMAT, "%s: %d x %d pixels, want the %d x %d of %s", file->mask,
                       mask->rows, mask->columns, image->rows, image->columns, file->path);
    AF_TRY(af_cosmic_frame_new(f, image->rows, image->columns));
    for (int p = 0; p < f->rows * f->columns; p++) {
        const float code = mask->pixel[p];
        if (isnan(code) || (!file->quality && code != 0 && code != 1))
            return af_fail(AF_EFORMAT, "%s: pixel %d, %d is %g, want %s", file->mask,
                           p / f->columns, p % f->columns, (double)code,
                           file->quality ? "a code" : "0 or 1");
        const bool ray = code == (file->quality ? COSMIC_RAY : 1),
                   dark = !isfinite(image->pixel[p]);
        f->image[p] = dark ? 0 : image->pixel[p];
        f->ray[p] = ray;
        f->usable[p] = !dark && (ray || code == 0);
    }
    return AF_OK;
}

static af_status read_images(af_cosmic_samples *s, const af_cosmic_file *file, af_fits *images,
                             af_fits *masks, const char *name)
{
    if (af_fits_images(images) != af_fits_images(masks))
        return af_fail(AF_EFORMAT, "%s: %d images, want the %d of %s", file->mask,
                       af_fits_images(masks), af_fits_images(images), file->path);
    for (int k = 0; k < af_fits_images(images); k++) {
        af_fits_image image = {0}, mask = {0};
        af_cosmic_frame f = {0};
        int added = 0;
        af_status st = af_fits_read(&image, images, k);
        if (st == AF_OK) st = af_fits_read(&mask, masks, k);
        if (st == AF_OK) st = frame_of_images(&f, &image, &mask, file);
        if (st == AF_OK) st = af_cosmic_median(&f.sky, &f);
        if (st == AF_OK)
            st = af_cosmic_cut(&added, s, &f, 0, 0, f.rows, f.columns, name, file->group,
                               file->split);
        if (st == AF_OK && !added)
            af_log(AF_LOG_INFO, "cosmic: %s: %d x %d pixels, smaller than a sample", name, f.rows,
                   f.columns);
        af_cosmic_frame_free(&f);
        af_free(image.pixel);
        af_free(mask.pixel);
        AF_TRY(st);
    }
    return AF_OK;
}

static af_status read_pair(af_cosmic_samples *s, const af_cosmic_file *file, const char *data,
                           size_t size, af_sha256 *sha256, const char *name)
{
    char *second = NULL;
    size_t second_size;
    af_fits *images = NULL, *masks = NULL;
    af_status st;
    AF_GOTO(st, done, read_file(&second, &second_size, file->mask, sha256));
    AF_GOTO(st, done, af_fits_open(&images, data, size, file->path));
    AF_GOTO(st, done, af_fits_open(&masks, second, second_size, file->mask));
    st = read_images(s, file, images, masks, name);
done:
    af_fits_close(masks);
    af_fits_close(images);
    af_free(second);
    return st;
}

af_status af_cosmic_read(af_cosmic_samples *s, const af_cosmic_file *f, af_sha256 *sha256)
{
    char *data, name[AF_ID_MAX];
    size_t size;
    AF_TRY(read_file(&data, &size, f->path, sha256));
    /* an id: the visit, and of the file's name what has room */
    snprintf(name, sizeof name, "%.24s/%.15s", f->visit, af_path_name(f->path));
    af_status st = f->mask ? read_pair(s, f, data, size, sha256, f->visit)
                           : read_array(s, f, data, size, sha256, name);
    af_free(data);
    return st;
}
