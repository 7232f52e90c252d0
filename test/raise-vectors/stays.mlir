// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What is left as it is.

// RUN: symm-opt %s > %t.mlir
// RUN: symm-opt %s --raise-vectors | diff %t.mlir -

// It may be out of bounds.
func.func @bounds(%x: tensor<10xf32>, %out: tensor<8xf32>, %i: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%i], %zero : tensor<10xf32>, vector<8xf32>
  %y = vector.transfer_write %v, %out[%c0] : vector<8xf32>, tensor<8xf32>
  return %y : tensor<8xf32>
}

func.func @mask(%x: tensor<8xf32>, %out: tensor<8xf32>, %i: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %mask = vector.create_mask %i : vector<8xi1>
  %v = vector.transfer_read %x[%c0], %zero, %mask : tensor<8xf32>, vector<8xf32>
  %y = vector.transfer_write %v, %out[%c0] : vector<8xf32>, tensor<8xf32>
  return %y : tensor<8xf32>
}

func.func @transposed(%x: tensor<4x8xf32>, %out: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0, %c0], %zero {in_bounds = [true, true], permutation_map = affine_map<(i, j) -> (j, i)>} : tensor<4x8xf32>, vector<8x4xf32>
  %y = vector.transfer_write %v, %out[%c0, %c0] : vector<8x4xf32>, tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// All or nothing: the sum goes around a loop.
func.func @around(%x: tensor<64xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : vector<8xf32>
  %sum = scf.for %i = %c0 to %c64 step %c8 iter_args(%so_far = %zeros) -> vector<8xf32> {
    %v = vector.transfer_read %x[%i], %zero {in_bounds = [true]} : tensor<64xf32>, vector<8xf32>
    %exp = math.exp %v : vector<8xf32>
    %next = arith.addf %so_far, %exp : vector<8xf32>
    scf.yield %next : vector<8xf32>
  }
  %y = vector.transfer_write %sum, %out[%c0] : vector<8xf32>, tensor<8xf32>
  return %y : tensor<8xf32>
}

// What an index depends on, the host has to know.
func.func @index(%x: tensor<64xi64>, %out: tensor<8xi64>) -> tensor<8xi64> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i64
  %v = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<64xi64>, vector<64xi64>
  %sum = vector.reduction <add>, %v : vector<64xi64> into i64
  %i = arith.index_cast %sum : i64 to index
  %part = vector.transfer_read %x[%i], %zero {in_bounds = [true]} : tensor<64xi64>, vector<8xi64>
  %y = vector.transfer_write %part, %out[%c0] : vector<8xi64>, tensor<8xi64>
  return %y : tensor<8xi64>
}

func.func @decides(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<8xf32>, vector<8xf32>
  %sum = vector.reduction <add>, %v : vector<8xf32> into f32
  %is = arith.cmpf ogt, %sum, %zero : f32
  %y = scf.if %is -> tensor<8xf32> {
    scf.yield %x : tensor<8xf32>
  } else {
    scf.yield %out : tensor<8xf32>
  }
  return %y : tensor<8xf32>
}

// These iterations get a thread each.
func.func @forall(%x: tensor<64xf32>, %out: tensor<64xf32>) -> tensor<64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.forall (%i) = (0) to (64) step (8) shared_outs(%o = %out) -> tensor<64xf32> {
    %v = vector.transfer_read %x[%i], %zero {in_bounds = [true]} : tensor<64xf32>, vector<8xf32>
    %part = tensor.extract_slice %o[%i] [8] [1] : tensor<64xf32> to tensor<8xf32>
    %written = vector.transfer_write %v, %part[%c0] {in_bounds = [true]} : vector<8xf32>, tensor<8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %written into %o[%i] [8] [1] : tensor<8xf32> into tensor<64xf32>
    }
  }
  return %y : tensor<64xf32>
}

func.func @scalable(%x: tensor<64xf32>, %out: tensor<64xf32>) -> tensor<64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<64xf32>, vector<[4]xf32>
  %y = vector.transfer_write %v, %out[%c0] {in_bounds = [true]} : vector<[4]xf32>, tensor<64xf32>
  return %y : tensor<64xf32>
}
