// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The error functions.

// For |x| < 0.93.
llvm.func internal @symm.erf_near_0(%x: f32) -> f32 {
  %c8.32748919e-5 = arith.constant 8.32748919e-5 : f32
  %c-0.000813321618 = arith.constant -0.000813321618 : f32
  %c0.00520026078 = arith.constant 0.00520026078 : f32
  %c-0.0268591195 = arith.constant -0.0268591195 : f32
  %c0.112836912 = arith.constant 0.112836912 : f32
  %c-0.376126349 = arith.constant -0.376126349 : f32
  %c0.128379166 = arith.constant 0.128379166 : f32
  %s = arith.mulf %x, %x : f32
  %p = math.fma %c8.32748919e-5, %s, %c-0.000813321618 : f32
  %p.1 = math.fma %p, %s, %c0.00520026078 : f32
  %p.2 = math.fma %p.1, %s, %c-0.0268591195 : f32
  %p.3 = math.fma %p.2, %s, %c0.112836912 : f32
  %p.4 = math.fma %p.3, %s, %c-0.376126349 : f32
  %p.5 = math.fma %p.4, %s, %c0.128379166 : f32
  %y = math.fma %p.5, %x, %x : f32
  llvm.return %y : f32
}

// erfc a = e^(-a^2) P(q) / (1 + 2 a) for q = (a - 2) / (a + 2), from 0.23 on. The exponent is known beyond f32.
llvm.func internal @symm.erfc_positive(%x: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %c10.1 = arith.constant 10.1 : f32
  %c2.0 = arith.constant 2.0 : f32
  %c0.000122422804 = arith.constant 0.000122422804 : f32
  %c-0.00029824581 = arith.constant -0.00029824581 : f32
  %c-0.00136806502 = arith.constant -0.00136806502 : f32
  %c0.00120364886 = arith.constant 0.00120364886 : f32
  %c0.00868858676 = arith.constant 0.00868858676 : f32
  %c-0.00802037958 = arith.constant -0.00802037958 : f32
  %c-0.0542146191 = arith.constant -0.0542146191 : f32
  %c0.164050102 = arith.constant 0.164050102 : f32
  %c-0.16603069 = arith.constant -0.16603069 : f32
  %c-0.0927637964 = arith.constant -0.0927637964 : f32
  %c1.27697837 = arith.constant 1.27697837 : f32
  %c1.0 = arith.constant 1.0 : f32
  %a = llvm.call @symm.clamp(%x, %c0.0, %c10.1) : (f32, f32, f32) -> f32
  %above = arith.subf %a, %c2.0 : f32
  %below = arith.addf %a, %c2.0 : f32
  %q = arith.divf %above, %below : f32
  %p = math.fma %c0.000122422804, %q, %c-0.00029824581 : f32
  %p.1 = math.fma %p, %q, %c-0.00136806502 : f32
  %p.2 = math.fma %p.1, %q, %c0.00120364886 : f32
  %p.3 = math.fma %p.2, %q, %c0.00868858676 : f32
  %p.4 = math.fma %p.3, %q, %c-0.00802037958 : f32
  %p.5 = math.fma %p.4, %q, %c-0.0542146191 : f32
  %p.6 = math.fma %p.5, %q, %c0.164050102 : f32
  %p.7 = math.fma %p.6, %q, %c-0.16603069 : f32
  %p.8 = math.fma %p.7, %q, %c-0.0927637964 : f32
  %p.9 = math.fma %p.8, %q, %c1.27697837 : f32
  %d = math.fma %c2.0, %a, %c1.0 : f32
  %quotient = arith.divf %p.9, %d : f32
  %minus_a = arith.negf %a : f32
  %exponent = arith.mulf %a, %minus_a : f32
  %lack = math.fma %a, %a, %exponent : f32
  %t = llvm.call @symm.exp_round(%exponent) : (f32) -> f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %r = llvm.call @symm.exp_rest(%exponent) : (f32) -> f32
  %r.1 = arith.subf %r, %lack : f32
  %e = llvm.call @symm.expm1_near_0(%r.1) : (f32) -> f32
  %y = math.fma %e, %quotient, %quotient : f32
  %y.1 = llvm.call @symm.scale(%y, %n) : (f32, i32) -> f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.erf(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0.85 = arith.constant 0.85 : f32
  %a = math.absf %x : f32
  %near = llvm.call @symm.erf_near_0(%x) : (f32) -> f32
  %tail = llvm.call @symm.erfc_positive(%a) : (f32) -> f32
  %rest = arith.subf %c1.0, %tail : f32
  %far = math.copysign %rest, %x : f32
  %is_far = arith.cmpf ogt, %a, %c0.85 : f32
  %y = arith.select %is_far, %far, %near : f32
  llvm.return %y : f32
}

llvm.func internal @symm.erfc(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c2.0 = arith.constant 2.0 : f32
  %c0.0 = arith.constant 0.0 : f32
  %c0.25 = arith.constant 0.25 : f32
  %a = math.absf %x : f32
  %center = llvm.call @symm.erf_near_0(%x) : (f32) -> f32
  %near = arith.subf %c1.0, %center : f32
  %right = llvm.call @symm.erfc_positive(%a) : (f32) -> f32
  %left = arith.subf %c2.0, %right : f32
  %is_left = arith.cmpf olt, %x, %c0.0 : f32
  %far = arith.select %is_left, %left, %right : f32
  %is_far = arith.cmpf ogt, %a, %c0.25 : f32
  %y = arith.select %is_far, %far, %near : f32
  llvm.return %y : f32
}
