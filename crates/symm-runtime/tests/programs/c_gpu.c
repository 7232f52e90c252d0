/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs an entry of a program for GPUs on ranks that are threads, through symm.h, and looks at what happens on the host.
 *
 *     c_gpu PROGRAM RANKS ENTRY MODE
 *
 * allocations: no run but the first, in which functions of the driver are looked up, may allocate anything, whatever stream
 *              it is for.
 * alone:       rank 1 runs the entry once, the others twice: they must be told who is missing.
 * hung:        rank 1 fails, and the kernel of rank 0 never leaves: asking must not wait for it.
 */

#define _GNU_SOURCE

#include "check.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { MAX_RANKS = 8, RUNS = 8, BUFFERS = 16 };

/* Of the driver, which this is linked to. */
int cuStreamCreate(void **stream, unsigned flags);
int cuStreamSynchronize(void *stream);
int cuMemAlloc_v2(uint64_t *address, size_t bytes);

/* The C library's own, which the functions of those names below stand in for. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void __libc_free(void *memory);

/* Whether this thread counts its calls of them, and how many there were. */
static __thread int counts;
static __thread long calls;

void *malloc(size_t bytes) {
  calls += counts;
  return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
  calls += counts;
  return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes) {
  calls += counts;
  return __libc_realloc(memory, bytes);
}

void free(void *memory) {
  calls += counts && memory;
  __libc_free(memory);
}

static symm_program *program;
static symm_world *world;
static const char *entry;
static const char *mode;

static void bind_all(symm_call *call) {
  symm_value value;
  uint64_t address;
  uint32_t i;
  for (i = 0; symm_program_argument(program, entry, i, &value) == SYMM_OK; ++i) {
    CHECK(cuMemAlloc_v2(&address, value.bytes) == 0, "no memory");
    OK(symm_call_bind_argument(call, i, (void *)address, value.bytes));
  }
  for (i = 0; symm_program_result(program, entry, i, &value) == SYMM_OK; ++i) {
    CHECK(cuMemAlloc_v2(&address, value.bytes) == 0, "no memory");
    OK(symm_call_bind_result(call, i, (void *)address, value.bytes));
  }
}

static void count_allocations(symm_call *call, void *streams[2]) {
  int run;
  for (run = 0; run < RUNS; ++run) {
    symm_status status;
    calls = 0, counts = 1;
    status = symm_call_run(call, streams[run / 2 % 2]);
    counts = 0;
    CHECK(status == SYMM_OK, "%s", symm_last_error());
    CHECK(run == 0 || calls == 0, "run %d allocated or freed %ld times", run, calls);
    CHECK(cuStreamSynchronize(streams[run / 2 % 2]) == 0, "cuStreamSynchronize");
  }
}

static void run_alone(int number, symm_rank *rank, symm_call *call, void *stream) {
  OK(symm_call_run(call, stream));
  CHECK(cuStreamSynchronize(stream) == 0, "cuStreamSynchronize");
  OK(symm_rank_check(rank));
  if (number == 1)
    return;
  OK(symm_call_run(call, stream));
  CHECK(cuStreamSynchronize(stream) == 0, "cuStreamSynchronize");
  CHECK(symm_rank_check(rank) == SYMM_FAILED, "nothing has failed");
  CHECK(strstr(symm_last_error(), "rank 1 did not arrive within 1s"), "%s", symm_last_error());
  CHECK(symm_call_run(call, stream) == SYMM_FAILED, "a failed world runs");
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static pthread_barrier_t all_done;

static void run_hung(int number, symm_rank *rank, symm_call *call, void *stream) {
  double begin, longest = 0;
  symm_status status = SYMM_OK;
  int answers;
  if (number == 0)
    OK(symm_call_run(call, stream));
  pthread_barrier_wait(&all_done);
  if (number == 1)
    CHECK(symm_call_run(call, stream) == SYMM_FAILED, "rank 1 runs");
  for (answers = 0; answers < 3; answers += status == SYMM_FAILED) {
    begin = seconds();
    status = symm_rank_check(rank);
    if (seconds() - begin > longest)
      longest = seconds() - begin;
  }
  CHECK(longest < 1, "rank %d: asking took %g s", number, longest);
  pthread_barrier_wait(&all_done);
  /* The rank can't be freed while its GPU is busy. */
  if (number == 0)
    exit(0);
  for (;;)
    pthread_barrier_wait(&all_done);
}

static void *run_rank(void *parameter) {
  int number = (int)(intptr_t)parameter;
  symm_rank *rank;
  symm_call *call;
  void *streams[2];
  OK(symm_rank_start(world, program, (uint32_t)number, number, &rank));
  OK(symm_call_create(rank, entry, &call));
  bind_all(call);
  CHECK(cuStreamCreate(&streams[0], 0) == 0 && cuStreamCreate(&streams[1], 1) == 0, "no stream");
  if (strcmp(mode, "hung") == 0)
    run_hung(number, rank, call, streams[0]);
  else if (strcmp(mode, "allocations") == 0)
    count_allocations(call, streams);
  else
    run_alone(number, rank, call, streams[0]);
  pthread_barrier_wait(&all_done);
  symm_call_free(call);
  symm_rank_free(rank);
  return NULL;
}

int main(int count, char **arguments) {
  symm_options options = {sizeof options, 0, 0, 0, 1 << 20, 0, 0};
  pthread_t threads[MAX_RANKS];
  int i, ranks;
  CHECK(count == 5, "usage: c_gpu PROGRAM RANKS ENTRY allocations|alone|hung");
  ranks = atoi(arguments[2]);
  entry = arguments[3];
  mode = arguments[4];
  CHECK(ranks > 0 && ranks <= MAX_RANKS, "%d ranks", ranks);
  OK(symm_program_load(arguments[1], &program));
  options.ranks = (uint32_t)ranks;
  options.timeout_ms = strcmp(mode, "alone") == 0 ? 1000 : 30000;
  OK(symm_world_create(program, &options, &world));
  CHECK(pthread_barrier_init(&all_done, NULL, (unsigned)ranks) == 0, "no barrier");
  for (i = 0; i < ranks; ++i)
    CHECK(pthread_create(&threads[i], NULL, run_rank, (void *)(intptr_t)i) == 0, "no thread");
  for (i = 0; i < ranks; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0, "no end");
  symm_world_free(world);
  symm_program_free(program);
  return 0;
}
