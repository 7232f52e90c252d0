// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries that behave, and entries that misbehave in each way that the runtime has to survive.
// Group 0 is @tp, all ranks. Group 1 is @pair, ranks 1 and 0 in this order. Each op's group is its entry's.

#include <unistd.h>

enum { COUNT = 24 };
enum { TP, PAIR };
enum { REDUCE, REDUCE_AGAIN, LIBRARY, REDUCE_PAIR };

static float *symmetric_copy(uint32_t group, void *x) {
  float *buffer = symm_rt->alloc(group, COUNT * sizeof(float), 64);
  memcpy(buffer, x, COUNT * sizeof(float));
  return buffer;
}

// x -> sum over @tp
void symm_entry_sum(void **args) {
  float *buffer = symmetric_copy(TP, data(args[0]));
  pull_all_reduce(TP, REDUCE, buffer, data(args[1]), COUNT);
  symm_rt->free(TP, buffer);
}

// x -> sum over @pair on its members, x elsewhere; the result of rank 0 is doubled, that of rank 1 is not.
void symm_entry_pair(void **args) {
  memcpy(data(args[1]), data(args[0]), COUNT * sizeof(float));
  GroupView *view = symm_rt->group(PAIR);
  if (view->rank == UINT32_MAX)
    return;
  float *buffer = symmetric_copy(PAIR, data(args[0]));
  float *out = data(args[1]);
  pull_all_reduce(PAIR, REDUCE_PAIR, buffer, out, COUNT);
  for (int i = 0; view->rank == 1 && i < COUNT; ++i)
    out[i] *= 2;
  symm_rt->free(PAIR, buffer);
}

static uint32_t library_sum(void **args, uint32_t op, uint64_t count, uint32_t reduce_op) {
  CollectiveCall call = {1, TP, op, reduce_op, 9, 0, data(args[0]), count, data(args[1]), count};
  return symm_rt->collective(&call);
}

// x -> sum over @tp by the library, between two sums by generated code that share its epochs
void symm_entry_mixed(void **args) {
  float *buffer = symmetric_copy(TP, data(args[0]));
  pull_all_reduce(TP, REDUCE, buffer, data(args[1]), COUNT);
  library_sum(args, LIBRARY, COUNT, 1);
  memcpy(buffer, data(args[1]), COUNT * sizeof(float));
  pull_all_reduce(TP, REDUCE_AGAIN, buffer, data(args[1]), COUNT);
}

// Sets every epoch just below the point where it wraps.
void symm_entry_jump(void **args) {
  (void)args;
  GroupView *view = symm_rt->group(TP);
  view->epoch = UINT32_MAX - 5;
  for (uint32_t peer = 0; peer < view->size; ++peer)
    *signal_word(view, view->rank, peer) = view->epoch;
}

// Counts its calls in a global.
void symm_entry_count(void **args) {
  static float calls = 0;
  calls += 1;
  for (int i = 0; i < COUNT; ++i)
    ((float *)data(args[1]))[i] = calls;
}

// Rank 1 takes another path than the others.
void symm_entry_diverge(void **args) {
  float *buffer = symmetric_copy(TP, data(args[0]));
  uint32_t op = symm_rt->group(TP)->rank == 1 ? REDUCE_AGAIN : REDUCE;
  pull_all_reduce(TP, op, buffer, data(args[1]), COUNT);
}

// Rank 1 has fewer elements.
void symm_entry_shorter(void **args) {
  library_sum(args, LIBRARY, symm_rt->group(TP)->rank == 1 ? COUNT - 1 : COUNT, 1);
}

// Rank 1 allocates more.
void symm_entry_more(void **args) {
  if (symm_rt->group(TP)->rank == 1)
    symm_rt->alloc(TP, 64, 64);
  symm_entry_sum(args);
}

// Rank 1 brings the second of two buffers.
void symm_entry_other(void **args) {
  float *first = symmetric_copy(TP, data(args[0]));
  float *second = symmetric_copy(TP, data(args[0]));
  pull_all_reduce(TP, REDUCE, symm_rt->group(TP)->rank == 1 ? second : first, data(args[1]), COUNT);
}

// Rank 1 leaves the collective out.
void symm_entry_skip(void **args) {
  if (symm_rt->group(TP)->rank != 1)
    symm_entry_sum(args);
}

// Rank 1 is late: 4 s.
void symm_entry_late(void **args) {
  symm_entry_sum(args);
  if (symm_rt->group(TP)->rank == 1)
    usleep(4000000);
  library_sum(args, LIBRARY, COUNT, 1);
}

// Rank 1 never comes back.
void symm_entry_hang(void **args) {
  while (symm_rt->group(TP)->rank == 1)
    usleep(10000);
  symm_entry_sum(args);
}

// Rank 1 dies.
void symm_entry_crash(void **args) {
  if (symm_rt->group(TP)->rank == 1)
    __builtin_trap();
  symm_entry_sum(args);
}

// Every rank stays in a loop of sums, for about a minute.
void symm_entry_long(void **args) {
  for (int i = 0; i < 60000 && symm_rt->group(TP)->failed == 0; ++i) {
    symm_entry_sum(args);
    usleep(1000);
  }
}

// Allocates without end, then uses what it got.
void symm_entry_greedy(void **args) {
  for (int i = 0; i < 100; ++i) {
    float *buffer = symm_rt->alloc(TP, 1 << 20, 64);
    memset(buffer, 0, 1 << 20);
    pull_all_reduce(TP, REDUCE, buffer, data(args[1]), COUNT);
    if (symm_rt->group(TP)->failed) {
      symm_rt->free(TP, buffer);
      return;
    }
  }
}

// Asks for more private memory than there is.
void symm_entry_gluttonous(void **args) {
  memset(symm_rt->host_alloc(1ull << 60, 64), 0, 1);
  symm_entry_sum(args);
}

// Uses @pair on every rank.
void symm_entry_outsider(void **args) {
  float *buffer = symmetric_copy(PAIR, data(args[0]));
  pull_all_reduce(PAIR, REDUCE_PAIR, buffer, data(args[1]), COUNT);
  symm_rt->free(PAIR, buffer);
}

// Asks for a reduction that does not exist for floats.
void symm_entry_bitwise(void **args) {
  library_sum(args, LIBRARY, COUNT, 6);
}

// Frees what was not allocated.
void symm_entry_misfree(void **args) {
  (void)args;
  GroupView *view = symm_rt->group(TP);
  symm_rt->free(TP, view->bases[view->rank] + 4096);
}

// Waits for a member that does not exist.
void symm_entry_misfit(void **args) {
  (void)args;
  symm_rt->wait(TP, 99, 1, 0);
  symm_rt->group(7)->epoch += 1;
}
