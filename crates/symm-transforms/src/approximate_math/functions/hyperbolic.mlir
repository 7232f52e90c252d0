// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Hyperbolic functions and their inverses.

// e^x - 1 over 2 is h, and sinh x = h + h / (2 h + 1).
llvm.func internal @symm.sinh(%x: f32) -> f32 {
  %c2.0 = arith.constant 2.0 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c1.0e30 = arith.constant 1.0e30 : f32
  %c0.0 = arith.constant 0.0 : f32
  %c0.0001 = arith.constant 0.0001 : f32
  %a = math.absf %x : f32
  %q = llvm.call @symm.quarter_expm1(%a) : (f32) -> f32
  %h = arith.addf %q, %q : f32
  %d = math.fma %c2.0, %h, %c1.0 : f32
  %quotient = arith.divf %h, %d : f32
  // Far out, 2 h may be infinite, and the quotient is nothing beside h.
  %is_far = arith.cmpf ogt, %h, %c1.0e30 : f32
  %addend = arith.select %is_far, %c0.0, %quotient : f32
  %sum = arith.addf %h, %addend : f32
  %is_small = arith.cmpf olt, %a, %c0.0001 : f32
  %y = arith.select %is_small, %a, %sum : f32
  %y.1 = math.copysign %y, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.cosh(%x: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %c90.0 = arith.constant 90.0 : f32
  %c1_i32 = arith.constant 1 : i32
  %c1.0 = arith.constant 1.0 : f32
  %c0.25 = arith.constant 0.25 : f32
  %a = math.absf %x : f32
  %c = llvm.call @symm.clamp(%a, %c0.0, %c90.0) : (f32, f32, f32) -> f32
  %t = llvm.call @symm.exp_round(%c) : (f32) -> f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %n1 = arith.subi %n, %c1_i32 : i32
  %r = llvm.call @symm.exp_rest(%c) : (f32) -> f32
  %e = llvm.call @symm.expm1_near_0(%r) : (f32) -> f32
  %power = arith.addf %e, %c1.0 : f32
  %h = llvm.call @symm.scale(%power, %n1) : (f32, i32) -> f32
  %inverse = arith.divf %c0.25, %h : f32
  %y = arith.addf %h, %inverse : f32
  llvm.return %y : f32
}

// With h = (e^2|x| - 1) / 2.
llvm.func internal @symm.tanh(%x: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %c10.0 = arith.constant 10.0 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c0.0001 = arith.constant 0.0001 : f32
  %a = math.absf %x : f32
  %c = llvm.call @symm.clamp(%a, %c0.0, %c10.0) : (f32, f32, f32) -> f32
  %double = arith.addf %c, %c : f32
  %q = llvm.call @symm.quarter_expm1(%double) : (f32) -> f32
  %h = arith.addf %q, %q : f32
  %d = arith.addf %h, %c1.0 : f32
  %y = arith.divf %h, %d : f32
  // Where nothing is left of h.
  %is_small = arith.cmpf olt, %a, %c0.0001 : f32
  %z = arith.select %is_small, %a, %y : f32
  %y.1 = math.copysign %z, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.asinh(%x: f32) -> f32 {
  %c1.0e9 = arith.constant 1.0e9 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c0.693147181 = arith.constant 0.693147181 : f32
  %a = math.absf %x : f32
  %is_far = arith.cmpf ogt, %a, %c1.0e9 : f32
  %b = arith.select %is_far, %c1.0, %a : f32
  %square = arith.mulf %b, %b : f32
  %sum = arith.addf %square, %c1.0 : f32
  %root = math.sqrt %sum : f32
  %d = arith.addf %root, %c1.0 : f32
  %quotient = arith.divf %square, %d : f32
  %t = arith.addf %b, %quotient : f32
  %near = llvm.call @symm.log1p(%t) : (f32) -> f32
  %logarithm = llvm.call @symm.log(%a) : (f32) -> f32
  %far = arith.addf %logarithm, %c0.693147181 : f32
  %y = arith.select %is_far, %far, %near : f32
  %y.1 = math.copysign %y, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.acosh(%x: f32) -> f32 {
  %c1.0e9 = arith.constant 1.0e9 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c2.0 = arith.constant 2.0 : f32
  %c0.693147181 = arith.constant 0.693147181 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %is_far = arith.cmpf ogt, %x, %c1.0e9 : f32
  %b = arith.select %is_far, %c1.0, %x : f32
  %t = arith.subf %b, %c1.0 : f32
  %t2 = arith.addf %t, %c2.0 : f32
  %square = arith.mulf %t, %t2 : f32
  %root = math.sqrt %square : f32
  %sum = arith.addf %t, %root : f32
  %near = llvm.call @symm.log1p(%sum) : (f32) -> f32
  %logarithm = llvm.call @symm.log(%x) : (f32) -> f32
  %far = arith.addf %logarithm, %c0.693147181 : f32
  %y = arith.select %is_far, %far, %near : f32
  %has_result = arith.cmpf oge, %x, %c1.0 : f32
  %y.1 = arith.select %has_result, %y, %nan : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.atanh(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %a = math.absf %x : f32
  %double = arith.addf %a, %a : f32
  %d = arith.subf %c1.0, %a : f32
  %quotient = arith.divf %double, %d : f32
  %logarithm = llvm.call @symm.log1p(%quotient) : (f32) -> f32
  %y = arith.mulf %logarithm, %c0.5 : f32
  %y.1 = math.copysign %y, %x : f32
  llvm.return %y.1 : f32
}
