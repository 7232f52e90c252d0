// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A vector of i1 or i24 is accessed as one of integers that have the bytes of a buffer's elements; masks stay what they are, and so
// does what fills its bytes.

// RUN: symm-opt %s --unpack-vector-accesses | FileCheck %s
// RUN: symm-opt %s --unpack-vector-accesses --unpack-vector-accesses | FileCheck %s

// CHECK-LABEL: func @load_and_store
// CHECK: %[[DESCRIPTOR:.*]] = builtin.unrealized_conversion_cast %arg0 : memref<8x8xi1> to !llvm.struct
// CHECK: %[[BYTES:.*]] = builtin.unrealized_conversion_cast %[[DESCRIPTOR]] : {{.*}} to memref<8x8xi8>
// CHECK: %[[READ:.*]] = vector.load %[[BYTES]][%arg1, %arg1] : memref<8x8xi8>, vector<8xi8>
// CHECK: %[[BITS:.*]] = arith.trunci %[[READ]] : vector<8xi8> to vector<8xi1>
// CHECK: %[[NOT:.*]] = arith.xori %[[BITS]], %{{.*}} : vector<8xi1>
// CHECK: %[[WRITTEN:.*]] = arith.extui %[[NOT]] : vector<8xi1> to vector<8xi8>
// CHECK: vector.store %[[WRITTEN]], %{{.*}}[%arg1, %arg1] : memref<8x8xi8>, vector<8xi8>
func.func @load_and_store(%m: memref<8x8xi1>, %i: index) {
  %ones = arith.constant dense<true> : vector<8xi1>
  %v = vector.load %m[%i, %i] : memref<8x8xi1>, vector<8xi1>
  %not = arith.xori %v, %ones : vector<8xi1>
  vector.store %not, %m[%i, %i] : memref<8x8xi1>, vector<8xi1>
  return
}

// CHECK-LABEL: func @transfers
// CHECK: %[[PADDING:.*]] = arith.extui %{{.*}} : i1 to i8
// CHECK: vector.transfer_read %{{.*}}[%arg1, %arg1], %[[PADDING]], %arg2 : memref<8x8xi8, strided<[16, 1], offset: ?>>, vector<8xi8>
// CHECK: vector.transfer_write %{{.*}}, %{{.*}}[%arg1, %arg1], %arg2 : vector<8xi8>, memref<8x8xi8, strided<[16, 1], offset: ?>>
func.func @transfers(%m: memref<8x8xi1, strided<[16, 1], offset: ?>>, %i: index, %mask: vector<8xi1>) {
  %padding = arith.constant true
  %v = vector.transfer_read %m[%i, %i], %padding, %mask : memref<8x8xi1, strided<[16, 1], offset: ?>>, vector<8xi1>
  vector.transfer_write %v, %m[%i, %i], %mask : vector<8xi1>, memref<8x8xi1, strided<[16, 1], offset: ?>>
  return
}

// CHECK-LABEL: func @masked
// CHECK: vector.maskedload %{{.*}}[%arg1], %arg2, %{{.*}} : memref<8xi8>, vector<8xi1>, vector<8xi8> into vector<8xi8>
// CHECK: vector.gather %{{.*}}[%arg1] [%arg3], %arg2, %{{.*}} : memref<8xi8>, vector<8xi32>, vector<8xi1>, vector<8xi8> into vector<8xi8>
// CHECK: vector.expandload %{{.*}}[%arg1], %arg2, %{{.*}} : memref<8xi8>, vector<8xi1>, vector<8xi8> into vector<8xi8>
// CHECK: vector.maskedstore %{{.*}}[%arg1], %arg2, %{{.*}} : memref<8xi8>, vector<8xi1>, vector<8xi8>
// CHECK: vector.scatter %{{.*}}[%arg1] [%arg3], %arg2, %{{.*}} : memref<8xi8>, vector<8xi32>, vector<8xi1>, vector<8xi8>
// CHECK: vector.compressstore %{{.*}}[%arg1], %arg2, %{{.*}} : memref<8xi8>, vector<8xi1>, vector<8xi8>
func.func @masked(%m: memref<8xi1>, %i: index, %mask: vector<8xi1>, %at: vector<8xi32>) {
  %a = vector.maskedload %m[%i], %mask, %mask : memref<8xi1>, vector<8xi1>, vector<8xi1> into vector<8xi1>
  %b = vector.gather %m[%i] [%at], %mask, %a : memref<8xi1>, vector<8xi32>, vector<8xi1>, vector<8xi1> into vector<8xi1>
  %c = vector.expandload %m[%i], %mask, %b : memref<8xi1>, vector<8xi1>, vector<8xi1> into vector<8xi1>
  vector.maskedstore %m[%i], %mask, %c : memref<8xi1>, vector<8xi1>, vector<8xi1>
  vector.scatter %m[%i] [%at], %mask, %c : memref<8xi1>, vector<8xi32>, vector<8xi1>, vector<8xi1>
  vector.compressstore %m[%i], %mask, %c : memref<8xi1>, vector<8xi1>, vector<8xi1>
  return
}

// CHECK-LABEL: func @other_widths
// CHECK: vector.load %{{.*}} : memref<8xi8>, vector<4xi8>
// CHECK: vector.load %{{.*}} : memref<8xi32>, vector<4xi32>
// CHECK: vector.load %arg2[%arg4] : memref<8xi16>, vector<4xi16>
// CHECK: vector.load %arg3[%arg4] : memref<8xvector<4xi1>>, vector<4xi1>
func.func @other_widths(%a: memref<8xi4>, %b: memref<8xi24>, %c: memref<8xi16>, %d: memref<8xvector<4xi1>>, %i: index)
    -> (vector<4xi4>, vector<4xi24>, vector<4xi16>, vector<4xi1>) {
  %0 = vector.load %a[%i] : memref<8xi4>, vector<4xi4>
  %1 = vector.load %b[%i] : memref<8xi24>, vector<4xi24>
  %2 = vector.load %c[%i] : memref<8xi16>, vector<4xi16>
  %3 = vector.load %d[%i] : memref<8xvector<4xi1>>, vector<4xi1>
  return %0, %1, %2, %3 : vector<4xi4>, vector<4xi24>, vector<4xi16>, vector<4xi1>
}
