// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Exponentials. e^x is 2^n e^r with the whole number n next to x / ln 2, which adding 1.5 * 2^23 rounds to: its bits are then
// those of that number and n. ln 2 is taken off in two parts.

// x between two bounds; NaN stays NaN.
llvm.func internal @symm.clamp(%x: f32, %lower: f32, %upper: f32) -> f32 {
  %is_less = arith.cmpf olt, %x, %lower : f32
  %raised = arith.select %is_less, %lower, %x : f32
  %is_greater = arith.cmpf ogt, %raised, %upper : f32
  %y = arith.select %is_greater, %upper, %raised : f32
  llvm.return %y : f32
}

// e^r - 1 for |r| < 0.347.
llvm.func internal @symm.expm1_near_0(%r: f32) -> f32 {
  %c0.000199100279 = arith.constant 0.000199100279 : f32
  %c0.00139335368 = arith.constant 0.00139335368 : f32
  %c0.00833328161 = arith.constant 0.00833328161 : f32
  %c0.0416664816 = arith.constant 0.0416664816 : f32
  %c0.166666672 = arith.constant 0.166666672 : f32
  %c0.5 = arith.constant 0.5 : f32
  %p = math.fma %c0.000199100279, %r, %c0.00139335368 : f32
  %p.1 = math.fma %p, %r, %c0.00833328161 : f32
  %p.2 = math.fma %p.1, %r, %c0.0416664816 : f32
  %p.3 = math.fma %p.2, %r, %c0.166666672 : f32
  %p.4 = math.fma %p.3, %r, %c0.5 : f32
  %square = arith.mulf %p.4, %r : f32
  %y = math.fma %square, %r, %r : f32
  llvm.return %y : f32
}

// n, out of what has been rounded by adding 1.5 * 2^23.
llvm.func internal @symm.rounded(%t: f32) -> i32 {
  %c0x4B400000_i32 = arith.constant 0x4B400000 : i32
  %b = arith.bitcast %t : f32 to i32
  %y = arith.subi %b, %c0x4B400000_i32 : i32
  llvm.return %y : i32
}

// n + 1.5 * 2^23 for e^x.
llvm.func internal @symm.exp_round(%x: f32) -> f32 {
  %c1.44269504 = arith.constant 1.44269504 : f32
  %c12582912.0 = arith.constant 12582912.0 : f32
  %y = math.fma %x, %c1.44269504, %c12582912.0 : f32
  llvm.return %y : f32
}

// r for e^x.
llvm.func internal @symm.exp_rest(%x: f32) -> f32 {
  %c12582912.0 = arith.constant 12582912.0 : f32
  %c-0.693147182 = arith.constant -0.693147182 : f32
  %c1.90465421e-9 = arith.constant 1.90465421e-9 : f32
  %t = llvm.call @symm.exp_round(%x) : (f32) -> f32
  %n = arith.subf %t, %c12582912.0 : f32
  %r = math.fma %n, %c-0.693147182, %x : f32
  %y = math.fma %n, %c1.90465421e-9, %r : f32
  llvm.return %y : f32
}

// 2^n, for n between -126 and 127.
llvm.func internal @symm.power_of_2(%n: i32) -> f32 {
  %c127_i32 = arith.constant 127 : i32
  %c23_i32 = arith.constant 23 : i32
  %biased = arith.addi %n, %c127_i32 : i32
  %b = arith.shli %biased, %c23_i32 : i32
  %y = arith.bitcast %b : i32 to f32
  llvm.return %y : f32
}

// 2^n y, in two steps: 2^n may be no number where the product is.
llvm.func internal @symm.scale(%y: f32, %n: i32) -> f32 {
  %c1_i32 = arith.constant 1 : i32
  %half = arith.shrsi %n, %c1_i32 : i32
  %rest = arith.subi %n, %half : i32
  %first = llvm.call @symm.power_of_2(%half) : (i32) -> f32
  %second = llvm.call @symm.power_of_2(%rest) : (i32) -> f32
  %z = arith.mulf %y, %first : f32
  %y.1 = arith.mulf %z, %second : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.exp(%x: f32) -> f32 {
  %c-104.0 = arith.constant -104.0 : f32
  %c89.0 = arith.constant 89.0 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c = llvm.call @symm.clamp(%x, %c-104.0, %c89.0) : (f32, f32, f32) -> f32
  %t = llvm.call @symm.exp_round(%c) : (f32) -> f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %r = llvm.call @symm.exp_rest(%c) : (f32) -> f32
  %e = llvm.call @symm.expm1_near_0(%r) : (f32) -> f32
  %power = arith.addf %e, %c1.0 : f32
  %y = llvm.call @symm.scale(%power, %n) : (f32, i32) -> f32
  llvm.return %y : f32
}

// 2^(high + low).
llvm.func internal @symm.exp2_of_sum(%high: f32, %low: f32) -> f32 {
  %c-160.0 = arith.constant -160.0 : f32
  %c160.0 = arith.constant 160.0 : f32
  %c12582912.0 = arith.constant 12582912.0 : f32
  %c-1.90465421e-9 = arith.constant -1.90465421e-9 : f32
  %c0.693147182 = arith.constant 0.693147182 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c = llvm.call @symm.clamp(%high, %c-160.0, %c160.0) : (f32, f32, f32) -> f32
  %t = arith.addf %c, %c12582912.0 : f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %whole = arith.subf %t, %c12582912.0 : f32
  %difference = arith.subf %c, %whole : f32
  %f = arith.addf %difference, %low : f32
  %f_low = arith.mulf %f, %c-1.90465421e-9 : f32
  %r = math.fma %f, %c0.693147182, %f_low : f32
  %e = llvm.call @symm.expm1_near_0(%r) : (f32) -> f32
  %power = arith.addf %e, %c1.0 : f32
  %y = llvm.call @symm.scale(%power, %n) : (f32, i32) -> f32
  llvm.return %y : f32
}

llvm.func internal @symm.exp2(%x: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %y = llvm.call @symm.exp2_of_sum(%x, %c0.0) : (f32, f32) -> f32
  llvm.return %y : f32
}

// (e^x - 1) / 4, for x up to 89.5.
llvm.func internal @symm.quarter_expm1(%x: f32) -> f32 {
  %c-18.0 = arith.constant -18.0 : f32
  %c89.5 = arith.constant 89.5 : f32
  %c2_i32 = arith.constant 2 : i32
  %c0.25 = arith.constant 0.25 : f32
  %c = llvm.call @symm.clamp(%x, %c-18.0, %c89.5) : (f32, f32, f32) -> f32
  %t = llvm.call @symm.exp_round(%c) : (f32) -> f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %n2 = arith.subi %n, %c2_i32 : i32
  %s = llvm.call @symm.power_of_2(%n2) : (i32) -> f32
  %r = llvm.call @symm.exp_rest(%c) : (f32) -> f32
  %e = llvm.call @symm.expm1_near_0(%r) : (f32) -> f32
  %rest = arith.subf %s, %c0.25 : f32
  %y = math.fma %e, %s, %rest : f32
  llvm.return %y : f32
}

llvm.func internal @symm.expm1(%x: f32) -> f32 {
  %c-18.0 = arith.constant -18.0 : f32
  %c89.0 = arith.constant 89.0 : f32
  %c4.0 = arith.constant 4.0 : f32
  %c2.98023224e-8 = arith.constant 2.98023224e-8 : f32
  %c = llvm.call @symm.clamp(%x, %c-18.0, %c89.0) : (f32, f32, f32) -> f32
  %h = llvm.call @symm.quarter_expm1(%c) : (f32) -> f32
  %y = arith.mulf %h, %c4.0 : f32
  // A small x is its own result, down to the sign of 0.
  %a = math.absf %x : f32
  %is_small = arith.cmpf olt, %a, %c2.98023224e-8 : f32
  %y.1 = arith.select %is_small, %x, %y : f32
  llvm.return %y.1 : f32
}
