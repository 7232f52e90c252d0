// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What kernels get: numbers that the host computes, and buffers.

use super::compile_and_run;

/// Numbers of a host loop, of types that PTX has no parameters of, among others that it has.
const NUMBERS: &str = "
#elements = affine_map<(i) -> (i)>
#number = affine_map<(i) -> ()>
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %ahead = arith.constant 65 : i128
  %down = arith.constant -5 : i32
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%t = %x) -> (tensor<4xf32>) {
    %n = arith.index_cast %i : index to i128
    %above = arith.shli %n, %ahead : i128
    %wide = arith.addi %above, %n : i128
    %j = arith.index_cast %i : index to i32
    %signed = arith.addi %j, %down : i32
    %nibble = arith.trunci %signed : i32 to i4
    %middle = arith.extsi %signed : i32 to i48
    %float = arith.sitofp %signed : i32 to f32
    %short = arith.truncf %float : f32 to f8E5M2
    %is_odd = arith.trunci %j : i32 to i1
    %empty = tensor.empty() : tensor<4xf32>
    %next = linalg.generic {
      indexing_maps = [#elements, #number, #number, #number, #number, #number, #number, #elements],
      iterator_types = [\"parallel\"]
    } ins(%x, %nibble, %wide, %middle, %j, %short, %is_odd
        : tensor<4xf32>, i4, i128, i48, i32, f8E5M2, i1) outs(%empty : tensor<4xf32>) {
    ^bb0(%a: f32, %b: i4, %c: i128, %d: i48, %e: i32, %g: f8E5M2, %h: i1, %out: f32):
      %64 = arith.constant 64 : i128
      %ten = arith.constant 10.0 : f32
      %upper = arith.shrui %c, %64 : i128
      %above_all = arith.trunci %upper : i128 to i32
      %below = arith.trunci %c : i128 to i32
      %0 = arith.sitofp %b : i4 to f32
      %1 = arith.sitofp %above_all : i32 to f32
      %2 = arith.sitofp %below : i32 to f32
      %3 = arith.sitofp %d : i48 to f32
      %4 = arith.sitofp %e : i32 to f32
      %5 = arith.extf %g : f8E5M2 to f32
      %6 = arith.uitofp %h : i1 to f32
      %10 = math.fma %a, %ten, %0 : f32
      %11 = math.fma %10, %ten, %1 : f32
      %12 = math.fma %11, %ten, %2 : f32
      %13 = math.fma %12, %ten, %3 : f32
      %14 = math.fma %13, %ten, %4 : f32
      %15 = math.fma %14, %ten, %5 : f32
      %16 = math.fma %15, %ten, %6 : f32
      linalg.yield %16 : f32
    } -> tensor<4xf32>
    scf.yield %next : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}";

#[test]
fn numbers_of_any_width_arrive_whole() {
    let x = vec![0.0, 1.0, -1.0, 0.5];
    let run = compile_and_run(NUMBERS, "", std::slice::from_ref(&x));
    // In the last iteration, i is 3.
    let digits = [-2.0, 6.0, 3.0, -2.0, 3.0, -2.0, 1.0];
    let expected = |x: f32| digits.iter().fold(x, |value, digit| value * 10.0 + digit);
    assert_eq!(
        run.results[0],
        x.iter().map(|x| expected(*x)).collect::<Vec<_>>()
    );
}

/// Adds the columns of a matrix, from the last to the first, to a vector.
const COLUMNS: &str = "
func.func @f(%x: tensor<4x3xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %ten = arith.constant dense<10.0> : tensor<4xf32>
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%t = %zero) -> (tensor<4xf32>) {
    %column = arith.subi %c2, %i : index
    %slice = tensor.extract_slice %x[0, %column] [4, 1] [1, 1] : tensor<4x3xf32> to tensor<4xf32>
    %more = arith.mulf %t, %ten : tensor<4xf32>
    %next = arith.addf %more, %slice : tensor<4xf32>
    scf.yield %next : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}";

#[test]
fn buffers_begin_where_the_host_says() {
    let x: Vec<f32> = (0..12).map(|value| (value % 7) as f32).collect();
    let run = compile_and_run(COLUMNS, "", std::slice::from_ref(&x));
    let number = |row: &[f32]| {
        row.iter()
            .rev()
            .fold(0.0, |value, digit| value * 10.0 + digit)
    };
    assert_eq!(run.results[0], x.chunks(3).map(number).collect::<Vec<_>>());
    assert_eq!(run.leaked, 0);
}
