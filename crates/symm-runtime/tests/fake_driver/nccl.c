// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pretend NCCL; see fake.h. Members are threads or processes: what they share is a file, which the communicator's id
// names.

#define _GNU_SOURCE

#include "fake.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REMOTE_ERROR = 6, MAX_MEMBERS = 16, PAUSE = 200, DESTROY_MS = 20000 };

enum kind { ALL_REDUCE, REDUCE_SCATTER, ALL_GATHER, BROADCAST, POINT_TO_POINT, KINDS };

struct id {
  char path[128];
};

// What the members share.
struct clique {
  atomic_int joined, connected[KINDS], destroyed;
  // Collectives that each member's device has begun.
  atomic_ullong begun[MAX_MEMBERS];
};

struct communicator {
  struct clique *clique;
  int size, rank, connected[KINDS];
  uint64_t begun;
  atomic_int aborted, calls;
};

static int number(const char *variable, int otherwise) {
  const char *given = getenv(variable);
  return given ? atoi(given) : otherwise;
}

// Whether FAKE_NCCL_FAIL names this call.
static int fails(const char *name, int rank, int size) {
  char rule[64];
  const char *given = getenv("FAKE_NCCL_FAIL");
  snprintf(rule, sizeof rule, "%s:%d:%d", name, rank, size);
  return given && strcmp(given, rule) == 0;
}

int ncclGetVersion(int *version) {
  *version = number("FAKE_NCCL_VERSION", 22803);
  return SUCCESS;
}

const char *ncclGetErrorString(int code) { return code ? "pretended failure of NCCL" : "no error"; }

int ncclGetUniqueId(struct id *id) {
  memset(id, 0, sizeof *id);
  snprintf(id->path, sizeof id->path, "%s/pretend-nccl-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  int file = mkstemp(id->path);
  if (file < 0 || ftruncate(file, sizeof(struct clique)))
    return REMOTE_ERROR;
  close(file);
  return SUCCESS;
}

int ncclCommInitRank(struct communicator **made, int size, struct id id, int rank) {
  int file = open(id.path, O_RDWR | O_CLOEXEC);
  struct communicator *communicator = calloc(1, sizeof *communicator);
  communicator->clique = mmap(NULL, sizeof(struct clique), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  communicator->size = size, communicator->rank = rank;
  TRACE("ncclCommInitRank %d of %d", rank, size);
  if (fails("ncclCommInitRank", rank, size))
    return REMOTE_ERROR;
  while (number("FAKE_NCCL_STALL", -1) == rank)
    usleep(PAUSE);
  usleep((useconds_t)number("FAKE_NCCL_INIT", 0) * 1000);
  // The last one to come removes what the others have mapped.
  if (atomic_fetch_add(&communicator->clique->joined, 1) + 1 == size)
    unlink(id.path);
  while (atomic_load(&communicator->clique->joined) < size)
    usleep(PAUSE);
  *made = communicator;
  return SUCCESS;
}

// Waits for all members, but not for ever, so that a test sees that somebody has. Never freed: work in streams may refer to it.
int ncclCommDestroy(struct communicator *communicator) {
  double begun = fake_now();
  TRACE("ncclCommDestroy %d", communicator->rank);
  atomic_fetch_add(&communicator->clique->destroyed, 1);
  while (atomic_load(&communicator->clique->destroyed) < communicator->size && fake_now() - begun < DESTROY_MS)
    usleep(PAUSE);
  return SUCCESS;
}

int ncclCommAbort(struct communicator *communicator) {
  TRACE("ncclCommAbort %d, with %d calls in it", communicator->rank, atomic_load(&communicator->calls));
  atomic_store(&communicator->aborted, 1);
  return SUCCESS;
}

// Done when every member's device has begun as many collectives as this one.
static int meet(struct work *work) {
  struct communicator *communicator = work->object;
  if (atomic_load(&communicator->aborted))
    return 1;
  if (!work->values[0]) {
    work->values[0] = ++communicator->begun;
    atomic_store(&communicator->clique->begun[communicator->rank], communicator->begun);
  }
  for (int i = 0; i < communicator->size; ++i)
    if (atomic_load(&communicator->clique->begun[i]) < work->values[0])
      return 0;
  return 1;
}

static int connect_members(struct communicator *communicator, enum kind kind) {
  atomic_int *connected = &communicator->clique->connected[kind];
  if (communicator->connected[kind])
    return SUCCESS;
  TRACE("rank %d connects for kind %d", communicator->rank, kind);
  atomic_fetch_add(connected, 1);
  while (atomic_load(connected) < communicator->size) {
    if (atomic_load(&communicator->aborted))
      return REMOTE_ERROR;
    usleep(PAUSE);
  }
  return !(communicator->connected[kind] = 1);
}

static int collective(struct communicator *communicator, enum kind kind, void *stream) {
  atomic_fetch_add(&communicator->calls, 1);
  int code = connect_members(communicator, kind);
  if (code == SUCCESS)
    fake_submit(stream, (struct work){.step = meet, .object = communicator});
  atomic_fetch_sub(&communicator->calls, 1);
  return code;
}

// The sends and receives of a group are one collective.
static __thread int depth;
static __thread struct communicator *grouped;
static __thread void *grouped_stream;

int ncclGroupStart(void) {
  ++depth;
  return SUCCESS;
}

int ncclGroupEnd(void) {
  struct communicator *communicator = grouped;
  if (--depth > 0 || !communicator)
    return SUCCESS;
  grouped = NULL;
  return collective(communicator, POINT_TO_POINT, grouped_stream);
}

static int point_to_point(struct communicator *communicator, void *stream) {
  if (depth == 0)
    return collective(communicator, POINT_TO_POINT, stream);
  grouped = communicator, grouped_stream = stream;
  return SUCCESS;
}

#define UNUSED __attribute__((unused))

int ncclAllReduce(UNUSED const void *from, UNUSED void *to, UNUSED size_t count, UNUSED int type, UNUSED int op,
                  struct communicator *communicator, void *stream) {
  if (fails("ncclAllReduce", communicator->rank, communicator->size))
    return REMOTE_ERROR;
  return collective(communicator, ALL_REDUCE, stream);
}

int ncclReduceScatter(UNUSED const void *from, UNUSED void *to, UNUSED size_t count, UNUSED int type, UNUSED int op,
                      struct communicator *communicator, void *stream) {
  return collective(communicator, REDUCE_SCATTER, stream);
}

int ncclAllGather(UNUSED const void *from, UNUSED void *to, UNUSED size_t count, UNUSED int type,
                  struct communicator *communicator, void *stream) {
  return collective(communicator, ALL_GATHER, stream);
}

int ncclBroadcast(UNUSED const void *from, UNUSED void *to, UNUSED size_t count, UNUSED int type, UNUSED int root,
                  struct communicator *communicator, void *stream) {
  return collective(communicator, BROADCAST, stream);
}

int ncclSend(UNUSED const void *from, UNUSED size_t count, UNUSED int type, UNUSED int peer,
             struct communicator *communicator, void *stream) {
  return point_to_point(communicator, stream);
}

int ncclRecv(UNUSED void *to, UNUSED size_t count, UNUSED int type, UNUSED int peer, struct communicator *communicator,
             void *stream) {
  return point_to_point(communicator, stream);
}
