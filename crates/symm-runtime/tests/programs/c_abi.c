/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs an entry of a program through symm.h, on ranks that are threads or as one of the ranks that a launcher started, and checks
 * that every rank gets the sum.
 *
 *     c_abi PROGRAM RANKS|join ENTRY [LATE]
 *
 * The entry takes one array of floats and gives one of the same type. On GPUs it runs eagerly, and captured in a graph.
 * With LATE, the rank of that number never runs the entry: every other rank must be told who is missing. Where C_ABI_FAILS is set,
 * the entry fails, and every rank must be told this. Where C_ABI_LISTENS is set, the library's messages are taken and printed; where
 * C_ABI_PRETENDS is set, kernels do nothing, so sums are not looked at.
 */

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

enum { MAX_RANKS = 8, REPLAYS = 100 };

/* The driver's functions, found at run time: there is no CUDA where this is compiled. */
static int (*cu_init)(unsigned);
static int (*cu_count)(int *);
static int (*cu_retain)(void **, int);
static int (*cu_current)(void *);
static int (*cu_stream)(void **, unsigned);
static int (*cu_alloc)(uint64_t *, size_t);
static int (*cu_upload)(uint64_t, const void *, size_t);
static int (*cu_download)(void *, uint64_t, size_t);
static int (*cu_wait)(void *);
static int (*cu_capture)(void *, int);
static int (*cu_captured)(void *, void **);
static int (*cu_instantiate)(void **, void *, unsigned long long);
static int (*cu_replay)(void *, void *);

static void find(void *driver, const char *name, void *function) {
  void *symbol = dlsym(driver, name);
  CHECK(symbol, "no %s", name);
  memcpy(function, &symbol, sizeof symbol);
}

static void load_driver(void) {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  CHECK(driver, "no driver");
  find(driver, "cuInit", &cu_init);
  find(driver, "cuDeviceGetCount", &cu_count);
  find(driver, "cuDevicePrimaryCtxRetain", &cu_retain);
  find(driver, "cuCtxSetCurrent", &cu_current);
  find(driver, "cuStreamCreate", &cu_stream);
  find(driver, "cuMemAlloc_v2", &cu_alloc);
  find(driver, "cuMemcpyHtoD_v2", &cu_upload);
  find(driver, "cuMemcpyDtoH_v2", &cu_download);
  find(driver, "cuStreamSynchronize", &cu_wait);
  find(driver, "cuStreamBeginCapture_v2", &cu_capture);
  find(driver, "cuStreamEndCapture", &cu_captured);
  find(driver, "cuGraphInstantiateWithFlags", &cu_instantiate);
  find(driver, "cuGraphLaunch", &cu_replay);
  CHECK(cu_init(0) == 0, "cuInit");
}

static symm_program *program;
static symm_world *world;
static const char *entry;
static symm_value argument;
static int ranks, late = -1, gpus, joined;

static float element(int rank, size_t i) { return (float)(rank * 100 + (int)(i % 97)); }

static void check_sums(int rank, const float *found, size_t count) {
  size_t i;
  if (getenv("C_ABI_PRETENDS"))
    return;
  for (i = 0; i < count; ++i) {
    float sum = 0;
    int other;
    for (other = 0; other < ranks; ++other)
      sum += element(other, i);
    CHECK(found[i] == sum, "rank %d: element %zu is %g, expected %g", rank, i, (double)found[i], (double)sum);
  }
}

static float *host_buffer(void) {
  void *buffer = NULL;
  CHECK(posix_memalign(&buffer, SYMM_BUFFER_ALIGN, argument.bytes) == 0, "no memory");
  memset(buffer, 0xff, argument.bytes);
  return buffer;
}

/* What every rank has to be told; NULL: nothing fails. */
static const char *failure;

static void expect_failure(symm_status status) {
  CHECK(status == SYMM_FAILED, "status %d: %s", (int)status, symm_last_error());
  CHECK(strstr(symm_last_error(), failure), "%s", symm_last_error());
}

static void refuse_what_cannot_be(symm_call *call, float *buffer) {
  CHECK(symm_call_run(call, NULL) == SYMM_INVALID, "a call without buffers ran");
  CHECK(strstr(symm_last_error(), "has no buffer"), "%s", symm_last_error());
  CHECK(symm_call_bind_argument(call, 0, buffer, argument.bytes - 1) == SYMM_INVALID, "a short buffer was bound");
  CHECK(symm_call_bind_argument(call, 1, buffer, argument.bytes) == SYMM_INVALID, "a second argument was bound");
  CHECK(symm_call_bind_argument(call, 0, (char *)buffer + 4, argument.bytes) == SYMM_INVALID, "a shifted buffer was bound");
  CHECK(strstr(symm_last_error(), "aligned to 64 bytes"), "%s", symm_last_error());
  CHECK(symm_call_bind_argument(call, 0, NULL, argument.bytes) == SYMM_INVALID, "null was bound");
  CHECK(strstr(symm_last_error(), "the buffer is null"), "%s", symm_last_error());
  CHECK(symm_call_bind_argument(NULL, 0, buffer, argument.bytes) == SYMM_INVALID, "null was bound to");
}

static void run_on_cpu(int number, symm_rank *rank, symm_call *call, float *input, float *output) {
  size_t count = argument.bytes / sizeof(float), i;
  int round;
  OK(symm_call_bind_argument(call, 0, input, argument.bytes));
  OK(symm_call_bind_result(call, 0, output, argument.bytes));
  for (round = 0; round < 3; ++round) {
    symm_status status;
    for (i = 0; i < count; ++i)
      input[i] = element(number, i);
    if (number == late)
      return;
    status = symm_call_run(call, NULL);
    if (failure) {
      expect_failure(status);
      expect_failure(symm_rank_check(rank));
      return;
    }
    CHECK(status == SYMM_OK, "%s", symm_last_error());
    check_sums(number, output, count);
  }
  OK(symm_rank_check(rank));
}

static void run_on_gpu(int number, symm_rank *rank, symm_call *call, float *input, float *output) {
  size_t count = argument.bytes / sizeof(float), i;
  uint64_t device_input, device_output;
  void *context, *stream, *graph, *replay;
  int round;
  CHECK(cu_retain(&context, number % gpus) == 0 && cu_current(context) == 0, "no context");
  CHECK(cu_stream(&stream, 1) == 0, "no stream");
  CHECK(cu_alloc(&device_input, argument.bytes) == 0 && cu_alloc(&device_output, argument.bytes) == 0, "no memory");
  for (i = 0; i < count; ++i)
    input[i] = element(number, i);
  CHECK(cu_upload(device_input, input, argument.bytes) == 0, "cuMemcpyHtoD");
  OK(symm_call_bind_argument(call, 0, (void *)(uintptr_t)device_input, argument.bytes));
  OK(symm_call_bind_result(call, 0, (void *)(uintptr_t)device_output, argument.bytes));
  if (number == late)
    return;
  OK(symm_call_run(call, stream));
  CHECK(cu_wait(stream) == 0, "cuStreamSynchronize");
  if (failure) {
    expect_failure(symm_rank_check(rank));
    expect_failure(symm_call_run(call, stream));
    return;
  }
  OK(symm_rank_check(rank));
  CHECK(cu_download(output, device_output, argument.bytes) == 0, "cuMemcpyDtoH");
  check_sums(number, output, count);

  CHECK(cu_capture(stream, 1) == 0, "cuStreamBeginCapture");
  OK(symm_call_run(call, stream));
  CHECK(cu_captured(stream, &graph) == 0 && cu_instantiate(&replay, graph, 0) == 0, "no graph");
  for (round = 0; round < REPLAYS; ++round)
    CHECK(cu_replay(replay, stream) == 0, "cuGraphLaunch");
  CHECK(cu_wait(stream) == 0, "cuStreamSynchronize");
  OK(symm_rank_check(rank));
  memset(output, 0xff, argument.bytes);
  CHECK(cu_download(output, device_output, argument.bytes) == 0, "cuMemcpyDtoH");
  check_sums(number, output, count);
}

static void print_message(symm_log_level level, const char *message, void *to) {
  fprintf(to, "message of level %d: %s\n", (int)level, message);
}

/* Met by the ranks of this process: a failure is to be told by what is checked, not by the start or the end. */
static pthread_barrier_t all_here;

static void *run_rank(void *parameter) {
  int number = (int)(intptr_t)parameter;
  float *input = host_buffer(), *output = host_buffer();
  symm_rank *rank;
  symm_call *call;
  OK(symm_rank_start(world, program, (uint32_t)number, gpus && !joined ? number % gpus : SYMM_ANY_GPU, &rank));
  CHECK(symm_call_create(rank, "no such entry", &call) == SYMM_INVALID, "an entry was found");
  OK(symm_call_create(rank, entry, &call));
  refuse_what_cannot_be(call, output);
  pthread_barrier_wait(&all_here);
  if (gpus)
    run_on_gpu(number, rank, call, input, output);
  else
    run_on_cpu(number, rank, call, input, output);
  pthread_barrier_wait(&all_here);
  symm_rank_free(rank);
  symm_call_free(call);
  free(input);
  free(output);
  return NULL;
}

/* Runs every rank of this process. */
static void run_threads(void) {
  pthread_t threads[MAX_RANKS];
  int i;
  for (i = 0; i < ranks; ++i)
    CHECK(pthread_create(&threads[i], NULL, run_rank, (void *)(intptr_t)i) == 0, "no thread");
  for (i = 0; i < ranks; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0, "no end");
}

/* Runs the rank that this process is. */
static void run_own(void) {
  uint32_t own = symm_world_rank(world), other = own ? 0 : 1;
  symm_rank *rank;
  CHECK(symm_rank_start(world, program, other, SYMM_ANY_GPU, &rank) == SYMM_INVALID, "another process's rank started");
  run_rank((void *)(intptr_t)own);
}

int main(int count, char **arguments) {
  static char missing[64];
  symm_options options;
  CHECK(count >= 4, "usage: c_abi PROGRAM RANKS|join ENTRY [LATE]");
  joined = strcmp(arguments[2], "join") == 0;
  ranks = joined ? 1 : atoi(arguments[2]);
  entry = arguments[3];
  failure = getenv("C_ABI_FAILS");
  if (count > 4) {
    late = atoi(arguments[4]);
    snprintf(missing, sizeof missing, "rank %d did not arrive", late);
    failure = missing;
  }
  CHECK(ranks > 0 && ranks <= MAX_RANKS, "%d ranks", ranks);
  CHECK(pthread_barrier_init(&all_here, NULL, (unsigned)ranks) == 0, "no barrier");
  if (getenv("C_ABI_LISTENS"))
    symm_set_log(print_message, stdout);

  CHECK(symm_program_load("/no/such/file.so", &program) == SYMM_UNUSABLE, "a file was found");
  CHECK(strstr(symm_last_error(), "/no/such/file.so"), "%s", symm_last_error());
  CHECK(symm_program_load(NULL, &program) == SYMM_INVALID, "null was loaded");
  OK(symm_program_load(arguments[1], &program));
  OK(symm_program_argument(program, entry, 0, &argument));
  CHECK(argument.dtype == SYMM_F32 && argument.dimensions == 2, "dtype %d", (int)argument.dtype);
  CHECK(argument.bytes == argument.shape[0] * argument.shape[1] * 4, "%llu bytes", (unsigned long long)argument.bytes);
  CHECK(symm_program_argument(program, entry, 1, &argument) == SYMM_INVALID, "a second argument was found");
  CHECK(strcmp(argument.name, "x") == 0, "'%s'", argument.name);
  if (symm_program_device(program) == SYMM_DEVICE_CUDA) {
    load_driver();
    CHECK(cu_count(&gpus) == 0 && gpus > 0, "no GPU");
  }

  memset(&options, 0, sizeof options);
  CHECK(symm_world_create(program, &options, &world) == SYMM_INVALID, "options of another size were taken");
  options.size_bytes = sizeof options;
  options.timeout_ms = late >= 0 ? 1000 : 20000;
  if (joined) {
    OK(symm_world_join(program, &options, &world));
    ranks = (int)symm_world_size(world);
    run_own();
  } else {
    options.ranks = (uint32_t)ranks;
    OK(symm_world_create(program, &options, &world));
    CHECK(symm_world_size(world) == (uint32_t)ranks, "%u ranks", symm_world_size(world));
    run_threads();
  }
  symm_world_free(world);
  symm_program_free(program);
  symm_program_free(NULL);
  printf("symm %s: %d ranks agree\n", symm_version(), ranks);
  return 0;
}
