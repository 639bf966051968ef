/* What Darcy data are made with: the solver against a manufactured solution, a direct solve, its
 * own residual and the real files of $AFIELD_TESTDATA; the random field against its series and its
 * spectrum. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "core/base/alloc.h"
#include "data-prep/darcy/grf.h"
#include "data-prep/darcy/raw.h"
#include "data-prep/darcy/solver.h"

static double *grid_new(int nodes)
{
    double *g = af_calloc((size_t)nodes * (size_t)nodes, sizeof *g);
    assert_non_null(g);
    return g;
}

static af_darcy_solved solve(int nodes, const double *a, const double *f, double *u)
{
    af_darcy_solver *s;
    af_darcy_solved solved;
    assert_ok(af_darcy_solver_new(&s, nodes));
    double *work = af_alloc(af_darcy_work_size(s) * sizeof *work);
    assert_ok(af_darcy_solve(&solved, s, work, a, f, 1e-10, u));
    af_free(work);
    af_darcy_solver_free(s);
    return solved;
}

/* a thresholded field and f = 1 */
static void draw(int nodes, uint64_t seed, double *a, double *f)
{
    af_grf *g;
    af_rng r = af_rng_at(seed, "test", 0, 0, 0, 0);
    assert_ok(af_grf_new(&g, nodes, 2, 3));
    af_grf_sample(g, &r, a);
    for (int c = 0; c < nodes * nodes; c++) {
        a[c] = a[c] >= 0 ? 12 : 3;
        f[c] = 1;
    }
    af_grf_free(g);
}

static double distance(const double *got, const double *want, int count)
{
    double difference = 0, size = 0;
    for (int c = 0; c < count; c++) {
        difference += (got[c] - want[c]) * (got[c] - want[c]);
        size += want[c] * want[c];
    }
    assert_true(size > 0);
    return sqrt(difference / size);
}

/* ---- solver ---- */

/* a = 1 + x/2 + sin(2y)/3 and u = sin(pi x) sin(2 pi y); f follows. */
static double error_at(int nodes)
{
    const double pi = acos(-1), h = 1.0 / (nodes - 1);
    double *a = grid_new(nodes), *f = grid_new(nodes), *u = grid_new(nodes),
           *want = grid_new(nodes);
    for (int i = 0, c = 0; i < nodes; i++)
        for (int j = 0; j < nodes; j++, c++) {
            double x = i * h, y = j * h;
            double ux = pi * cos(pi * x) * sin(2 * pi * y);
            double uy = 2 * pi * sin(pi * x) * cos(2 * pi * y);
            want[c] = sin(pi * x) * sin(2 * pi * y);
            a[c] = 1 + x / 2 + sin(2 * y) / 3;
            f[c] = 5 * pi * pi * want[c] * a[c] - ux / 2 - uy * 2 * cos(2 * y) / 3;
        }
    solve(nodes, a, f, u);
    double error = distance(u, want, nodes * nodes);
    af_free(a);
    af_free(f);
    af_free(u);
    af_free(want);
    return error;
}

static void second_order(void **state)
{
    (void)state;
    double coarse = error_at(33);
    assert_true(coarse < 0.01);
    for (int nodes = 65; nodes <= 257; nodes = 2 * nodes - 1) {
        double fine = error_at(nodes), order = log2(coarse / fine);
        print_message("           %d nodes: relative error %.3g, order %.3f\n", nodes, fine, order);
        assert_true(order >= 1.9 && order < 2.2);
        coarse = fine;
    }
}

/* Cholesky in place; row r holds its entries of columns r - band .. r at band + column - r. */
static void banded_solve(double *m, double *b, int n, int band)
{
    const int width = band + 1;
    for (int r = 0; r < n; r++)
        for (int c = r > band ? r - band : 0; c <= r; c++) {
            double sum = m[r * width + band + c - r];
            for (int k = r > band ? r - band : 0; k < c; k++)
                if (k >= c - band) sum -= m[r * width + band + k - r] * m[c * width + band + k - c];
            m[r * width + band + c - r] = c == r ? sqrt(sum) : sum / m[c * width + band];
        }
    for (int r = 0; r < n; r++) {
        for (int k = r > band ? r - band : 0; k < r; k++)
            b[r] -= m[r * width + band + k - r] * b[k];
        b[r] /= m[r * width + band];
    }
    for (int r = n; r-- > 0;) {
        for (int k = r + 1; k < n && k <= r + band; k++) b[r] -= m[k * width + band + r - k] * b[k];
        b[r] /= m[r * width + band];
    }
}

/* Assembled face by face, unlike the solver's operator. */
static void direct_solve(int nodes, const double *a, const double *f, double *u)
{
    const int inner = nodes - 2, n = inner * inner, width = inner + 1;
    double *m = af_calloc((size_t)n * (size_t)width, sizeof *m),
           *b = af_calloc((size_t)n, sizeof *b);
    for (int i = 0; i < nodes; i++)
        for (int j = 0; j < nodes; j++)
            for (int down = 0; down < 2; down++) {
                int i2 = i + down, j2 = j + 1 - down;
                if (i2 >= nodes || j2 >= nodes) continue;
                bool in = i > 0 && j > 0 && i <= inner && j <= inner;
                bool in2 = i2 > 0 && j2 > 0 && i2 <= inner && j2 <= inner;
                double face = (a[i * nodes + j] + a[i2 * nodes + j2]) / 2;
                int row = (i - 1) * inner + j - 1, row2 = (i2 - 1) * inner + j2 - 1;
                if (in) m[row * width + inner] += face;
                if (in2) m[row2 * width + inner] += face;
                if (in && in2) m[row2 * width + inner + row - row2] -= face;
            }
    for (int r = 0; r < n; r++)
        b[r] = f[(r / inner + 1) * nodes + r % inner + 1] / ((nodes - 1.0) * (nodes - 1.0));
    banded_solve(m, b, n, inner);
    for (int r = 0; r < n; r++) u[(r / inner + 1) * nodes + r % inner + 1] = b[r];
    af_free(m);
    af_free(b);
}

static void agrees_with_direct_solve(void **state)
{
    (void)state;
    static const int sizes[] = {3, 4, 20, 33};
    for (size_t k = 0; k < LENGTH(sizes); k++) {
        const int nodes = sizes[k];
        double *a = grid_new(nodes), *f = grid_new(nodes), *u = grid_new(nodes),
               *want = grid_new(nodes);
        draw(nodes, 5, a, f);
        for (int c = 0; c < nodes * nodes; c++) f[c] += 0.1 * (c % 7);
        direct_solve(nodes, a, f, want);
        solve(nodes, a, f, u);
        double difference = distance(u, want, nodes * nodes);
        print_message("           %d nodes: relative difference %.2g\n", nodes, difference);
        assert_true(difference <= 1e-8);
        af_free(a);
        af_free(f);
        af_free(u);
        af_free(want);
    }
}

/* ||f + div(a grad u)|| / ||f||, written down once more. */
static double residual(int n, const double *a, const double *f, const double *u)
{
    double sum = 0, size = 0;
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < n - 1; j++) {
            const int c = i * n + j, beside[4] = {c - 1, c + 1, c - n, c + n};
            double flux = 0;
            for (int k = 0; k < 4; k++)
                flux += (a[c] + a[beside[k]]) / 2 * (u[c] - u[beside[k]]) * (n - 1.0) * (n - 1.0);
            sum += (f[c] - flux) * (f[c] - flux);
            size += f[c] * f[c];
        }
    return sqrt(sum / size);
}

static void small_residual_at_full_size(void **state)
{
    (void)state;
    enum { NODES = 421, SOLVES = 4 };
    double *a = grid_new(NODES), *f = grid_new(NODES), *u = grid_new(NODES), seconds = 0;
    for (uint64_t k = 0; k < SOLVES; k++) {
        draw(NODES, k, a, f);
        clock_t start = clock();
        af_darcy_solved s = solve(NODES, a, f, u);
        seconds += (double)(clock() - start) / CLOCKS_PER_SEC;
        double again = residual(NODES, a, f, u);
        assert_true(again <= 1e-8);
        assert_true(fabs(again - s.residual) <= 1e-2 * again);
        assert_in_range(s.iterations, 10, 40);
        for (int c = 0; c < NODES; c++) assert_true(u[c] == 0 && u[c * NODES] == 0);
    }
    print_message("           %.1f solves a second on one core at 421 x 421\n", SOLVES / seconds);
    a[NODES + 1] = NAN;
    af_darcy_solver *s;
    af_darcy_solved solved;
    assert_ok(af_darcy_solver_new(&s, NODES));
    double *work = af_alloc(af_darcy_work_size(s) * sizeof *work);
    assert_int_equal(af_darcy_solve(&solved, s, work, a, f, 1e-10, u), AF_EINTERNAL);
    assert_says("relative residual");
    af_free(work);
    af_darcy_solver_free(s);
    af_free(a);
    af_free(f);
    af_free(u);
}

/* ---- random field ---- */

static void field_is_its_series(void **state)
{
    (void)state;
    enum { N = 9 };
    const double pi = acos(-1);
    af_grf *g;
    double *field = grid_new(N), xi[N * N];
    assert_ok(af_grf_new(&g, N, 2, 3));
    assert_true(af_grf_amplitude(g, 0, 0) == 0);
    assert_true(fabs(af_grf_amplitude(g, 1, 2) - 3 / (5 * pi * pi + 9)) < 1e-15);
    af_rng r = af_rng_at(1, "test", 0, 0, 0, 0), again = r;
    af_grf_sample(g, &r, field);
    for (int k = 0; k < N * N; k++) xi[k] = af_rng_normal(&again);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                for (int l = 0; l < N; l++)
                    sum += xi[k * N + l] * af_grf_amplitude(g, k, l) * (k ? sqrt(2) : 1) *
                           (l ? sqrt(2) : 1) * cos(pi * k * i / (N - 1)) *
                           cos(pi * l * j / (N - 1));
            assert_true(fabs(field[i * N + j] - sum) < 1e-12);
        }
    af_free(field);
    af_grf_free(g);
}

/* Mean square over the unit square, by the trapezoidal rule. */
static double mean_square(const double *v, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            sum += v[i * n + j] * v[i * n + j] * (i % (n - 1) ? 1 : 0.5) * (j % (n - 1) ? 1 : 0.5);
    return sum / ((n - 1.0) * (n - 1.0));
}

static void variance_is_that_of_the_spectrum(void **state)
{
    (void)state;
    enum { N = 41, SAMPLES = 2000 };
    af_grf *g;
    double *field = grid_new(N), seen = 0, want = 0;
    assert_ok(af_grf_new(&g, N, 2, 3));
    for (uint32_t s = 0; s < SAMPLES; s++) {
        af_rng r = af_rng_at(2, "test", 0, 0, 0, s);
        af_grf_sample(g, &r, field);
        seen += mean_square(field, N) / SAMPLES;
    }
    for (int k = 0; k < N; k++)
        for (int l = 0; l < N; l++) want += pow(af_grf_amplitude(g, k, l), 2);
    print_message("           variance %.4f, spectrum %.4f\n", seen, want);
    assert_true(fabs(seen / want - 1) < 0.08); /* four standard errors */
    af_free(field);
    af_grf_free(g);
}

/* ---- real files ---- */

static bool real_file(char path[AF_PATH_MAX], const char *name)
{
    const char *data = getenv("AFIELD_TESTDATA");
    if (!data) print_message("           AFIELD_TESTDATA is not set: nothing to read\n");
    if (data) assert_ok(af_path_format(path, "%s/darcy/%s", data, name));
    return data != NULL;
}

/* v at (i, j) of a grid with n points a side, linear between points and constant outside. */
static double between(const double *v, int n, double i, double j)
{
    i = fmin(fmax(i, 0), n - 1);
    j = fmin(fmax(j, 0), n - 1);
    int p = (int)fmin(i, n - 2), q = (int)fmin(j, n - 2);
    double s = i - p, t = j - q;
    v += p * n + q;
    return (1 - s) * ((1 - t) * v[0] + t * v[1]) + s * ((1 - t) * v[n] + t * v[n + 1]);
}

/* Distance of our solution from the file's. The file's values lie at cell centres: the coefficient
 * is carried to the nodes, our solution back. */
static double distance_from_file(const af_darcy_samples *s, int64_t k, bool transpose)
{
    const int n = s->nodes;
    double *v = grid_new(n), *a = grid_new(n), *f = grid_new(n), *u = grid_new(n),
           *want = grid_new(n);
    for (int c = 0; c < n * n; c++) {
        v[c] = af_darcy_coefficient(s, k)[transpose ? c % n * n + c / n : c];
        want[c] = af_darcy_solution(s, k)[c];
        f[c] = 1;
    }
    const double to_nodes = (double)n / (n - 1), to_centres = (n - 1.0) / n;
    for (int c = 0; c < n * n; c++)
        a[c] = between(v, n, c / n * to_nodes - 0.5, c % n * to_nodes - 0.5);
    solve(n, a, f, u);
    for (int c = 0; c < n * n; c++)
        v[c] = between(u, n, (c / n + 0.5) * to_centres, (c % n + 0.5) * to_centres);
    double result = distance(v, want, n * n);
    af_free(v);
    af_free(a);
    af_free(f);
    af_free(u);
    af_free(want);
    return result;
}

/* The files were solved with spline instead of linear interpolation: a difference of first order in
 * the cell where the coefficient jumps. Measured: 1.5e-4 at 421, 1.5e-3 at 85. A transposed array
 * would be off by 0.1 or more. */
static void solves_the_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int grid;
        double most;
    } files[] = {
        {"piececonst_r421_N3_v5.mat", 421, 5e-4},
        {"piececonst_r85_N120_v73.mat", 85, 5e-3},
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        char path[AF_PATH_MAX];
        af_darcy_raw raw;
        af_darcy_samples s;
        if (!real_file(path, files[i].name)) skip();
        assert_ok(af_darcy_raw_open(&raw, path));
        assert_int_equal(raw.grid, files[i].grid);
        assert_ok(af_darcy_raw_read(&s, &raw, 0, 3, raw.grid));
        for (int64_t k = 0; k < 3; k++) {
            double far = distance_from_file(&s, k, false);
            print_message("           %s, sample %d: relative difference %.2g\n", files[i].name,
                          (int)k, far);
            assert_true(far < files[i].most);
            assert_true(distance_from_file(&s, k, true) > 0.05);
        }
        af_darcy_samples_free(&s);
        af_darcy_raw_close(&raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_order),
        cmocka_unit_test(agrees_with_direct_solve),
        cmocka_unit_test(small_residual_at_full_size),
        cmocka_unit_test(field_is_its_series),
        cmocka_unit_test(variance_is_that_of_the_spectrum),
        cmocka_unit_test(solves_the_real_files),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
