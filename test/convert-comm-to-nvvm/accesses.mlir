// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-comm-to-nvvm | FileCheck %s
// RUN: %mlir_opt_symm --pass-pipeline='builtin.module(gpu.module(convert-comm-to-nvvm))' %s | FileCheck %s
// RUN: symm-opt %s --pass-pipeline='builtin.module(gpu.module(convert-comm-to-nvvm,convert-nvvm-to-llvm),nvvm-attach-target{chip=sm_90},gpu-module-to-binary{format=isa})' | FileCheck %s --check-prefix=PTX

// PTX: st.relaxed.sys.global.v2.b64 [%rd{{[0-9]+}}+32], {%rd{{[0-9]+}}, %rd{{[0-9]+}}}

// Host code is no GPU's.
//
// CHECK-LABEL: func.func @host(
func.func @host(%a: i64) -> i32 {
  // CHECK: comm.load<acquire>
  %0 = comm.load<acquire> %a : i32
  return %0 : i32
}

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @loads(
  // CHECK-SAME: %[[A:.*]]: i64
  llvm.func @loads(%a: i64) -> i32 {
    // CHECK: nvvm.inline_ptx "ld.relaxed.sys.global.b64 {$w0}, [{$r0}];" ro(%[[A]] : i64) -> i64
    %0 = comm.load<relaxed> %a : i64
    // CHECK: nvvm.inline_ptx "ld.relaxed.sys.global.v2.b64 {{[{]}}{$w0}, {$w1}}, [{$r0}];" ro(%[[A]] : i64) -> i64, i64
    %1:2 = comm.load<relaxed> %a : i64, i64
    // CHECK: %[[STATE:.*]]:4 = nvvm.inline_ptx "ld.volatile.global.v4.b32 {{[{]}}{$w0}, {$w1}, {$w2}, {$w3}}, [{$r0}+16];" ro(%[[A]] : i64) -> i32, i32, i32, i32
    %2:4 = comm.load<volatile> %a offset(16) : i32, i32, i32, i32
    // CHECK: nvvm.inline_ptx "ld.acquire.sys.global.b32 {$w0}, [{$r0}+-4];" ro(%[[A]] : i64) -> i32
    %3 = comm.load<acquire> %a offset(-4) : i32
    // CHECK: llvm.return %[[STATE]]#2
    llvm.return %2#2 : i32
  }

  // CHECK-LABEL: llvm.func @stores(
  // CHECK-SAME: %[[A:.*]]: i64, %[[B:.*]]: i64, %[[X:.*]]: i32, %[[Y:.*]]: i64
  llvm.func @stores(%a: i64, %b: i64, %x: i32, %y: i64) {
    // CHECK: nvvm.inline_ptx "st.release.sys.global.b32 [{$r0}], {$r1};" ro(%[[A]], %[[X]] : i64, i32)
    comm.store<release> %x to %a : i32
    // CHECK: nvvm.inline_ptx "st.relaxed.sys.global.v2.b64 [{$r0}+32], {{[{]}}{$r2}, {$r3}};\0A\09st.relaxed.sys.global.v2.b64 [{$r1}+32], {{[{]}}{$r2}, {$r3}};" ro(%[[A]], %[[B]], %[[Y]], %[[Y]] : i64, i64, i64, i64)
    comm.store<relaxed> %y, %y to %a, %b offset(32) : i64, i64
    // CHECK: nvvm.inline_ptx "st.volatile.global.b64 [{$r0}], {$r1};" ro(%[[B]], %[[Y]] : i64, i64)
    comm.store<volatile> %y to %b : i64
    llvm.return
  }

  // CHECK-LABEL: llvm.func @exchanges(
  llvm.func @exchanges(%a: i64, %x: i32, %y: i64) -> i32 {
    // CHECK: %[[OLD:.*]] = nvvm.inline_ptx "atom.relaxed.sys.global.cas.b32 {$w0}, [{$r0}+8], {$r1}, {$r2};"
    %0 = comm.compare_exchange %a, %x, %x offset(8) : i32
    // CHECK: nvvm.inline_ptx "atom.relaxed.sys.global.cas.b64 {$w0}, [{$r0}], {$r1}, {$r2};"
    %1 = comm.compare_exchange %a, %y, %y : i64
    // CHECK: llvm.return %[[OLD]]
    llvm.return %0 : i32
  }
}
