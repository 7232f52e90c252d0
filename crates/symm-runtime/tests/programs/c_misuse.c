/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Starts ranks as they must not be started, through symm.h: each is refused at once, and nobody else is harmed.
 *
 *     c_misuse PROGRAM OTHER
 *
 * Both run on two CPU ranks.
 */

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static symm_program *program;
static symm_world *world;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void refused(const symm_program *of, uint32_t number, const char *words) {
  double begin = seconds();
  symm_rank *rank = NULL;
  symm_status status = symm_rank_start(world, of, number, SYMM_ANY_GPU, &rank);
  CHECK(status == SYMM_INVALID && !rank, "status %d: %s", (int)status, symm_last_error());
  CHECK(strstr(symm_last_error(), words), "expected '%s', got '%s'", words, symm_last_error());
  CHECK(seconds() - begin < 5, "it took %g s", seconds() - begin);
}

static pthread_barrier_t started, freed;

static void *run_rank(void *parameter) {
  uint32_t number = (uint32_t)(intptr_t)parameter;
  symm_rank *rank;
  OK(symm_rank_start(world, program, number, SYMM_ANY_GPU, &rank));
  pthread_barrier_wait(&started);
  refused(program, 1 - number, "was started before");
  OK(symm_rank_check(rank));
  symm_rank_free(rank);
  pthread_barrier_wait(&freed);
  refused(program, number, "make another world to start it again");
  return NULL;
}

static void make_world(void) {
  symm_options options;
  memset(&options, 0, sizeof options);
  options.size_bytes = sizeof options;
  options.timeout_ms = 20000;
  OK(symm_world_create(program, &options, &world));
}

int main(int count, char **arguments) {
  symm_program *other;
  int round;
  CHECK(count == 3, "usage: c_misuse PROGRAM OTHER");
  OK(symm_program_load(arguments[1], &program));
  OK(symm_program_load(arguments[2], &other));
  for (round = 0; round < 2; ++round) {
    pthread_t threads[2];
    int i;
    make_world();
    refused(other, 0, arguments[2]);
    refused(program, 2, "there is no rank 2");
    CHECK(pthread_barrier_init(&started, NULL, 2) == 0 && pthread_barrier_init(&freed, NULL, 2) == 0, "no barrier");
    for (i = 0; i < 2; ++i)
      CHECK(pthread_create(&threads[i], NULL, run_rank, (void *)(intptr_t)i) == 0, "no thread");
    for (i = 0; i < 2; ++i)
      CHECK(pthread_join(threads[i], NULL) == 0, "no end");
    symm_world_free(world);
  }
  symm_program_free(other);
  symm_program_free(program);
  puts("all misuse was refused");
  return 0;
}
