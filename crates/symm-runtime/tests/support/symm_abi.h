// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's side of compiled programs, for programs that tests write by hand in C.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  uint32_t rank, size, epoch, failed;
  uint8_t *const *bases;
  uint64_t pad_offset, pad_stride;
} GroupView;

typedef struct {
  uint32_t kind, group, op_id, reduce_op, dtype, root;
  const void *input;
  uint64_t input_count;
  void *output;
  uint64_t output_count;
} CollectiveCall;

typedef struct {
  uint32_t kernel, grid[3], block[3], shared_bytes;
  void **params;
} LaunchCall;

typedef struct {
  uint32_t matmul, reserved;
  const void *a, *b;
  void *c;
} MatmulCall;

typedef struct {
  uint32_t all_reduce, reserved;
  const void *input;
  void *output;
  uint64_t count;
} AllReduceCall;

typedef struct {
  uint32_t abi_version, size_bytes;
  GroupView *(*group)(uint32_t group);
  void *(*alloc)(uint32_t group, uint64_t bytes, uint64_t align);
  void (*free)(uint32_t group, void *pointer);
  uint32_t (*enter)(uint32_t group, uint32_t op_id, uint64_t bytes, uint64_t buffer);
  void (*leave)(uint32_t group, uint32_t op_id);
  uint32_t (*wait)(uint32_t group, uint32_t peer, uint32_t epoch, uint32_t phase);
  uint32_t (*collective)(const CollectiveCall *call);
  void *(*host_alloc)(uint64_t bytes, uint64_t align);
  void (*host_free)(void *pointer);
  uint32_t (*launch)(const LaunchCall *call);
  uint32_t (*matmul)(const MatmulCall *call);
  uint32_t (*copy)(void *to, const void *from, uint64_t bytes);
  const void *(*constant)(uint32_t constant);
  uint32_t (*all_reduce)(const AllReduceCall *call);
} RuntimeTable;

const RuntimeTable *symm_rt = 0;

__attribute__((section(".symm.digest"), used)) const char symm_digest[32] = {0};

// The buffer behind a memref descriptor.
static inline void *data(void *descriptor) {
  return ((void **)descriptor)[1];
}

static inline uint32_t *signal_word(GroupView *view, uint32_t to, uint32_t from) {
  return (uint32_t *)(view->bases[to] + view->pad_offset + from * view->pad_stride);
}

// The copy of a symmetric buffer that a peer holds.
static inline void *peer_copy(GroupView *view, void *buffer, uint32_t peer) {
  return view->bases[peer] + ((uint8_t *)buffer - view->bases[view->rank]);
}

// Meets all members; nonzero: the group failed.
static inline uint32_t meet(uint32_t group, GroupView *view, uint32_t phase) {
  uint32_t epoch = ++view->epoch;
  for (uint32_t peer = 0; peer < view->size; ++peer)
    __atomic_store_n(signal_word(view, peer, view->rank), epoch, __ATOMIC_RELEASE);
  for (uint32_t peer = 0; peer < view->size; ++peer) {
    uint32_t seen = __atomic_load_n(signal_word(view, view->rank, peer), __ATOMIC_ACQUIRE);
    if ((int32_t)(seen - epoch) < 0 && symm_rt->wait(group, peer, epoch, phase))
      return 1;
  }
  return 0;
}

// One-shot pull all-reduce of floats, with the sum in rank order.
static inline void pull_all_reduce(uint32_t group, uint32_t op, float *symmetric, float *out, size_t count) {
  GroupView *view = symm_rt->group(group);
  if (symm_rt->enter(group, op, count * sizeof(float), (uint64_t)symmetric) || meet(group, view, 0))
    return;
  for (size_t i = 0; i < count; ++i) {
    float total = ((float *)peer_copy(view, symmetric, 0))[i];
    for (uint32_t peer = 1; peer < view->size; ++peer)
      total += ((float *)peer_copy(view, symmetric, peer))[i];
    out[i] = total;
  }
  if (meet(group, view, 1) == 0)
    symm_rt->leave(group, op);
}
