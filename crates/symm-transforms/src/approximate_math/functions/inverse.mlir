// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Inverses of the trigonometric functions.

// For t between 0 and 1.
llvm.func internal @symm.atan_near_0(%t: f32) -> f32 {
  %c-0.00181524677 = arith.constant -0.00181524677 : f32
  %c0.0110166464 = arith.constant 0.0110166464 : f32
  %c-0.0313773416 = arith.constant -0.0313773416 : f32
  %c0.0581664778 = arith.constant 0.0581664778 : f32
  %c-0.0841607973 = arith.constant -0.0841607973 : f32
  %c0.109566092 = arith.constant 0.109566092 : f32
  %c-0.142650917 = arith.constant -0.142650917 : f32
  %c0.199986264 = arith.constant 0.199986264 : f32
  %c-0.333333015 = arith.constant -0.333333015 : f32
  %s = arith.mulf %t, %t : f32
  %p = math.fma %c-0.00181524677, %s, %c0.0110166464 : f32
  %p.1 = math.fma %p, %s, %c-0.0313773416 : f32
  %p.2 = math.fma %p.1, %s, %c0.0581664778 : f32
  %p.3 = math.fma %p.2, %s, %c-0.0841607973 : f32
  %p.4 = math.fma %p.3, %s, %c0.109566092 : f32
  %p.5 = math.fma %p.4, %s, %c-0.142650917 : f32
  %p.6 = math.fma %p.5, %s, %c0.199986264 : f32
  %p.7 = math.fma %p.6, %s, %c-0.333333015 : f32
  %cubic = arith.mulf %p.7, %s : f32
  %y = math.fma %cubic, %t, %t : f32
  llvm.return %y : f32
}

llvm.func internal @symm.atan(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c1.57079637 = arith.constant 1.57079637 : f32
  %a = math.absf %x : f32
  %inverse = arith.divf %c1.0, %a : f32
  %is_far = arith.cmpf ogt, %a, %c1.0 : f32
  %t = arith.select %is_far, %inverse, %a : f32
  %near = llvm.call @symm.atan_near_0(%t) : (f32) -> f32
  %far = arith.subf %c1.57079637, %near : f32
  %y = arith.select %is_far, %far, %near : f32
  %y.1 = math.copysign %y, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.atan2(%y: f32, %x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0.0 = arith.constant 0.0 : f32
  %c1.57079637 = arith.constant 1.57079637 : f32
  %c3.14159274 = arith.constant 3.14159274 : f32
  %c0_i32 = arith.constant 0 : i32
  %a = math.absf %x : f32
  %b = math.absf %y : f32
  %is_steep = arith.cmpf ogt, %b, %a : f32
  %larger = arith.select %is_steep, %b, %a : f32
  %smaller = arith.select %is_steep, %a, %b : f32
  %quotient = arith.divf %smaller, %larger : f32
  // Two infinities are alike, and two zeros are none.
  %is_diagonal = arith.cmpf oeq, %smaller, %larger : f32
  %t = arith.select %is_diagonal, %c1.0, %quotient : f32
  %is_origin = arith.cmpf oeq, %larger, %c0.0 : f32
  %t.1 = arith.select %is_origin, %c0.0, %t : f32
  %flat = llvm.call @symm.atan_near_0(%t.1) : (f32) -> f32
  %steep = arith.subf %c1.57079637, %flat : f32
  %angle = arith.select %is_steep, %steep, %flat : f32
  %supplement = arith.subf %c3.14159274, %angle : f32
  %x_bits = arith.bitcast %x : f32 to i32
  %is_left = arith.cmpi slt, %x_bits, %c0_i32 : i32
  %z = arith.select %is_left, %supplement, %angle : f32
  %signed = math.copysign %z, %y : f32
  %is_number = arith.cmpf ord, %x, %y : f32
  %none = arith.addf %x, %y : f32
  %y.1 = arith.select %is_number, %signed, %none : f32
  llvm.return %y.1 : f32
}

// t + t s P(s), the arcsine of t for s = t^2 up to 1 / 4.
llvm.func internal @symm.asin_near_0(%t: f32, %s: f32) -> f32 {
  %c0.0376217961 = arith.constant 0.0376217961 : f32
  %c0.0143650053 = arith.constant 0.0143650053 : f32
  %c0.0318267532 = arith.constant 0.0318267532 : f32
  %c0.044514738 = arith.constant 0.044514738 : f32
  %c0.0750051513 = arith.constant 0.0750051513 : f32
  %c0.166666597 = arith.constant 0.166666597 : f32
  %p = math.fma %c0.0376217961, %s, %c0.0143650053 : f32
  %p.1 = math.fma %p, %s, %c0.0318267532 : f32
  %p.2 = math.fma %p.1, %s, %c0.044514738 : f32
  %p.3 = math.fma %p.2, %s, %c0.0750051513 : f32
  %p.4 = math.fma %p.3, %s, %c0.166666597 : f32
  %cubic = arith.mulf %p.4, %s : f32
  %y = math.fma %cubic, %t, %t : f32
  llvm.return %y : f32
}

// Above 1 / 2, it is asked for the root of (1 - |x|) / 2.
llvm.func internal @symm.asin_argument(%a: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %d = arith.subf %c1.0, %a : f32
  %half = arith.mulf %d, %c0.5 : f32
  %root = math.sqrt %half : f32
  %is_far = arith.cmpf ogt, %a, %c0.5 : f32
  %y = arith.select %is_far, %root, %a : f32
  llvm.return %y : f32
}

llvm.func internal @symm.asin_square(%a: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %d = arith.subf %c1.0, %a : f32
  %half = arith.mulf %d, %c0.5 : f32
  %square = arith.mulf %a, %a : f32
  %is_far = arith.cmpf ogt, %a, %c0.5 : f32
  %y = arith.select %is_far, %half, %square : f32
  llvm.return %y : f32
}

llvm.func internal @symm.asin(%x: f32) -> f32 {
  %c-2.0 = arith.constant -2.0 : f32
  %c1.57079637 = arith.constant 1.57079637 : f32
  %c-4.37113883e-8 = arith.constant -4.37113883e-8 : f32
  %c0.5 = arith.constant 0.5 : f32
  %a = math.absf %x : f32
  %t = llvm.call @symm.asin_argument(%a) : (f32) -> f32
  %s = llvm.call @symm.asin_square(%a) : (f32) -> f32
  %near = llvm.call @symm.asin_near_0(%t, %s) : (f32, f32) -> f32
  %rest = math.fma %c-2.0, %near, %c1.57079637 : f32
  %far = arith.addf %rest, %c-4.37113883e-8 : f32
  %is_far = arith.cmpf ogt, %a, %c0.5 : f32
  %y = arith.select %is_far, %far, %near : f32
  %y.1 = math.copysign %y, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.acos(%x: f32) -> f32 {
  %c-4.37113883e-8 = arith.constant -4.37113883e-8 : f32
  %c1.57079637 = arith.constant 1.57079637 : f32
  %c3.14159274 = arith.constant 3.14159274 : f32
  %c-8.74227766e-8 = arith.constant -8.74227766e-8 : f32
  %c0.0 = arith.constant 0.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %a = math.absf %x : f32
  %t = llvm.call @symm.asin_argument(%a) : (f32) -> f32
  %s = llvm.call @symm.asin_square(%a) : (f32) -> f32
  %sine = llvm.call @symm.asin_near_0(%t, %s) : (f32, f32) -> f32
  %signed = math.copysign %sine, %x : f32
  %rest = arith.subf %signed, %c-4.37113883e-8 : f32
  %near = arith.subf %c1.57079637, %rest : f32
  %right = arith.addf %sine, %sine : f32
  %supplement = arith.subf %c3.14159274, %right : f32
  %left = arith.addf %supplement, %c-8.74227766e-8 : f32
  %is_left = arith.cmpf olt, %x, %c0.0 : f32
  %far = arith.select %is_left, %left, %right : f32
  %is_far = arith.cmpf ogt, %a, %c0.5 : f32
  %y = arith.select %is_far, %far, %near : f32
  llvm.return %y : f32
}
