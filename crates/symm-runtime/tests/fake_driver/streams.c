// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams, events, graphs and kernels of the pretend driver; see fake.h.

#define _GNU_SOURCE

#include "fake.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 1024, GRAPH_DEPTH = 256, NON_BLOCKING = 1, PAUSE_US = 100 };

struct graph {
  int count;
  struct work works[GRAPH_DEPTH];
};

struct stream {
  int device, flags;
  struct graph *capture;
  // Work number n lies at n % DEPTH.
  uint64_t first, next;
  struct work works[DEPTH];
  struct stream *other;
};

struct event {
  // Records that the device has not come to.
  int pending;
  int destroyed;
  double time;
};

// Guards all streams and events.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct stream *streams;
static struct stream legacy[MAX_GPUS];

// Held by a call that holds up all others.
static pthread_mutex_t driver = PTHREAD_MUTEX_INITIALIZER;

void fake_hold_up(void) { pthread_mutex_lock(&driver); }

void fake_let_go(void) { pthread_mutex_unlock(&driver); }

void fake_enter(void) {
  fake_hold_up();
  fake_let_go();
}

double fake_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct stream *find(void *handle) {
  return (uintptr_t)handle <= 2 ? &legacy[fake_device()] : handle;
}

static int is_busy(const struct stream *stream) { return stream->first != stream->next; }

// Works off what can be worked off.
static void advance(struct stream *stream) {
  while (is_busy(stream)) {
    struct work *work = &stream->works[stream->first % DEPTH];
    if (work->begun == 0)
      work->begun = fake_now();
    if (!work->step(work))
      return;
    ++stream->first;
  }
}

// Advances every stream; returns whether a stream of a device, -1 for any, with a flag or without it, is busy.
static int advance_all(int device, int without) {
  int busy = 0, i;
  for (struct stream *stream = streams; stream; stream = stream->other) {
    advance(stream);
    busy |= is_busy(stream) && (device < 0 || stream->device == device) && !(stream->flags & without);
  }
  for (i = 0; i < MAX_GPUS; ++i) {
    advance(&legacy[i]);
    busy |= is_busy(&legacy[i]) && (device < 0 || i == device);
  }
  return busy;
}

static void *run_devices(void *nothing) {
  pthread_mutex_lock(&lock);
  for (;;) {
    while (advance_all(-1, 0)) {
      pthread_mutex_unlock(&lock);
      usleep(PAUSE_US);
      pthread_mutex_lock(&lock);
    }
    pthread_cond_wait(&submitted, &lock);
  }
  return nothing;
}

static void start_devices(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, run_devices, NULL);
  pthread_detach(thread);
}

static void wait_while_busy(int device, int without) {
  for (;;) {
    pthread_mutex_lock(&lock);
    int busy = advance_all(device, without);
    pthread_mutex_unlock(&lock);
    if (!busy)
      return;
    usleep(PAUSE_US);
  }
}

void fake_wait_device(int device) { wait_while_busy(device, 0); }

void fake_wait_blocking_streams(int device) { wait_while_busy(device, NON_BLOCKING); }

void fake_submit(void *handle, struct work work) {
  struct stream *stream = find(handle);
  fake_enter();
  pthread_once(&once, start_devices);
  work.begun = 0;
  pthread_mutex_lock(&lock);
  if (stream->capture) {
    if (stream->capture->count < GRAPH_DEPTH)
      stream->capture->works[stream->capture->count++] = work;
    pthread_mutex_unlock(&lock);
    return;
  }
  while (stream->next - stream->first == DEPTH) {
    pthread_mutex_unlock(&lock);
    usleep(PAUSE_US);
    pthread_mutex_lock(&lock);
  }
  stream->works[stream->next++ % DEPTH] = work;
  advance(stream);
  if (is_busy(stream))
    pthread_cond_signal(&submitted);
  pthread_mutex_unlock(&lock);
}

int cuStreamCreate(void **handle, unsigned flags) {
  struct stream *made = calloc(1, sizeof *made);
  made->device = fake_device();
  made->flags = (int)flags;
  pthread_mutex_lock(&lock);
  made->other = streams;
  streams = made;
  pthread_mutex_unlock(&lock);
  *handle = made;
  return SUCCESS;
}

// Work that is still there goes on; then the stream stays.
int cuStreamDestroy_v2(void *handle) {
  pthread_mutex_lock(&lock);
  struct stream *stream = handle, **place = &streams;
  advance(stream);
  if (!is_busy(stream)) {
    while (*place != stream)
      place = &(*place)->other;
    *place = stream->other;
    free(stream);
  }
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

int cuStreamQuery(void *handle) {
  struct stream *stream = find(handle);
  fake_enter();
  pthread_mutex_lock(&lock);
  advance(stream);
  int busy = is_busy(stream);
  pthread_mutex_unlock(&lock);
  return busy ? NOT_READY : SUCCESS;
}

int cuStreamSynchronize(void *handle) {
  while (cuStreamQuery(handle))
    usleep(PAUSE_US);
  return SUCCESS;
}

static int copy(struct work *work) {
  memcpy((void *)work->values[0], (void *)work->values[1], work->values[2]);
  return 1;
}

int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  fake_submit(stream, (struct work){.step = copy, .values = {to, from, bytes}});
  return SUCCESS;
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
  return cuMemcpyDtoDAsync_v2(to, (uint64_t)from, bytes, stream);
}

static int write_value(struct work *work) {
  __atomic_store_n((uint32_t *)work->values[0], (uint32_t)work->values[1], __ATOMIC_RELEASE);
  return 1;
}

int cuStreamWriteValue32_v2(void *stream, uint64_t address, uint32_t value, unsigned flags) {
  if (flags)
    return INVALID_VALUE;
  fake_submit(stream, (struct work){.step = write_value, .values = {address, value}});
  return SUCCESS;
}

int cuEventCreate(void **handle, unsigned flags) {
  (void)flags;
  *handle = calloc(1, sizeof(struct event));
  return SUCCESS;
}

int cuEventDestroy_v2(void *handle) {
  struct event *event = handle;
  pthread_mutex_lock(&lock);
  event->destroyed = 1;
  if (!event->pending)
    free(event);
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

static int happen(struct work *work) {
  struct event *event = work->object;
  event->time = fake_now();
  if (--event->pending == 0 && event->destroyed)
    free(event);
  return 1;
}

int cuEventRecord(void *handle, void *stream) {
  struct event *event = handle;
  if (find(stream)->capture)
    return SUCCESS;
  pthread_mutex_lock(&lock);
  ++event->pending;
  pthread_mutex_unlock(&lock);
  fake_submit(stream, (struct work){.step = happen, .object = event});
  return SUCCESS;
}

static int has_happened(struct work *work) { return ((struct event *)work->object)->pending == 0; }

int cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
  (void)flags;
  fake_submit(stream, (struct work){.step = has_happened, .object = event});
  return SUCCESS;
}

int cuEventQuery(void *handle) {
  struct event *event = handle;
  pthread_mutex_lock(&lock);
  advance_all(-1, 0);
  int pending = event->pending;
  pthread_mutex_unlock(&lock);
  return pending ? NOT_READY : SUCCESS;
}

int cuEventSynchronize(void *event) {
  while (cuEventQuery(event))
    usleep(PAUSE_US);
  return SUCCESS;
}

int cuEventElapsedTime(float *ms, void *begin, void *end) {
  if (cuEventQuery(begin) || cuEventQuery(end))
    return NOT_READY;
  *ms = (float)(((struct event *)end)->time - ((struct event *)begin)->time);
  return SUCCESS;
}

int cuEventElapsedTime_v2(float *ms, void *begin, void *end) { return cuEventElapsedTime(ms, begin, end); }

int cuStreamBeginCapture_v2(void *stream, int mode) {
  (void)mode;
  find(stream)->capture = calloc(1, sizeof(struct graph));
  return SUCCESS;
}

int cuStreamEndCapture(void *handle, void **graph) {
  struct stream *stream = find(handle);
  *graph = stream->capture;
  stream->capture = NULL;
  return *graph ? SUCCESS : INVALID_VALUE;
}

int cuStreamIsCapturing(void *stream, int *status) {
  *status = find(stream)->capture != NULL;
  return SUCCESS;
}

int cuThreadExchangeStreamCaptureMode(int *mode) { return mode ? SUCCESS : INVALID_VALUE; }

int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
  (void)flags;
  *executable = malloc(sizeof(struct graph));
  memcpy(*executable, graph, sizeof(struct graph));
  return SUCCESS;
}

int cuGraphUpload(void *executable, void *stream) {
  (void)stream;
  return executable ? SUCCESS : INVALID_VALUE;
}

int cuGraphDestroy(void *graph) {
  free(graph);
  return SUCCESS;
}

int cuGraphExecDestroy(void *executable) {
  free(executable);
  return SUCCESS;
}

// The part of symm_abi's KernelParams that a kernel which waits in vain needs.
struct params {
  uint64_t peers[8], state, input, output, count, stride, abort, record, timeout_ns;
  uint32_t rank, op, flags, reserved;
};

static int ends(struct work *work) { return work != NULL; }

static int hangs(struct work *work) { return work == NULL; }

static int is_slow(struct work *work) { return fake_now() - work->begun >= (double)work->values[0]; }

enum { RECORD = 8, TIMEOUT = 9, RANK = 10, OP = 11 };

// Records that a kernel has left, because of a member, counted from 1, or because its own time was over.
static void leave(const uint64_t *values, uint32_t cause) {
  uint32_t *record = (uint32_t *)values[RECORD], rank = (uint32_t)values[RANK];
  record[1] = (uint32_t)values[OP], record[2] = 0, record[3] = rank == 0, record[4] = 1;
  record[6] = cause ? cause - 1 : rank;
  __atomic_store_n(record, cause ? 2 : 1, __ATOMIC_RELEASE);
}

static int is_left(struct work *work) {
  leave(work->values, work->values[RANK] == 0 ? 2 : 1);
  return 1;
}

// The first eight values are addresses of abort words: this rank's, then the peers'.
static int waits(struct work *work) {
  const uint64_t *values = work->values;
  uint32_t cause = __atomic_load_n((uint32_t *)values[0], __ATOMIC_ACQUIRE), rank = (uint32_t)values[RANK];
  int is_late = (fake_now() - work->begun) * 1e6 >= (double)values[TIMEOUT];
  if (!cause && !is_late)
    return 0;
  for (int i = 0; i < 8 && !cause && values[i]; ++i)
    __atomic_store_n((uint32_t *)values[i], rank + 1, __ATOMIC_RELEASE);
  leave(values, cause);
  return 1;
}

static struct work waiting(const struct params *params) {
  struct work work = {.step = waits};
  for (int i = 0; i < 8; ++i)
    work.values[i] = params->peers[i] ? params->abort - params->peers[0] + params->peers[i] : 0;
  work.values[RECORD] = params->record, work.values[TIMEOUT] = params->timeout_ns;
  work.values[RANK] = params->rank, work.values[OP] = params->op;
  return work;
}

// Finds the rule of a variable for a kernel on this device; returns what follows its name, "" if nothing does.
static const char *rule(const char *variable, const char *kernel) {
  for (const char *at = getenv(variable); at && *at; at += strcspn(at, ","), at += *at == ',') {
    const char *name = strchr(at, ':');
    if (!name || (*at != '*' && atoi(at) != fake_device()))
      continue;
    size_t length = strcspn(++name, ":,");
    if (memmem(kernel, strlen(kernel), name, length))
      return name + length + (name[length] == ':');
  }
  return NULL;
}

struct config {
  unsigned grid[3], block[3], shared;
  void *stream;
};

static int fails(const char *name) {
  static int launched;
  const char *after = rule("FAKE_FAIL", name);
  return after && __atomic_fetch_add(&launched, 1, __ATOMIC_RELAXED) >= atoi(after);
}

int cuGraphLaunch(void *executable, void *stream) {
  const struct graph *graph = executable;
  if (fails("graph"))
    return LAUNCH_FAILED;
  for (int i = 0; i < graph->count; ++i)
    fake_submit(stream, graph->works[i]);
  return SUCCESS;
}

int cuLaunchKernelEx(const struct config *config, const char *kernel, void **pointers, void **extra) {
  const char *value;
  (void)extra;
  TRACE("launch %s on %d: %u blocks", kernel, fake_device(), config->grid[0]);
  if (fails(kernel))
    return LAUNCH_FAILED;
  struct work work = {.step = ends};
  if (rule("FAKE_HANG", kernel))
    work.step = hangs;
  else if ((value = rule("FAKE_SLOW", kernel)))
    work = (struct work){.step = is_slow, .values = {(uint64_t)atoi(value)}};
  else if ((value = rule("FAKE_WAIT", kernel))) {
    work = waiting(pointers[0]);
    if (strncmp(value, "left", 4) == 0)
      work.step = is_left;
  }
  fake_submit(config->stream, work);
  return SUCCESS;
}
