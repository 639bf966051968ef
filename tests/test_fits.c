/* data-prep/formats/fits.c against astropy (tests/golden/fits.py), real files and damaged ones. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/fits.h"
#include "tests/golden/fits.h"

static af_status open_path(af_fits **f, char **data, size_t *size, const char *path)
{
    assert_ok(af_file_read(data, size, path, 64 << 20));
    return af_fits_open(f, *data, *size, path);
}

static void check_image(af_fits *f, int k, int rows, int columns, const float *want,
                        float tolerance)
{
    af_fits_image image;
    assert_ok(af_fits_read(&image, f, k));
    assert_int_equal(image.rows, rows);
    assert_int_equal(image.columns, columns);
    for (int i = 0; i < rows * columns; i++)
        if (isnan(want[i]))
            assert_true(isnan(image.pixel[i]));
        else
            assert_true(fabsf(image.pixel[i] - want[i]) <= tolerance * fabsf(want[i]));
    af_free(image.pixel);
}

static void plain_images_are_astropys(void **state)
{
    (void)state;
    char *data;
    size_t size;
    af_fits *f;
    assert_ok(open_path(&f, &data, &size, "tests/golden/plain.fits"));
    assert_int_equal(af_fits_images(f), 2); /* neither the empty unit nor the table */
    check_image(f, 0, 5, 7, plain2, 0);
    check_image(f, 1, 3, 4, plain3, 0); /* int16 with BZERO 32768 */
    af_fits_close(f);
    af_free(data);
}

static void compressed_images_are_astropys(void **state)
{
    (void)state;
    char *data;
    size_t size;
    af_fits *f;
    assert_ok(open_path(&f, &data, &size, "tests/golden/rice.fits"));
    assert_int_equal(af_fits_images(f), 5);
    check_image(f, 0, 16, 20, rice1, 0);
    check_image(f, 1, 16, 20, rice2, 2e-7f);
    check_image(f, 2, 16, 20, rice3, 2e-7f);
    check_image(f, 3, 7, 11, rice4, 0);
    check_image(f, 4, 7, 11, rice5, 0);
    af_fits_close(f);
    af_free(data);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    char *data;
    size_t size;
    af_fits *f;
    assert_ok(open_path(&f, &data, &size, "tests/golden/plain.fits"));
    af_fits_close(f);
    assert_int_equal(af_fits_open(&f, data, 100, "short.fits"), AF_EFORMAT);
    assert_says("short.fits: no FITS file");
    assert_int_equal(af_fits_open(&f, "not a file", 10, "text.fits"), AF_EFORMAT);
    /* an image that claims 60000 x 7 */
    char *axis = NULL;
    for (size_t i = 0; i + 30 < size && !axis; i += 80)
        if (!memcmp(data + i, "NAXIS2  =", 9) && !memcmp(data + i + 25, "    5", 5))
            axis = data + i;
    assert_non_null(axis);
    memcpy(axis + 25, "60000", 5);
    assert_int_equal(af_fits_open(&f, data, size, "huge.fits"), AF_EFORMAT);
    assert_says("huge.fits: ");
    af_free(data);
}

static void what_is_cut_off_is_noticed(void **state)
{
    (void)state;
    char *data;
    size_t size;
    af_fits *f;
    af_fits_image image;
    static const char *const paths[] = {"tests/golden/plain.fits", "tests/golden/rice.fits"};
    for (size_t p = 0; p < LENGTH(paths); p++) {
        bool refused = false;
        assert_ok(open_path(&f, &data, &size, paths[p]));
        af_fits_close(f);
        af_status st = af_fits_open(&f, data, size - 2880, "cut.fits");
        refused = st != AF_OK;
        for (int k = 0; st == AF_OK && k < af_fits_images(f); k++)
            if (af_fits_read(&image, f, k) == AF_OK)
                af_free(image.pixel);
            else
                refused = true;
        if (st == AF_OK) af_fits_close(f);
        assert_true(refused);
        assert_says("cut.fits: ");
        af_free(data);
    }
}

static void a_file_without_images_says_so(void **state)
{
    (void)state;
    char *data;
    size_t size;
    af_fits *f;
    assert_ok(open_path(&f, &data, &size, "tests/golden/plain.fits"));
    af_fits_close(f);
    assert_int_equal(af_fits_open(&f, data, 2880, "empty.fits"), AF_EFORMAT);
    assert_says("empty.fits: 1 units and no image of two dimensions");
    af_free(data);
}

/* Sizes and counts from astropy; the Rice-compressed pair is c4d_171113. */
static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rows, columns, five, other; /* pixels of code 5, and of other codes but 0 */
    } files[] = {
        {"decam/c4d_170316_062107_ood_z_ls9.N2.fits", 251, 245, 177, 0},
        {"decam/c4d_171113_060340_ood_r_ls9.N6.fits", 375, 280, 0, 0},
        {"decam/c4d_181214_050844_ood_g_ls9.S9.fits", 101, 101, 0, 2075},
        {"algorithmic_mask/hsc_crs_mask.fits", 300, 300, 0, 331},
    };
    const char *root = getenv("AFIELD_TESTDATA");
    if (!root) {
        print_message("           AFIELD_TESTDATA is not set: real FITS files are not read\n");
        skip();
    }
    for (size_t k = 0; k < LENGTH(files); k++) {
        char path[AF_PATH_MAX], *data;
        size_t size;
        int five = 0, other = 0;
        af_fits *f;
        af_fits_image image;
        assert_ok(af_path_format(path, "%s/cosmic/%s", root, files[k].name));
        assert_ok(open_path(&f, &data, &size, path));
        assert_int_equal(af_fits_images(f), 1);
        assert_ok(af_fits_read(&image, f, 0));
        assert_int_equal(image.rows, files[k].rows);
        assert_int_equal(image.columns, files[k].columns);
        for (int i = 0; i < image.rows * image.columns; i++) {
            five += image.pixel[i] == 5;
            other += image.pixel[i] != 0 && image.pixel[i] != 5;
        }
        assert_int_equal(five, files[k].five);
        assert_int_equal(other, files[k].other);
        af_free(image.pixel);
        af_fits_close(f);
        af_free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_images_are_astropys),
        cmocka_unit_test(compressed_images_are_astropys),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(what_is_cut_off_is_noticed),
        cmocka_unit_test(a_file_without_images_says_so),
        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
