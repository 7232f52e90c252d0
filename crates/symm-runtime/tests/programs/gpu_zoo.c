// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host code of programs for GPUs: what the compiler would emit, and what it never would.

#define ROWS 105
#define COLUMNS 64
#define COUNT (ROWS * COLUMNS)
#define BYTES (COUNT * sizeof(float))
#define FEW 1000

static inline void reduce(uint32_t channel, const void *input, void *output) {
  AllReduceCall call = {channel, 0, input, output, COUNT};
  symm_rt->all_reduce(&call);
}

// output = input * 2 + 1
static inline void affine(const void *input, void *output) {
  uint32_t count = COUNT;
  void *params[] = {&input, &output, &count};
  LaunchCall call = {0, {(COUNT + 127) / 128, 1, 1}, {128, 1, 1}, 0, params};
  symm_rt->launch(&call);
}

void symm_entry_one_shot_push(void **args) { reduce(0, data(args[0]), data(args[1])); }

void symm_entry_two_shot_push(void **args) { reduce(1, data(args[0]), data(args[1])); }

void symm_entry_one_shot_pull(void **args) {
  void *operand = symm_rt->alloc(0, BYTES, 16);
  symm_rt->copy(operand, data(args[0]), BYTES);
  reduce(2, operand, data(args[1]));
  symm_rt->free(0, operand);
}

void symm_entry_two_shot_pull(void **args) {
  void *operand = symm_rt->alloc(0, BYTES, 16);
  symm_rt->copy(operand, data(args[0]), BYTES);
  reduce(3, operand, operand);
  symm_rt->copy(data(args[1]), operand, BYTES);
  symm_rt->free(0, operand);
}

// The sum of x * 2 + 1, then * 2 + 1, summed again: buffers of the arena, two channels in a row.
void symm_entry_chain(void **args) {
  void *first = symm_rt->host_alloc(BYTES, 64), *second = symm_rt->host_alloc(BYTES, 64);
  affine(data(args[0]), first);
  reduce(0, first, second);
  symm_rt->host_free(first);
  void *third = symm_rt->host_alloc(BYTES, 64);
  affine(second, third);
  reduce(1, third, data(args[1]));
  symm_rt->host_free(second);
  symm_rt->host_free(third);
}

// Large and small ones take turns in one channel.
void symm_entry_shared(void **args) {
  void *result = data(args[1]);
  AllReduceCall few = {4, 0, result, result, FEW};
  reduce(0, data(args[0]), result);
  symm_rt->all_reduce(&few);
  symm_rt->all_reduce(&few);
  reduce(0, result, result);
}

// Takes most of the arena and never gives it back.
void symm_entry_leak(void **args) {
  symm_rt->host_alloc(600 << 20, 64);
  symm_rt->alloc(0, 1 << 20, 64);
  reduce(0, data(args[0]), data(args[1]));
}

void symm_entry_constant(void **args) { symm_rt->copy(data(args[1]), symm_rt->constant(0), BYTES); }

// Member 1 never comes.
void symm_entry_stall(void **args) {
  if (symm_rt->group(0)->rank != 1)
    reduce(0, data(args[0]), data(args[1]));
}

// Member 1 never comes, and what follows finds the group failed.
void symm_entry_stall_first(void **args) {
  if (symm_rt->group(0)->rank == 1)
    return;
  reduce(0, data(args[0]), data(args[1]));
  reduce(1, data(args[0]), data(args[1]));
}

// The result begins within the operand.
void symm_entry_overlapping(void **args) {
  char *buffer = symm_rt->host_alloc(2 * BYTES, 64);
  reduce(1, buffer, buffer + BYTES / 2);
  symm_rt->host_free(buffer);
  (void)args;
}

// Member 1 brings another symmetric buffer than the others.
void symm_entry_other_buffer(void **args) {
  void *first = symm_rt->alloc(0, BYTES, 16), *second = symm_rt->alloc(0, BYTES, 16);
  void *operand = symm_rt->group(0)->rank == 1 ? second : first;
  symm_rt->copy(operand, data(args[0]), BYTES);
  reduce(2, operand, data(args[1]));
  symm_rt->free(0, second);
  symm_rt->free(0, first);
}

// Member 1 wants the result in another symmetric buffer than the others.
void symm_entry_other_result(void **args) {
  void *buffers[] = {symm_rt->alloc(0, BYTES, 16), symm_rt->alloc(0, BYTES, 16), symm_rt->alloc(0, BYTES, 16)};
  symm_rt->copy(buffers[0], data(args[0]), BYTES);
  reduce(3, buffers[0], buffers[symm_rt->group(0)->rank == 1 ? 2 : 1]);
  for (int i = 2; i >= 0; --i)
    symm_rt->free(0, buffers[i]);
}

// Member 1 calls another collective than the others.
void symm_entry_other_op(void **args) {
  reduce(symm_rt->group(0)->rank == 1, data(args[0]), data(args[1]));
}

void symm_entry_arena_exhausted(void **args) {
  void *huge = symm_rt->host_alloc((uint64_t)1 << 42, 64);
  symm_rt->copy(data(args[1]), huge, BYTES);
}

void symm_entry_heap_exhausted(void **args) {
  void *huge = symm_rt->alloc(0, (uint64_t)1 << 42, 64);
  symm_rt->copy(data(args[1]), huge, BYTES);
}

// A pull algorithm on a buffer that no peer can read.
void symm_entry_not_symmetric(void **args) { reduce(2, data(args[0]), data(args[1])); }

void symm_entry_too_many(void **args) {
  AllReduceCall call = {0, 0, data(args[0]), data(args[1]), COUNT + 1};
  symm_rt->all_reduce(&call);
}

void symm_entry_unknown_kernel(void **args) {
  (void)args;
  LaunchCall call = {7, {1, 1, 1}, {32, 1, 1}, 0, 0};
  symm_rt->launch(&call);
}
