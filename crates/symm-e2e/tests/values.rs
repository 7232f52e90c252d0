// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Tensors are values: whatever buffers they share, no op changes one that the program still has.

use symm_e2e::{Call, compile, run};
use symm_sim::{Buffer, DType};

fn floats(values: &[f32]) -> Buffer {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    Buffer::new(DType::F32, vec![values.len()], bytes.collect()).unwrap()
}

/// Runs a program on two ranks, with the same arguments, and compares the first element of each result.
fn check(source: &str, arguments: &[&[f32]], expected: &[f32]) {
    let inputs: Vec<_> = arguments.iter().map(|values| floats(values)).collect();
    let call = Call {
        entry: "main".into(),
        inputs: vec![inputs; 2],
    };
    for options in [
        "",
        "one-shot-threshold-bytes=0",
        "auto-select=false",
        "protocol=push",
    ] {
        let results = run(&compile(source, options), 2, vec![call.clone()]).remove(0);
        for results in results {
            let first =
                |result: &Buffer| f32::from_le_bytes(result.bytes()[..4].try_into().unwrap());
            let found: Vec<_> = results.iter().map(first).collect();
            assert_eq!(found, expected, "{options}");
        }
    }
}

/// Ones, and as many elements as make `--lower-comm` choose in-place sums by default.
static ONES: [f32; 65536] = [1.0; 65536];

#[test]
fn a_loop_hands_on_a_tensor_that_the_program_still_has() {
    let source = "
    comm.group @all size(2) {symm_mem}
    func.func @main(%x: tensor<65536xf32>) -> (tensor<65536xf32>, tensor<65536xf32>) {
      %sent = c10d.broadcast src(0) %x on @all : tensor<65536xf32>
      %there = c10d.wait_tensor %sent : tensor<65536xf32>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %sent, %last = %x)
          -> (tensor<65536xf32>, tensor<65536xf32>) {
        %s = c10d.all_reduce<sum> %a on @all : tensor<65536xf32>
        %w = c10d.wait_tensor %s : tensor<65536xf32>
        scf.yield %there, %w : tensor<65536xf32>, tensor<65536xf32>
      }
      return %there, %r#1 : tensor<65536xf32>, tensor<65536xf32>
    }";
    check(source, &[&ONES], &[1.0, 2.0]);
}

#[test]
fn so_does_a_while_loop_and_one_of_blocks() {
    let types = "(i32, tensor<65536xf32>) -> (i32, tensor<65536xf32>)";
    let step = "
        %s = c10d.all_reduce<sum> %acc on @tp : tensor<65536xf32>
        %w = c10d.wait_tensor %s : tensor<65536xf32>
        %c = arith.cmpi slt, %i, %most : i32";
    let structured = format!(
        "%r:2 = scf.while (%i = %zero, %acc = %x) : {types} {{
          {step}
          scf.condition(%c) %i, %w : i32, tensor<65536xf32>
        }} do {{
        ^bb0(%i: i32, %w: tensor<65536xf32>):
          %j = arith.addi %i, %one : i32
          scf.yield %j, %base : i32, tensor<65536xf32>
        }}
        return %base, %r#1 : tensor<65536xf32>, tensor<65536xf32>"
    );
    let blocks = format!(
        "cf.br ^loop(%zero, %x : i32, tensor<65536xf32>)
        ^loop(%i: i32, %acc: tensor<65536xf32>):
          {step}
          cf.cond_br %c, ^next, ^end
        ^next:
          %j = arith.addi %i, %one : i32
          cf.br ^loop(%j, %base : i32, tensor<65536xf32>)
        ^end:
          return %base, %w : tensor<65536xf32>, tensor<65536xf32>"
    );
    for body in [structured, blocks] {
        let source = format!(
            "comm.group @tp size(2) {{symm_mem}}
            func.func @main(%x: tensor<65536xf32>) -> (tensor<65536xf32>, tensor<65536xf32>) {{
              %zero = arith.constant 0 : i32
              %one = arith.constant 1 : i32
              %most = arith.constant 3 : i32
              %base = arith.addf %x, %x : tensor<65536xf32>
              {body}
            }}"
        );
        check(&source, &[&ONES], &[2.0, 4.0]);
    }
}

#[test]
fn a_loop_hands_on_one_tensor_as_two() {
    let source = "
    #id = affine_map<(i) -> (i)>
    comm.group @tp size(2) {symm_mem}
    func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %one = arith.constant dense<1.0> : tensor<4xf32>
      %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
        %s = arith.addf %a, %one : tensor<4xf32>
        %t = arith.addf %s, %b : tensor<4xf32>
        scf.yield %t, %t : tensor<4xf32>, tensor<4xf32>
      }
      return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
    }";
    check(source, &[&[1.0; 4], &[1.0; 4]], &[15.0, 15.0]);
}

#[test]
fn what_an_op_leaves_of_its_result_stays() {
    let write = |from: usize, row: usize| {
        format!(
            "%t{} = linalg.generic {{indexing_maps = [affine_map<(j) -> (j)>, affine_map<(j) -> ({row}, j)>],
              iterator_types = [\"parallel\"]}} ins(%x : tensor<4xf32>) outs(%t{from} : tensor<40x4xf32>) {{
            ^bb0(%a: f32, %o: f32):
              linalg.yield %a : f32
            }} -> tensor<40x4xf32>\n",
            from + 1
        )
    };
    // All rows but the first, in a chain that `--bound-reuse` cuts, over a constant that `--fill-splats` makes a fill.
    let rows: String = (1..40).map(|row| write(row - 1, row)).collect();
    let source = format!(
        "func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {{
          %t0 = arith.constant dense<7.0> : tensor<40x4xf32>
          {rows}
          %first = tensor.extract_slice %t39[0, 0] [1, 4] [1, 1] : tensor<40x4xf32> to tensor<4xf32>
          %second = tensor.extract_slice %t39[1, 0] [1, 4] [1, 1] : tensor<40x4xf32> to tensor<4xf32>
          %last = tensor.extract_slice %t39[39, 0] [1, 4] [1, 1] : tensor<40x4xf32> to tensor<4xf32>
          return %first, %second, %last : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
        }}"
    );
    check(&source, &[&[1.0; 4]], &[7.0, 1.0, 1.0]);
}

#[test]
fn a_rank_may_add_what_others_do_not() {
    let source = "
    comm.group @tp size(2) {symm_mem}
    func.func @main(%x: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<8xf32> {
      %zero = arith.constant 0 : index
      %rank = comm.rank on @tp
      %first = arith.cmpi eq, %rank, %zero : index
      %own = arith.mulf %x, %x : tensor<8xf32>
      %most = c10d.all_reduce<max> %own on @tp : tensor<8xf32>
      %there = c10d.wait_tensor %most : tensor<8xf32>
      %biased = scf.if %first -> tensor<8xf32> {
        %more = arith.addf %there, %bias : tensor<8xf32>
        scf.yield %more : tensor<8xf32>
      } else {
        scf.yield %there : tensor<8xf32>
      }
      %sum = c10d.all_reduce<sum> %biased on @tp : tensor<8xf32>
      %ready = c10d.wait_tensor %sum : tensor<8xf32>
      %result = arith.addf %ready, %there : tensor<8xf32>
      return %result : tensor<8xf32>
    }";
    check(source, &[&[2.0; 8], &[1.0; 8]], &[13.0]);
}
