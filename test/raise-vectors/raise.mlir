// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --raise-vectors --canonicalize > %t.mlir
// RUN: FileCheck %s < %t.mlir --implicit-check-not=vector
// RUN: symm-opt %t.mlir --raise-vectors | diff %t.mlir -

// CHECK-DAG: #[[SWAP:.*]] = affine_map<(d0, d1) -> (d1, d0)>

// Whole tensors need no copy, and a constant of one value is a number.
// CHECK-LABEL: func.func @elementwise(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<4x8xf32>
// CHECK: %[[TWO:.*]] = arith.constant 2.0
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[TWO]] : tensor<4x8xf32>, f32)
// CHECK: arith.addf %{{.*}}, %{{.*}} fastmath<nnan> : f32
// CHECK: %[[COMPARED:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[X]] {{.*}} outs(%{{.*}} : tensor<4x8xi1>)
// CHECK: %[[CHOSEN:.*]] = linalg.generic {{.*}} ins(%[[COMPARED]], %[[SUM]], %[[X]]
// CHECK: arith.select
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[CHOSEN]]
// CHECK: math.fma
// CHECK: return %[[Y]] : tensor<4x8xf32>
func.func @elementwise(%x: tensor<4x8xf32>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %two = arith.constant dense<2.0> : vector<4x8xf32>
  %v = vector.transfer_read %x[%c0, %c0], %zero : tensor<4x8xf32>, vector<4x8xf32>
  %sum = arith.addf %v, %two fastmath<nnan> : vector<4x8xf32>
  %is = arith.cmpf ogt, %sum, %v : vector<4x8xf32>
  %chosen = arith.select %is, %sum, %v : vector<4x8xi1>, vector<4x8xf32>
  %fma = vector.fma %chosen, %two, %v : vector<4x8xf32>
  %y = vector.transfer_write %fma, %out[%c0, %c0] : vector<4x8xf32>, tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Parts of tensors, in a loop of the host.
// CHECK-LABEL: func.func @parts(
// CHECK: scf.for %[[I:.*]] = {{.*}} iter_args(%[[TO:.*]] =
// CHECK: %[[PART:.*]] = tensor.extract_slice %{{.*}}[%[[I]], 4] [1, 4] [1, 1] : tensor<4x8xf32> to tensor<4xf32>
// CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%[[PART]]
// CHECK: tensor.insert_slice %[[EXP]] into %[[TO]][%[[I]], 0] [1, 4] [1, 1]
func.func @parts(%x: tensor<4x8xf32>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%to = %out) -> tensor<4x8xf32> {
    %v = vector.transfer_read %x[%i, %c4], %zero {in_bounds = [true]} : tensor<4x8xf32>, vector<4xf32>
    %exp = math.exp %v : vector<4xf32>
    %next = vector.transfer_write %exp, %to[%i, %c0] {in_bounds = [true]} : vector<4xf32>, tensor<4x8xf32>
    scf.yield %next : tensor<4x8xf32>
  }
  return %y : tensor<4x8xf32>
}

// A buffer is copied when it is read.
// CHECK-LABEL: func.func @buffers(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: memref<8x8xf32, strided<[16, 1], offset: 3>>, %[[I:[a-z0-9_]*]]: index
// CHECK: %[[ROW:.*]] = memref.subview %[[X]][2, 0] [1, 8] [1, 1] : {{.*}} to memref<8xf32, strided<[1], offset: 35>>
// CHECK: %[[NOW:.*]] = bufferization.to_tensor %[[ROW]] restrict
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[NOW]])
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[COPY]]
// CHECK: %[[TO:.*]] = memref.subview %[[X]][%[[I]], 0] [1, 8] [1, 1] : {{.*}} to memref<8xf32, strided<[1], offset: ?>>
// CHECK: bufferization.materialize_in_destination %[[SUM]] in restrict writable %[[TO]]
func.func @buffers(%x: memref<8x8xf32, strided<[16, 1], offset: 3>>, %i: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %v = vector.load %x[%c2, %c0] : memref<8x8xf32, strided<[16, 1], offset: 3>>, vector<8xf32>
  %sum = arith.addf %v, %v : vector<8xf32>
  vector.store %sum, %x[%i, %c0] : memref<8x8xf32, strided<[16, 1], offset: 3>>, vector<8xf32>
  return
}

// CHECK-LABEL: func.func @shapes(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<4x8xf32>
// CHECK: %[[SWAPPED:.*]] = linalg.generic {indexing_maps = [#[[SWAP]], {{.*}} ins(%[[X]] {{.*}} outs(%{{.*}} : tensor<8x4xf32>)
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[SWAPPED]] {{.*}} into tensor<32xf32>
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[FLAT]][4] [16] [1]
// CHECK: %[[INSERTED:.*]] = tensor.insert_slice %[[PART]] into %[[FLAT]][8] [16] [1]
// CHECK: tensor.expand_shape %[[INSERTED]] {{.*}} into tensor<4x8xf32>
func.func @shapes(%x: tensor<4x8xf32>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0, %c0], %zero : tensor<4x8xf32>, vector<4x8xf32>
  %swapped = vector.transpose %v, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %flat = vector.shape_cast %swapped : vector<8x4xf32> to vector<32xf32>
  %part = vector.extract_strided_slice %flat {offsets = [4], sizes = [16], strides = [1]} : vector<32xf32> to vector<16xf32>
  %inserted = vector.insert_strided_slice %part, %flat {offsets = [8], strides = [1]} : vector<16xf32> into vector<32xf32>
  %back = vector.shape_cast %inserted : vector<32xf32> to vector<4x8xf32>
  %y = vector.transfer_write %back, %out[%c0, %c0] : vector<4x8xf32>, tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Numbers that come out of vectors are tensors of no dimension.
// CHECK-LABEL: func.func @numbers(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<64xi32>, %[[OUT:[a-z0-9_]*]]: tensor<8xi32>, %[[I:[a-z0-9_]*]]: index
// CHECK: %[[LEAST:.*]] = arith.constant -2147483648 : i32
// CHECK: %[[NEUTRAL:.*]] = linalg.fill ins(%[[LEAST]]
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[X]] {{.*}} outs(%[[NEUTRAL]] : tensor<i32>)
// CHECK: arith.maxsi
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[X]] {{.*}} outs(%[[MAX]] : tensor<i32>)
// CHECK: arith.addi
// CHECK: %[[TWICE:.*]] = linalg.generic {{.*}} ins(%[[SUM]]
// CHECK: %[[Y:.*]] = tensor.insert_slice %[[TWICE]] into %[[OUT]][%[[I]]] [1] [1] : tensor<i32> into tensor<8xi32>
// CHECK: return %[[Y]], %[[TWICE]]
func.func @numbers(%x: tensor<64xi32>, %out: tensor<8xi32>, %i: index) -> (tensor<8xi32>, tensor<i32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %v = vector.transfer_read %x[%c0], %zero : tensor<64xi32>, vector<64xi32>
  %max = vector.reduction <maxsi>, %v : vector<64xi32> into i32
  %sum = vector.reduction <add>, %v, %max : vector<64xi32> into i32
  %twice = arith.addi %sum, %sum : i32
  %y = tensor.insert %twice into %out[%i] : tensor<8xi32>
  %z = tensor.from_elements %twice : tensor<i32>
  return %y, %z : tensor<8xi32>, tensor<i32>
}

// CHECK-LABEL: func.func @product(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<4x8xbf16>, %[[W:[a-z0-9_]*]]: tensor<8x16xbf16>
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]{{.*}} ins(%[[X]], %[[W]] {{.*}} outs(%[[ZEROS]] : tensor<4x16xf32>)
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @product(%x: tensor<4x8xbf16>, %w: tensor<8x16xbf16>, %out: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : bf16
  %zeros = arith.constant dense<0.0> : vector<4x16xf32>
  %v = vector.transfer_read %x[%c0, %c0], %zero : tensor<4x8xbf16>, vector<4x8xbf16>
  %u = vector.transfer_read %w[%c0, %c0], %zero : tensor<8x16xbf16>, vector<8x16xbf16>
  %p = vector.contract {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %v, %u, %zeros : vector<4x8xbf16>, vector<8x16xbf16> into vector<4x16xf32>
  %y = vector.transfer_write %p, %out[%c0, %c0] : vector<4x16xf32>, tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
