// What this core can do at most: multiply-adds from registers, bandwidth of each level of memory, elementwise updates, clock.
// Built by the benchmark with the compiler's own vectors, so that one text serves AVX-512, AVX2 and NEON.
#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define LANES (BYTES / 4)
typedef float lanes __attribute__((vector_size(BYTES)));
typedef float loose __attribute__((vector_size(BYTES), aligned(4)));
typedef float narrow __attribute__((vector_size(16)));
typedef float half __attribute__((vector_size(32)));

static volatile float sink;

int edge_vector_bits(void) { return BYTES * 8; }

#if defined(__x86_64__)
#define KEEP(x) __asm__("" : "+v"(x))
#else
#define KEEP(x) __asm__("" : "+w"(x))
#endif

// Fourteen sums hide four cycles of latency on two or three ports; KEEP hides from the compiler that it could compute them all at once.
#define SUMS 14
#define FMA_LOOP(name, type)                                                                                                                 \
  void name(long count) {                                                                                                                    \
    type b = (type){0} + 0.999f, c = (type){0} + 1e-3f, s[SUMS];                                                                             \
    _Pragma("GCC unroll 16") for (int j = 0; j < SUMS; j++) { s[j] = c; KEEP(s[j]); }                                                        \
    for (long i = 0; i < count; i++) {                                                                                                       \
      _Pragma("GCC unroll 16") for (int j = 0; j < SUMS; j++) { s[j] = s[j] * b + c; KEEP(s[j]); }                                           \
    }                                                                                                                                        \
    _Pragma("GCC unroll 16") for (int j = 1; j < SUMS; j++) s[0] += s[j];                                                                    \
    sink = s[0][0];                                                                                                                          \
  }

FMA_LOOP(edge_fma, lanes)
FMA_LOOP(edge_fma128, narrow)
#if BYTES >= 32
FMA_LOOP(edge_fma256, half)
#endif
int edge_fma_sums(void) { return SUMS; }

// Reads n floats.
void edge_read(const float *a, long n) {
  lanes s0 = {0}, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  long i = 0;
  for (; i + 8 * LANES <= n; i += 8 * LANES) {
    const loose *p = (const loose *)(a + i);
    s0 += p[0]; s1 += p[1]; s2 += p[2]; s3 += p[3]; s4 += p[4]; s5 += p[5]; s6 += p[6]; s7 += p[7];
  }
  s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7;
  sink = s0[0] + s0[LANES - 1];
}

// a = b + k c: 12 bytes named an element, and a line read for each that is written.
void edge_triad(float *a, const float *b, const float *c, long n) {
  for (long i = 0; i < n; i++) a[i] = b[i] + 0.5f * c[i];
}

// w += k, in place: what a rank-one update of rows moves, 8 bytes an element.
void edge_in_place(float *w, float k, long n) {
  for (long i = 0; i < n; i++) w[i] += k;
}

// w += a g, in place: 12 bytes an element.
void edge_sgd(float *restrict w, const float *restrict g, float a, long n) {
  for (long i = 0; i < n; i++) w[i] += a * g[i];
}

// One fused pass of Adam: 28 bytes an element.
void edge_adam(float *restrict w, const float *restrict g, float *restrict m, float *restrict v, float rate, float unbias, long n) {
  for (long i = 0; i < n; i++) {
    float x = g[i];
    m[i] = 0.9f * m[i] + 0.1f * x;
    v[i] = 0.999f * v[i] + 0.001f * (x * x);
    w[i] -= rate * m[i] / (__builtin_sqrtf(v[i]) * unbias + 1e-8f);
  }
}

// Cycles: additions that wait for each other take one each. Nops show how wide the core is at this moment: a busy sibling takes its share.
#if defined(__x86_64__)
void edge_dependent_adds(long count) {
  for (long i = 0; i < count; i++) __asm__ volatile(".rept 50\n add $1,%%rax\n .endr" ::: "rax");
}
#elif defined(__aarch64__)
void edge_dependent_adds(long count) {
  for (long i = 0; i < count; i++) __asm__ volatile(".rept 50\n add x9,x9,#1\n .endr" ::: "x9");
}
#else
void edge_dependent_adds(long count) {
  for (long i = 0; i < 50 * count; i++) __asm__ volatile("");
}
#endif
void edge_nops(long count) {
  for (long i = 0; i < count; i++) __asm__ volatile(".rept 50\n nop\n .endr");
}
