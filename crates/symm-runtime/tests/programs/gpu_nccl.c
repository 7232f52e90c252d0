// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host code of programs for GPUs whose collectives stay what they are. The buffers have 105 · 64 elements, which 2 to 8
// ranks can share out evenly.

#define COUNT (105 * 64)

static inline void run(uint32_t kind, uint32_t reduce_op, uint64_t in, uint64_t out, void **args) {
  CollectiveCall call = {kind, 0, kind - 1, reduce_op, 9, 0, data(args[0]), in, data(args[1]), out};
  if (kind == 5)
    call.root = 1;
  symm_rt->collective(&call);
}

// output = input * 2 + 1
static inline void affine(const void *input, void *output) {
  uint32_t count = COUNT;
  void *params[] = {&input, &output, &count};
  LaunchCall call = {0, {(COUNT + 127) / 128, 1, 1}, {128, 1, 1}, 0, params};
  symm_rt->launch(&call);
}

// A maximum over group 1, as op 5.
static inline void reduce_pair(void **args) {
  CollectiveCall call = {1, 1, 5, 5, 9, 0, data(args[0]), COUNT, data(args[1]), COUNT};
  symm_rt->collective(&call);
}

static inline uint32_t size(void) { return symm_rt->group(0)->size; }

void symm_entry_all_reduce(void **args) { run(1, 5, COUNT, COUNT, args); }

void symm_entry_all_gather(void **args) { run(2, 0, COUNT / size(), COUNT, args); }

void symm_entry_reduce_scatter(void **args) { run(3, 1, COUNT, COUNT / size(), args); }

void symm_entry_all_to_all(void **args) { run(4, 0, COUNT, COUNT, args); }

void symm_entry_broadcast(void **args) { run(5, 0, COUNT, COUNT, args); }

// The result begins within the operand.
void symm_entry_overlapping(void **args) {
  char *buffer = data(args[0]);
  CollectiveCall call = {1, 0, 0, 5, 9, 0, buffer, COUNT, buffer + 16, COUNT};
  symm_rt->collective(&call);
}

// Member 1 never comes.
void symm_entry_stall(void **args) {
  if (symm_rt->group(0)->rank != 1)
    run(1, 1, COUNT, COUNT, args);
}

// Member 1 never comes to the second.
void symm_entry_stall_later(void **args) {
  run(2, 0, COUNT / size(), COUNT, args);
  symm_entry_stall(args);
}

// The sum of x * 2 + 1.
void symm_entry_computed(void **args) {
  affine(data(args[0]), data(args[0]));
  run(1, 1, COUNT, COUNT, args);
}

// Only in programs with a second group, which rank 2 is not in.
void symm_entry_pair(void **args) {
  if (symm_rt->group(1)->rank != UINT32_MAX)
    reduce_pair(args);
}
