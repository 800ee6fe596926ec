// A training step of batch 1 written by hand for dense tanh networks with a softmax head: the least that a general program may be compared with.
// Rows in blocks of eight, so that a register of the input serves eight rows; the input gradient and the update of a layer share one visit to its weights.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define LANES (BYTES / 4)
#define BLOCK 8
#define MOST_LAYERS 16
typedef float loose __attribute__((vector_size(BYTES), aligned(4)));

void edge_tanh_short(float *x, int n);
void edge_exp_short(float *x, int n);

struct net {
  int count, label;
  int widths[MOST_LAYERS + 1];
  float *weights[MOST_LAYERS], *biases[MOST_LAYERS], *outputs[MOST_LAYERS], *gradients[MOST_LAYERS], *input;
};

static float *floats(long n) { return aligned_alloc(64, (n * 4 + 127) / 64 * 64); }

// Widths must be multiples of LANES but for the last.
struct net *edge_net_create(int count, const int *widths) {
  struct net *net = calloc(1, sizeof *net);
  net->count = count;
  memcpy(net->widths, widths, (count + 1) * sizeof(int));
  for (int l = 0; l < count; l++) {
    net->weights[l] = floats((long)widths[l] * widths[l + 1]);
    net->biases[l] = floats(widths[l + 1]);
    net->outputs[l] = floats(widths[l + 1]);
    net->gradients[l] = floats(widths[l + 1]);
  }
  net->input = floats(widths[0]);
  return net;
}

void edge_net_free(struct net *net) {
  for (int l = 0; l < net->count; l++) {
    free(net->weights[l]);
    free(net->biases[l]);
    free(net->outputs[l]);
    free(net->gradients[l]);
  }
  free(net->input);
  free(net);
}

void edge_net_layer(struct net *net, int l, const float *weights, const float *biases) {
  memcpy(net->weights[l], weights, (long)net->widths[l] * net->widths[l + 1] * sizeof(float));
  memcpy(net->biases[l], biases, net->widths[l + 1] * sizeof(float));
}

void edge_net_sample(struct net *net, const float *input, int label) {
  memcpy(net->input, input, net->widths[0] * sizeof(float));
  net->label = label;
}

static float total(loose v) {
  float s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

static inline __attribute__((always_inline)) void dots(const float *w, const float *x, int n, int rows, float *y) {
  loose sums[BLOCK];
  for (int r = 0; r < rows; r++) sums[r] = (loose){0};
  for (int c = 0; c < n; c += LANES) {
    loose v = *(const loose *)(x + c);
    for (int r = 0; r < rows; r++) sums[r] += v * *(const loose *)(w + (long)r * n + c);
  }
  for (int r = 0; r < rows; r++) y[r] += total(sums[r]);
}

static inline __attribute__((always_inline)) void rank_one(float *w, const float *x, int n, int rows, const float *e) {
  for (int c = 0; c < n; c += LANES) {
    loose v = *(const loose *)(x + c);
    for (int r = 0; r < rows; r++) *(loose *)(w + (long)r * n + c) += e[r] * v;
  }
}

static inline __attribute__((always_inline)) void back(float *w, const float *x, float *dx, int n, int rows, const float *g, const float *e) {
  for (int c = 0; c < n; c += LANES) {
    loose v = *(const loose *)(x + c), d = *(loose *)(dx + c);
    for (int r = 0; r < rows; r++) {
      loose *p = (loose *)(w + (long)r * n + c), t = *p;
      d += g[r] * t;
      *p = t + e[r] * v;
    }
    *(loose *)(dx + c) = d;
  }
}

void edge_net_forward(struct net *net) {
  for (int l = 0; l < net->count; l++) {
    const float *x = l ? net->outputs[l - 1] : net->input;
    int n = net->widths[l], rows = net->widths[l + 1], r = 0;
    float *y = net->outputs[l];
    memcpy(y, net->biases[l], rows * sizeof(float));
    for (; r + BLOCK <= rows; r += BLOCK) dots(net->weights[l] + (long)r * n, x, n, BLOCK, y + r);
    for (; r < rows; r++) dots(net->weights[l] + (long)r * n, x, n, 1, y + r);
    if (l < net->count - 1) edge_tanh_short(y, rows);
  }
}

static float head(struct net *net) {
  int n = net->widths[net->count];
  float *y = net->outputs[net->count - 1], *g = net->gradients[net->count - 1], most = y[0], sum = 0;
  for (int i = 1; i < n; i++) most = y[i] > most ? y[i] : most;
  for (int i = 0; i < n; i++) g[i] = y[i] - most;
  float chosen = g[net->label];
  edge_exp_short(g, n);
  for (int i = 0; i < n; i++) sum += g[i];
  for (int i = 0; i < n; i++) g[i] /= sum;
  g[net->label] -= 1;
  return logf(sum) - chosen;
}

float edge_net_step(struct net *net, float rate) {
  edge_net_forward(net);
  float loss = head(net);
  for (int l = net->count - 1; l >= 0; l--) {
    const float *x = l ? net->outputs[l - 1] : net->input;
    int n = net->widths[l], rows = net->widths[l + 1];
    float *g = net->gradients[l], *below = l ? net->gradients[l - 1] : 0;
    if (l) memset(below, 0, n * sizeof(float));
    for (int r = 0; r < rows; r += BLOCK) {
      int count = rows - r < BLOCK ? rows - r : BLOCK;
      float e[BLOCK], *w = net->weights[l] + (long)r * n;
      for (int i = 0; i < count; i++) {
        e[i] = -rate * g[r + i];
        net->biases[l][r + i] += e[i];
      }
      if (count == BLOCK) {
        if (l) back(w, x, below, n, BLOCK, g + r, e);
        else rank_one(w, x, n, BLOCK, e);
      } else {
        if (l) back(w, x, below, n, count, g + r, e);
        else rank_one(w, x, n, count, e);
      }
    }
    if (l) {
      for (int i = 0; i < n; i++) below[i] *= 1 - x[i] * x[i];
    }
  }
  return loss;
}

void edge_net_steps(struct net *net, float rate, long count) {
  for (long i = 0; i < count; i++) edge_net_step(net, rate);
}

void edge_net_forwards(struct net *net, long count) {
  for (long i = 0; i < count; i++) edge_net_forward(net);
}

// Nanoseconds of single steps, one clock reading each.
void edge_net_times(struct net *net, float rate, long count, long long *ns) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  long long before = t.tv_sec * 1000000000ll + t.tv_nsec;
  for (long i = 0; i < count; i++) {
    edge_net_step(net, rate);
    clock_gettime(CLOCK_MONOTONIC, &t);
    long long now = t.tv_sec * 1000000000ll + t.tv_nsec;
    ns[i] = now - before;
    before = now;
  }
}
