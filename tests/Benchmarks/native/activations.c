// The C library's vector forms of tanh and exp, where it has them (libmvec). Compiled with -ffast-math, which is what makes the compiler use them.
#include <math.h>

void edge_tanh(const float *restrict x, float *restrict y, long n) {
#pragma omp simd
  for (long i = 0; i < n; i++) y[i] = tanhf(x[i]);
}

void edge_exp(const float *restrict x, float *restrict y, long n) {
#pragma omp simd
  for (long i = 0; i < n; i++) y[i] = expf(x[i]);
}

void edge_tanh_short(float *x, int n) {
#pragma omp simd
  for (int i = 0; i < n; i++) x[i] = tanhf(x[i]);
}

void edge_exp_short(float *x, int n) {
#pragma omp simd
  for (int i = 0; i < n; i++) x[i] = expf(x[i]);
}
