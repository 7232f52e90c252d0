// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pretend CUDA driver and a pretend NCCL, so that machines without GPUs test what the runtime does on the host: starting,
// meeting, waiting, failing, cleaning up.
//
// Real are memory (the host's; memory to be shared is a file, so processes can map it), streams and events (queues that a
// thread of the library works off, in order), graphs (captured and replayed), and that NCCL waits for every member.
// Pretended is the rest: KERNELS DO NOTHING, AND NCCL MOVES NO DATA, so no result of a program means anything here.
//
// As in the real driver, cuMemFree waits for all devices, and holds up other threads' calls as long; copies that name no
// stream wait for streams that are not made "non-blocking"; a stream takes 1024 pieces of work and then makes its caller
// wait. As in the real NCCL, the members are connected inside the first collective of each kind, and destroying a
// communicator waits for all of them.
//
// What happens is chosen by environment variables. RULE is GPU:NAME, where GPU is an ordinal or *, and NAME a part of the
// name of a kernel; several rules are separated by commas.
//
//   FAKE_GPUS=4               number of GPUs
//   FAKE_UUIDS=1,2,3,4        what tells GPUs apart, by ordinal
//   FAKE_MULTIPROCESSORS=132,78   how many each GPU has, by ordinal; 4 blocks fit on each of them
//   FAKE_NO_PEER=1            no GPU reaches another's memory
//   FAKE_OOM=GPU              the GPU has no memory to share
//   FAKE_HANG=RULE            kernels that never end
//   FAKE_SLOW=RULE:MS         kernels that take MS milliseconds
//   FAKE_WAIT=RULE            all-reduce kernels that wait for a peer in vain, as generated ones do: until their time is out
//                             or the abort word of their group is set; they fill their record and set the peers' words
//   FAKE_WAIT=RULE:left       the same, but they leave at once, because of a peer that never says why
//   FAKE_FAIL=RULE:N          launches that fail, after N that don't; the name of graphs is "graph"
//   FAKE_NCCL_VERSION=22803   NCCL's version
//   FAKE_NCCL_STALL=RANK      ncclCommInitRank never returns on this rank of a communicator
//   FAKE_NCCL_FAIL=NAME:RANK:SIZE   ncclCommInitRank or ncclAllReduce fails on this rank of communicators of SIZE members
//   FAKE_NCCL_INIT=MS         ncclCommInitRank takes MS milliseconds
//   FAKE_TRACE=1              tells of every call on the standard error

#ifndef SYMM_FAKE_H
#define SYMM_FAKE_H

#include <stdint.h>
#include <stdio.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_READY = 600, LAUNCH_FAILED = 719 };

// A piece of a stream's work. Its step is called until it gives true, with the lock of all streams held.
struct work {
  int (*step)(struct work *);
  // Milliseconds; 0 before the first step.
  double begun;
  void *object;
  uint64_t values[12];
};

// Puts work into a stream, or into the graph that the stream is captured in.
void fake_submit(void *stream, struct work work);

// Milliseconds.
double fake_now(void);

int fake_traces(void);

// A line in one piece, whoever else writes.
#define TRACE(format, ...)                                                                                           \
  do {                                                                                                               \
    if (fake_traces())                                                                                               \
      fprintf(stderr, "[fake] " format "\n", ##__VA_ARGS__);                                                         \
  } while (0)

// Of libcuda's two parts: the device of the calling thread, and waiting for devices; -1 stands for all.
enum { MAX_GPUS = 16 };
int fake_device(void);
void fake_wait_device(int device);
void fake_wait_blocking_streams(int device);

// Waits for a call that holds up all others.
void fake_enter(void);
void fake_hold_up(void);
void fake_let_go(void);

#endif
