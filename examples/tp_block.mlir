// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A tensor-parallel Llama block on 4 ranks: 16 tokens, hidden size 1024, 8 heads of 128 (2 a rank),
// SwiGLU of 2816 (704 a rank). Activations are the same on every rank. Weights are sharded as
// Megatron does it: q, k, v, gate and up by columns, o and down by rows; so each half of the block
// ends in partial sums, and in one all-reduce.
//
// Every weight is an argument, stored as [in, out]. `cargo xtask demo` runs this file.

comm.group @tp size(4) {symm_mem}

#rows = affine_map<(t, i) -> (t)>
#columns = affine_map<(t, i) -> (i)>
#elements = affine_map<(t, i) -> (t, i)>

#head_rows = affine_map<(h, t, s) -> (h, t)>
#head_elements = affine_map<(h, t, s) -> (h, t, s)>

#pair_even = affine_map<(t, h, i, part) -> (t, h, i, 0)>
#pair_odd = affine_map<(t, h, i, part) -> (t, h, i, 1)>
#pair_angle = affine_map<(t, h, i, part) -> (t, i)>
#pair_elements = affine_map<(t, h, i, part) -> (t, h, i, part)>

func.func @tp_block(
    %x: tensor<16x1024xf32>,
    %attention_norm: tensor<1024xf32>,
    %wq: tensor<1024x256xf32>, %wk: tensor<1024x256xf32>, %wv: tensor<1024x256xf32>,
    %cos: tensor<16x64xf32>, %sin: tensor<16x64xf32>,
    %wo: tensor<256x1024xf32>,
    %mlp_norm: tensor<1024xf32>,
    %w_gate: tensor<1024x704xf32>, %w_up: tensor<1024x704xf32>,
    %w_down: tensor<704x1024xf32>) -> tensor<16x1024xf32> {
  %normed_x = call @rms_norm(%x, %attention_norm)
      : (tensor<16x1024xf32>, tensor<1024xf32>) -> tensor<16x1024xf32>
  %heads = call @attention(%normed_x, %wq, %wk, %wv, %cos, %sin)
      : (tensor<16x1024xf32>, tensor<1024x256xf32>, tensor<1024x256xf32>, tensor<1024x256xf32>,
         tensor<16x64xf32>, tensor<16x64xf32>) -> tensor<16x256xf32>
  %attention_partial = call @project_output(%heads, %wo)
      : (tensor<16x256xf32>, tensor<256x1024xf32>) -> tensor<16x1024xf32>
  %attention_sum = c10d.all_reduce<sum> %attention_partial on @tp : tensor<16x1024xf32>
  %attention_out = c10d.wait_tensor %attention_sum : tensor<16x1024xf32>
  %residual = call @add(%x, %attention_out)
      : (tensor<16x1024xf32>, tensor<16x1024xf32>) -> tensor<16x1024xf32>

  %normed_residual = call @rms_norm(%residual, %mlp_norm)
      : (tensor<16x1024xf32>, tensor<1024xf32>) -> tensor<16x1024xf32>
  %mlp_partial = call @swiglu(%normed_residual, %w_gate, %w_up, %w_down)
      : (tensor<16x1024xf32>, tensor<1024x704xf32>, tensor<1024x704xf32>, tensor<704x1024xf32>)
      -> tensor<16x1024xf32>
  %mlp_sum = c10d.all_reduce<sum> %mlp_partial on @tp : tensor<16x1024xf32>
  %mlp_out = c10d.wait_tensor %mlp_sum : tensor<16x1024xf32>
  %y = call @add(%residual, %mlp_out)
      : (tensor<16x1024xf32>, tensor<16x1024xf32>) -> tensor<16x1024xf32>
  return %y : tensor<16x1024xf32>
}

// x / sqrt(mean(x * x) + 1e-5) * weight, row by row.
func.func private @rms_norm(
    %x: tensor<16x1024xf32>, %weight: tensor<1024xf32>) -> tensor<16x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %hidden = arith.constant 1024.0 : f32
  %epsilon = arith.constant 1.0e-5 : f32
  %row_init = tensor.empty() : tensor<16xf32>
  %row_zero = linalg.fill ins(%zero : f32) outs(%row_init : tensor<16xf32>) -> tensor<16xf32>
  %squares = linalg.generic
      {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<16x1024xf32>) outs(%row_zero : tensor<16xf32>) {
  ^bb0(%element: f32, %sum: f32):
    %square = arith.mulf %element, %element : f32
    %next = arith.addf %sum, %square : f32
    linalg.yield %next : f32
  } -> tensor<16xf32>
  %init = tensor.empty() : tensor<16x1024xf32>
  %normed = linalg.generic
      {indexing_maps = [#elements, #rows, #columns, #elements],
       iterator_types = ["parallel", "parallel"]}
      ins(%x, %squares, %weight : tensor<16x1024xf32>, tensor<16xf32>, tensor<1024xf32>)
      outs(%init : tensor<16x1024xf32>) {
  ^bb0(%element: f32, %sum: f32, %scale: f32, %out: f32):
    %mean = arith.divf %sum, %hidden : f32
    %shifted = arith.addf %mean, %epsilon : f32
    %inverse = math.rsqrt %shifted : f32
    %unit = arith.mulf %element, %inverse : f32
    %scaled = arith.mulf %unit, %scale : f32
    linalg.yield %scaled : f32
  } -> tensor<16x1024xf32>
  return %normed : tensor<16x1024xf32>
}

// Causal attention of this rank's 2 heads, before the output projection.
func.func private @attention(
    %x: tensor<16x1024xf32>,
    %wq: tensor<1024x256xf32>, %wk: tensor<1024x256xf32>, %wv: tensor<1024x256xf32>,
    %cos: tensor<16x64xf32>, %sin: tensor<16x64xf32>) -> tensor<16x256xf32> {
  %q = call @project_heads(%x, %wq)
      : (tensor<16x1024xf32>, tensor<1024x256xf32>) -> tensor<16x2x128xf32>
  %k = call @project_heads(%x, %wk)
      : (tensor<16x1024xf32>, tensor<1024x256xf32>) -> tensor<16x2x128xf32>
  %v = call @project_heads(%x, %wv)
      : (tensor<16x1024xf32>, tensor<1024x256xf32>) -> tensor<16x2x128xf32>
  %q_rotated = call @rotate(%q, %cos, %sin)
      : (tensor<16x2x128xf32>, tensor<16x64xf32>, tensor<16x64xf32>) -> tensor<16x2x128xf32>
  %k_rotated = call @rotate(%k, %cos, %sin)
      : (tensor<16x2x128xf32>, tensor<16x64xf32>, tensor<16x64xf32>) -> tensor<16x2x128xf32>

  %head_init = tensor.empty() : tensor<2x16x128xf32>
  %k_init = tensor.empty() : tensor<2x128x16xf32>
  %q_heads = linalg.transpose ins(%q_rotated : tensor<16x2x128xf32>)
      outs(%head_init : tensor<2x16x128xf32>) permutation = [1, 0, 2]
  %k_heads = linalg.transpose ins(%k_rotated : tensor<16x2x128xf32>)
      outs(%k_init : tensor<2x128x16xf32>) permutation = [1, 2, 0]
  %v_heads = linalg.transpose ins(%v : tensor<16x2x128xf32>)
      outs(%head_init : tensor<2x16x128xf32>) permutation = [1, 0, 2]

  %zero = arith.constant 0.0 : f32
  %score_init = tensor.empty() : tensor<2x16x16xf32>
  %score_zero = linalg.fill ins(%zero : f32)
      outs(%score_init : tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
  %scores = linalg.batch_matmul
      ins(%q_heads, %k_heads : tensor<2x16x128xf32>, tensor<2x128x16xf32>)
      outs(%score_zero : tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
  %weights = call @causal_softmax(%scores) : (tensor<2x16x16xf32>) -> tensor<2x16x16xf32>

  %head_zero = linalg.fill ins(%zero : f32)
      outs(%head_init : tensor<2x16x128xf32>) -> tensor<2x16x128xf32>
  %mixed = linalg.batch_matmul
      ins(%weights, %v_heads : tensor<2x16x16xf32>, tensor<2x16x128xf32>)
      outs(%head_zero : tensor<2x16x128xf32>) -> tensor<2x16x128xf32>
  %token_init = tensor.empty() : tensor<16x2x128xf32>
  %by_token = linalg.transpose ins(%mixed : tensor<2x16x128xf32>)
      outs(%token_init : tensor<16x2x128xf32>) permutation = [1, 0, 2]
  %out = tensor.collapse_shape %by_token [[0], [1, 2]]
      : tensor<16x2x128xf32> into tensor<16x256xf32>
  return %out : tensor<16x256xf32>
}

func.func private @project_heads(
    %x: tensor<16x1024xf32>, %w: tensor<1024x256xf32>) -> tensor<16x2x128xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<16x256xf32>
  %acc = linalg.fill ins(%zero : f32) outs(%init : tensor<16x256xf32>) -> tensor<16x256xf32>
  %flat = linalg.matmul ins(%x, %w : tensor<16x1024xf32>, tensor<1024x256xf32>)
      outs(%acc : tensor<16x256xf32>) -> tensor<16x256xf32>
  %heads = tensor.expand_shape %flat [[0], [1, 2]] output_shape [16, 2, 128]
      : tensor<16x256xf32> into tensor<16x2x128xf32>
  return %heads : tensor<16x2x128xf32>
}

// Rotary position embedding: each pair of neighbours (a, b) of a head becomes
// (a cos - b sin, b cos + a sin), with an angle for each token and pair.
func.func private @rotate(
    %x: tensor<16x2x128xf32>, %cos: tensor<16x64xf32>, %sin: tensor<16x64xf32>)
    -> tensor<16x2x128xf32> {
  %pairs = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [16, 2, 64, 2]
      : tensor<16x2x128xf32> into tensor<16x2x64x2xf32>
  %init = tensor.empty() : tensor<16x2x64x2xf32>
  %rotated = linalg.generic
      {indexing_maps = [#pair_even, #pair_odd, #pair_angle, #pair_angle, #pair_elements],
       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%pairs, %pairs, %cos, %sin : tensor<16x2x64x2xf32>, tensor<16x2x64x2xf32>,
          tensor<16x64xf32>, tensor<16x64xf32>)
      outs(%init : tensor<16x2x64x2xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %s: f32, %out: f32):
    %part = linalg.index 3 : index
    %first = arith.constant 0 : index
    %is_first = arith.cmpi eq, %part, %first : index
    %a_cos = arith.mulf %a, %c : f32
    %b_sin = arith.mulf %b, %s : f32
    %b_cos = arith.mulf %b, %c : f32
    %a_sin = arith.mulf %a, %s : f32
    %even = arith.subf %a_cos, %b_sin : f32
    %odd = arith.addf %b_cos, %a_sin : f32
    %chosen = arith.select %is_first, %even, %odd : f32
    linalg.yield %chosen : f32
  } -> tensor<16x2x64x2xf32>
  %heads = tensor.collapse_shape %rotated [[0], [1], [2, 3]]
      : tensor<16x2x64x2xf32> into tensor<16x2x128xf32>
  return %heads : tensor<16x2x128xf32>
}

// softmax(scores / sqrt(128)) over the tokens s <= t.
func.func private @causal_softmax(%scores: tensor<2x16x16xf32>) -> tensor<2x16x16xf32> {
  %zero = arith.constant 0.0 : f32
  %minus_infinity = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.0883883461 : f32
  %init = tensor.empty() : tensor<2x16x16xf32>
  %row_init = tensor.empty() : tensor<2x16xf32>
  %masked = linalg.generic
      {indexing_maps = [#head_elements, #head_elements],
       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scores : tensor<2x16x16xf32>) outs(%init : tensor<2x16x16xf32>) {
  ^bb0(%score: f32, %out: f32):
    %t = linalg.index 1 : index
    %s = linalg.index 2 : index
    %is_past = arith.cmpi ule, %s, %t : index
    %scaled = arith.mulf %score, %scale : f32
    %kept = arith.select %is_past, %scaled, %minus_infinity : f32
    linalg.yield %kept : f32
  } -> tensor<2x16x16xf32>
  %max_init = linalg.fill ins(%minus_infinity : f32)
      outs(%row_init : tensor<2x16xf32>) -> tensor<2x16xf32>
  %max = linalg.generic
      {indexing_maps = [#head_elements, #head_rows],
       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%masked : tensor<2x16x16xf32>) outs(%max_init : tensor<2x16xf32>) {
  ^bb0(%score: f32, %most: f32):
    %next = arith.maximumf %score, %most : f32
    linalg.yield %next : f32
  } -> tensor<2x16xf32>
  %exponentials = linalg.generic
      {indexing_maps = [#head_elements, #head_rows, #head_elements],
       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%masked, %max : tensor<2x16x16xf32>, tensor<2x16xf32>)
      outs(%init : tensor<2x16x16xf32>) {
  ^bb0(%score: f32, %most: f32, %out: f32):
    %below = arith.subf %score, %most : f32
    %exponential = math.exp %below : f32
    linalg.yield %exponential : f32
  } -> tensor<2x16x16xf32>
  %sum_init = linalg.fill ins(%zero : f32)
      outs(%row_init : tensor<2x16xf32>) -> tensor<2x16xf32>
  %sum = linalg.generic
      {indexing_maps = [#head_elements, #head_rows],
       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%exponentials : tensor<2x16x16xf32>) outs(%sum_init : tensor<2x16xf32>) {
  ^bb0(%exponential: f32, %total: f32):
    %next = arith.addf %total, %exponential : f32
    linalg.yield %next : f32
  } -> tensor<2x16xf32>
  %weights = linalg.generic
      {indexing_maps = [#head_elements, #head_rows, #head_elements],
       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%exponentials, %sum : tensor<2x16x16xf32>, tensor<2x16xf32>)
      outs(%init : tensor<2x16x16xf32>) {
  ^bb0(%exponential: f32, %total: f32, %out: f32):
    %weight = arith.divf %exponential, %total : f32
    linalg.yield %weight : f32
  } -> tensor<2x16x16xf32>
  return %weights : tensor<2x16x16xf32>
}

// This rank's part of the output projection; the ranks' parts add up to it.
func.func private @project_output(
    %heads: tensor<16x256xf32>, %wo: tensor<256x1024xf32>) -> tensor<16x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<16x1024xf32>
  %acc = linalg.fill ins(%zero : f32) outs(%init : tensor<16x1024xf32>) -> tensor<16x1024xf32>
  %partial = linalg.matmul ins(%heads, %wo : tensor<16x256xf32>, tensor<256x1024xf32>)
      outs(%acc : tensor<16x1024xf32>) -> tensor<16x1024xf32>
  return %partial : tensor<16x1024xf32>
}

// This rank's part of (silu(x gate) * (x up)) down; the ranks' parts add up to it.
func.func private @swiglu(
    %x: tensor<16x1024xf32>, %w_gate: tensor<1024x704xf32>, %w_up: tensor<1024x704xf32>,
    %w_down: tensor<704x1024xf32>) -> tensor<16x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %wide_init = tensor.empty() : tensor<16x704xf32>
  %wide_zero = linalg.fill ins(%zero : f32)
      outs(%wide_init : tensor<16x704xf32>) -> tensor<16x704xf32>
  %gate = linalg.matmul ins(%x, %w_gate : tensor<16x1024xf32>, tensor<1024x704xf32>)
      outs(%wide_zero : tensor<16x704xf32>) -> tensor<16x704xf32>
  %up = linalg.matmul ins(%x, %w_up : tensor<16x1024xf32>, tensor<1024x704xf32>)
      outs(%wide_zero : tensor<16x704xf32>) -> tensor<16x704xf32>
  %gated = linalg.generic
      {indexing_maps = [#elements, #elements, #elements],
       iterator_types = ["parallel", "parallel"]}
      ins(%gate, %up : tensor<16x704xf32>, tensor<16x704xf32>)
      outs(%wide_init : tensor<16x704xf32>) {
  ^bb0(%g: f32, %u: f32, %out: f32):
    %negated = arith.negf %g : f32
    %exponential = math.exp %negated : f32
    %denominator = arith.addf %exponential, %one : f32
    %silu = arith.divf %g, %denominator : f32
    %product = arith.mulf %silu, %u : f32
    linalg.yield %product : f32
  } -> tensor<16x704xf32>
  %init = tensor.empty() : tensor<16x1024xf32>
  %acc = linalg.fill ins(%zero : f32) outs(%init : tensor<16x1024xf32>) -> tensor<16x1024xf32>
  %partial = linalg.matmul ins(%gated, %w_down : tensor<16x704xf32>, tensor<704x1024xf32>)
      outs(%acc : tensor<16x1024xf32>) -> tensor<16x1024xf32>
  return %partial : tensor<16x1024xf32>
}

func.func private @add(
    %a: tensor<16x1024xf32>, %b: tensor<16x1024xf32>) -> tensor<16x1024xf32> {
  %init = tensor.empty() : tensor<16x1024xf32>
  %sum = linalg.add ins(%a, %b : tensor<16x1024xf32>, tensor<16x1024xf32>)
      outs(%init : tensor<16x1024xf32>) -> tensor<16x1024xf32>
  return %sum : tensor<16x1024xf32>
}
