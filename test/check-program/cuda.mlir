// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What programs for GPUs cannot have, and others can.

// RUN: symm-opt %s --check-program=device=cuda --split-input-file --verify-diagnostics
// RUN: symm-opt %s --check-program=device=cpu --split-input-file
// RUN: not symm-opt %s --check-program=device=tpu 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: not symm-opt %s --symm-cuda-pipeline --split-input-file 2>&1 | FileCheck %s --check-prefix=PIPELINE

// DEVICE: expected device to be cpu or cuda, got 'tpu'

func.func @long(%x: tensor<4xf64>) -> tensor<4xf64> {
  // PIPELINE: 'arith.extf' op has a value of type tensor<4xf80>; expected floats to be of f8E4M3FN, f8E5M2, f16, bf16, f32, f64
  // expected-error@+1 {{has a value of type tensor<4xf80>; expected floats to be of f8E4M3FN, f8E5M2, f16, bf16, f32, f64}}
  %long = arith.extf %x : tensor<4xf64> to tensor<4xf80>
  %sum = arith.addf %long, %long : tensor<4xf80>
  %short = arith.truncf %sum : tensor<4xf80> to tensor<4xf64>
  return %short : tensor<4xf64>
}

// -----

func.func @longest(%x: f64) -> f64 {
  // expected-error@+1 {{has a value of type f128; expected floats to be of f8E4M3FN, f8E5M2, f16, bf16, f32, f64}}
  %long = arith.extf %x : f64 to f128
  %short = arith.truncf %long : f128 to f64
  return %short : f64
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @element(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-note@+1 {{the op}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x: tensor<8xf32>) {
  ^bb0(%o: f32):
    %c0 = arith.constant 0 : index
    %t = tensor.from_elements %o : tensor<1xf32>
    // expected-error@+1 {{'c10d.all_reduce' op is in the body of an op that becomes a kernel; communicate the whole tensor or buffer before or after that op}}
    %a = c10d.all_reduce<sum> %t on @tp : tensor<1xf32>
    %v = tensor.extract %a[%c0] : tensor<1xf32>
    linalg.yield %v : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}
