// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The remainder of a division, which is exact: that of C's fmodf.

// Long division in base 2: multiples of the divisor by powers of 2 are taken away, the largest first. Each is a number of f32,
// and so is what is left, for it is less than twice what is taken from it.
llvm.func internal @symm.remf(%x: f32, %y: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %inf = arith.constant 0x7F800000 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %a = math.absf %x : f32
  %b = math.absf %y : f32
  %dividend_is_finite = arith.cmpf olt, %a, %inf : f32
  %divisor_is_finite = arith.cmpf olt, %b, %inf : f32
  %divisor_is_positive = arith.cmpf ogt, %b, %c0.0 : f32
  %are_finite = arith.andi %dividend_is_finite, %divisor_is_finite : i1
  %divides = arith.andi %are_finite, %divisor_is_positive : i1
  %rest = scf.if %divides -> f32 {
    %largest = scf.while (%multiple = %b) : (f32) -> f32 {
      %double = arith.addf %multiple, %multiple : f32
      %fits = arith.cmpf ole, %double, %a : f32
      scf.condition(%fits) %multiple : f32
    } do {
    ^bb0(%multiple: f32):
      %double = arith.addf %multiple, %multiple : f32
      scf.yield %double : f32
    }
    %none, %left = scf.while (%multiple = %largest, %left = %a) : (f32, f32) -> (f32, f32) {
      %is_multiple = arith.cmpf oge, %multiple, %b : f32
      scf.condition(%is_multiple) %multiple, %left : f32, f32
    } do {
    ^bb0(%multiple: f32, %left: f32):
      %fits = arith.cmpf oge, %left, %multiple : f32
      %less = arith.subf %left, %multiple : f32
      %next = arith.select %fits, %less, %left : f32
      %half = arith.mulf %multiple, %c0.5 : f32
      scf.yield %half, %next : f32, f32
    }
    scf.yield %left : f32
  } else {
    // A finite number is less than an infinite divisor; all else has no remainder.
    %divisor_is_infinite = arith.cmpf oeq, %b, %inf : f32
    %is_less = arith.andi %dividend_is_finite, %divisor_is_infinite : i1
    %left = arith.select %is_less, %a, %nan : f32
    scf.yield %left : f32
  }
  %z = math.copysign %rest, %x : f32
  llvm.return %z : f32
}
