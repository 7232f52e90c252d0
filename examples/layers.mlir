// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Four tensor-parallel layers as one loop: 16 tokens, hidden size 256, an inner size of 128 a rank. Each layer normalises,
// multiplies by a shard of each of two matrices with tanh in between, and adds the all-reduced result to what came in. The
// loop runs on the host, and a layer's weights are slices of all layers'.

comm.group @tp size(2) {symm_mem}

#rows = affine_map<(t, i) -> (t)>
#elements = affine_map<(t, i) -> (t, i)>

func.func @layers(%x: tensor<16x256xf32>, %up: tensor<4x256x128xf32>, %down: tensor<4x128x256xf32>)
    -> tensor<16x256xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %layers = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %size = arith.constant 256.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32

  %y = scf.for %layer = %c0 to %layers step %c1 iter_args(%h = %x) -> (tensor<16x256xf32>) {
    %row = tensor.empty() : tensor<16xf32>
    %row_zeros = linalg.fill ins(%zero : f32) outs(%row : tensor<16xf32>) -> tensor<16xf32>
    %squares = arith.mulf %h, %h : tensor<16x256xf32>
    %sums = linalg.reduce { arith.addf } ins(%squares : tensor<16x256xf32>)
        outs(%row_zeros : tensor<16xf32>) dimensions = [1]
    %hidden = tensor.empty() : tensor<16x256xf32>
    %normal = linalg.generic {indexing_maps = [#elements, #rows, #elements], iterator_types = ["parallel", "parallel"]}
        ins(%h, %sums : tensor<16x256xf32>, tensor<16xf32>) outs(%hidden : tensor<16x256xf32>) {
    ^bb0(%element: f32, %sum: f32, %out: f32):
      %mean = arith.divf %sum, %size : f32
      %shifted = arith.addf %mean, %epsilon : f32
      %scale = math.rsqrt %shifted : f32
      %scaled = arith.mulf %element, %scale : f32
      linalg.yield %scaled : f32
    } -> tensor<16x256xf32>

    %w_up = tensor.extract_slice %up[%layer, 0, 0] [1, 256, 128] [1, 1, 1]
        : tensor<4x256x128xf32> to tensor<256x128xf32>
    %w_down = tensor.extract_slice %down[%layer, 0, 0] [1, 128, 256] [1, 1, 1]
        : tensor<4x128x256xf32> to tensor<128x256xf32>
    %inner = tensor.empty() : tensor<16x128xf32>
    %inner_zeros = linalg.fill ins(%zero : f32) outs(%inner : tensor<16x128xf32>) -> tensor<16x128xf32>
    %wide = linalg.matmul ins(%normal, %w_up : tensor<16x256xf32>, tensor<256x128xf32>)
        outs(%inner_zeros : tensor<16x128xf32>) -> tensor<16x128xf32>
    %bounded = math.tanh %wide : tensor<16x128xf32>
    %hidden_zeros = linalg.fill ins(%zero : f32) outs(%hidden : tensor<16x256xf32>) -> tensor<16x256xf32>
    %partial = linalg.matmul ins(%bounded, %w_down : tensor<16x128xf32>, tensor<128x256xf32>)
        outs(%hidden_zeros : tensor<16x256xf32>) -> tensor<16x256xf32>

    %sum = c10d.all_reduce<sum> %partial on @tp : tensor<16x256xf32>
    %all = c10d.wait_tensor %sum : tensor<16x256xf32>
    %next = arith.addf %h, %all : tensor<16x256xf32>
    scf.yield %next : tensor<16x256xf32>
  }
  return %y : tensor<16x256xf32>
}
