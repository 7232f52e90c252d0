// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s | FileCheck %s
// RUN: symm-opt %s | symm-opt | FileCheck %s
// RUN: symm-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: symm-opt %s --mlir-print-op-generic | symm-opt | FileCheck %s
// RUN: symm-opt %s --emit-bytecode | symm-opt | FileCheck %s
// RUN: symm-opt %s --verify-roundtrip -o /dev/null
// RUN: symm-opt %s --cse --canonicalize --loop-invariant-code-motion | FileCheck %s --check-prefix=KEPT

// CHECK-LABEL: func.func @accesses(
// CHECK-SAME: %[[A:.*]]: i64, %[[B:.*]]: i64, %[[X:.*]]: i32, %[[Y:.*]]: i64
func.func @accesses(%a: i64, %b: i64, %x: i32, %y: i64) {
  // CHECK: comm.load<relaxed> %[[A]] : i64, i64
  // GENERIC: "comm.load"(%{{.*}}) <{offset = 0 : i64, order = #comm.mem_order<relaxed>}> : (i64) -> (i64, i64)
  %0:2 = comm.load<relaxed> %a : i64, i64
  // CHECK: comm.load<acquire> %[[A]] offset(4) : i32
  %1 = comm.load<acquire> %a offset(4) : i32
  // CHECK: comm.load<volatile> %[[A]] offset(-16) {user.note = 1 : i64} : i32, i32, i32, i32
  %2:4 = comm.load<volatile> %a offset(-16) {user.note = 1 : i64} : i32, i32, i32, i32
  // CHECK: comm.store<relaxed> %[[Y]], %[[Y]] to %[[A]], %[[B]] offset(32) : i64, i64
  // GENERIC: "comm.store"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) <{offset = 32 : i64, operandSegmentSizes = array<i32: 2, 2>, order = #comm.mem_order<relaxed>}> : (i64, i64, i64, i64) -> ()
  comm.store<relaxed> %y, %y to %a, %b offset(32) : i64, i64
  // CHECK: comm.store<release> %[[X]] to %[[B]] : i32
  comm.store<release> %x to %b : i32
  // CHECK: comm.compare_exchange %[[A]], %[[X]], %[[X]] offset(8) : i32
  // GENERIC: "comm.compare_exchange"(%{{.*}}, %{{.*}}, %{{.*}}) <{offset = 8 : i64}> : (i64, i32, i32) -> i32
  %3 = comm.compare_exchange %a, %x, %x offset(8) : i32
  // CHECK: comm.compare_exchange %[[A]], %[[Y]], %[[Y]] : i64
  %4 = comm.compare_exchange %a, %y, %y : i64
  return
}

// What another rank writes meanwhile is read again, and nothing moves over anything.
// KEPT-LABEL: func.func @order(
// KEPT-SAME: %[[A:.*]]: i64, %[[X:.*]]: i32
func.func @order(%a: i64, %x: i32, %end: index) -> (i32, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // KEPT: %[[L0:.*]] = comm.load<relaxed> %[[A]] : i32
  // KEPT-NEXT: %[[L1:.*]] = comm.load<relaxed> %[[A]] : i32
  // KEPT-NEXT: comm.load<relaxed> %[[A]] : i32
  // KEPT-NEXT: comm.store<relaxed> %[[X]] to %[[A]] : i32
  // KEPT-NEXT: comm.store<relaxed> %[[X]] to %[[A]] : i32
  // KEPT-NEXT: comm.compare_exchange %[[A]], %[[X]], %[[X]] : i32
  %0 = comm.load<relaxed> %a : i32
  %1 = comm.load<relaxed> %a : i32
  %2 = comm.load<relaxed> %a : i32
  comm.store<relaxed> %x to %a : i32
  comm.store<relaxed> %x to %a : i32
  %3 = comm.compare_exchange %a, %x, %x : i32
  // KEPT-NEXT: scf.for
  // KEPT-NEXT: comm.load<acquire> %[[A]] : i32
  // KEPT-NEXT: }
  scf.for %i = %c0 to %end step %c1 {
    %4 = comm.load<acquire> %a : i32
  }
  // KEPT-NEXT: return %[[L0]], %[[L1]]
  return %0, %1 : i32, i32
}
