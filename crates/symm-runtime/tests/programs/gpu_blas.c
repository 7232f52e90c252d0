// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host code of programs for GPUs that multiply matrices, x having 105 rows of 64.

static inline void multiply(uint32_t matmul, const void *a, const void *b, void *c) {
  MatmulCall call = {matmul, 0, a, b, c};
  symm_rt->matmul(&call);
}

// x · W, with W of 64 rows of 64 in a constant.
void symm_entry_product(void **args) {
  multiply(0, data(args[0]), symm_rt->constant(0), data(args[1]));
}

// W + xᵀ · x in the first rows.
void symm_entry_gram(void **args) {
  symm_rt->copy(data(args[1]), symm_rt->constant(0), 64 * 64 * sizeof(float));
  multiply(1, data(args[0]), data(args[0]), data(args[1]));
}

// The first 3 · 2 rows of x as a batch of three, each times the transpose of the same 5 rows of W.
void symm_entry_batch(void **args) {
  multiply(2, data(args[0]), symm_rt->constant(0), data(args[1]));
}
