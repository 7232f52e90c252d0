// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Collectives on memrefs of every layout, in loops, branches and calls.

use std::{fmt::Write, time::Duration};
use symm_e2e::{Call, compile, difference, random, run, try_run};
use symm_sim::{Buffer, DType, ReduceOp, collective};

const RANKS: usize = 3;

/// Views of `%B : memref<6x10x4xT>`: a name, the ops that make `%B_v`, its extents
/// and the rest of its type.
const VIEWS: [(&str, &str, &[usize], &str); 6] = [
    (
        "whole",
        "%B_v = memref.cast %B : memref<6x10x4xT> to memref<6x10x4xT>",
        &[6, 10, 4],
        "",
    ),
    (
        "rows",
        "%B_v = memref.subview %B[1, 0, 0][3, 10, 4][1, 1, 1] \
         : memref<6x10x4xT> to memref<3x10x4xT, strided<[40, 4, 1], offset: 40>>",
        &[3, 10, 4],
        ", strided<[40, 4, 1], offset: 40>",
    ),
    (
        "box",
        "%B_v = memref.subview %B[1, 2, 1][5, 7, 2][1, 1, 1] \
         : memref<6x10x4xT> to memref<5x7x2xT, strided<[40, 4, 1], offset: 49>>",
        &[5, 7, 2],
        ", strided<[40, 4, 1], offset: 49>",
    ),
    (
        "steps",
        "%B_v = memref.subview %B[0, 1, 0][1, 4, 4][1, 2, 1] \
         : memref<6x10x4xT> to memref<1x4x4xT, strided<[40, 8, 1], offset: 4>>",
        &[1, 4, 4],
        ", strided<[40, 8, 1], offset: 4>",
    ),
    (
        "transposed",
        "%B_v = memref.transpose %B (i, j, k) -> (k, i, j) \
         : memref<6x10x4xT> to memref<4x6x10xT, strided<[1, 40, 4]>>",
        &[4, 6, 10],
        ", strided<[1, 40, 4]>",
    ),
    (
        "empty",
        "%B_v = memref.subview %B[2, 0, 0][0, 10, 2][1, 1, 1] \
         : memref<6x10x4xT> to memref<0x10x2xT, strided<[40, 4, 1], offset: 80>>",
        &[0, 10, 2],
        ", strided<[40, 4, 1], offset: 80>",
    ),
];

/// Ops from the view `%a_v` of type `A` to the view `%o_v` of type `O`.
const OPS: [(&str, &str); 6] = [
    (
        "library",
        "c10d.all_reduce<sum> ins(%a_v : A) outs(%o_v : O) on @g",
    ),
    (
        "pull",
        "symm_mem.one_shot_all_reduce<sum> ins(%a_v : A) outs(%o_v : O) on @g",
    ),
    (
        "push",
        "symm_mem.one_shot_all_reduce<sum, push> ins(%a_v : A) outs(%o_v : O) on @g",
    ),
    (
        "copy",
        "symm_mem.one_shot_all_reduce_copy<sum> ins(%s_v, %a_v : A, A) outs(%o_v : O) on @g",
    ),
    (
        "two",
        "symm_mem.two_shot_all_reduce_<sum> inout(%a_v : A) on @g",
    ),
    (
        "two_push",
        "symm_mem.two_shot_all_reduce_<sum, push> inout(%a_v : A) on @g",
    ),
];

/// Builds a function that reduces a view of its argument, and returns its name.
fn function(source: &mut String, dtype: DType, view: usize, op: usize) -> String {
    let (view_name, make, extents, layout) = VIEWS[view];
    let (op_name, op) = OPS[op];
    let t = dtype.name();
    let name = format!("{view_name}_{op_name}_{}", t.replace(['<', '>'], "_"));
    let extents: String = extents.iter().map(|extent| format!("{extent}x")).collect();
    let view_type = format!("memref<{extents}{t}{layout}>");
    let result = format!("memref<{extents}{t}>");
    let whole = format!("memref<6x10x4x{t}>");
    let make = |buffer: &str| make.replace('T', t).replace("%B", &format!("%{buffer}"));
    let target = if op.contains("%o_v") { "%o_v" } else { "%a_v" };
    let op = op.replace(": A, A)", &format!(": {view_type}, {view_type})"));
    let op = op
        .replace(": A)", &format!(": {view_type})"))
        .replace(": O)", &format!(": {view_type})"));
    let _ = writeln!(
        source,
        "func.func @{name}(%x: {whole}) -> {result} {{
  %a = memref.alloc() : {whole}
  %s = memref.alloc() : {whole}
  %o = memref.alloc() : {whole}
  memref.copy %x, %a : {whole} to {whole}
  {}
  {}
  {}
  {op}
  %r = memref.alloc() : {result}
  memref.copy {target}, %r : {view_type} to {result}
  return %r : {result}
}}",
        make("a"),
        make("s"),
        make("o"),
    );
    name
}

/// Returns the elements of a view of a whole buffer.
fn view_of(buffer: &Buffer, view: usize) -> Buffer {
    let shape = VIEWS[view].2;
    let size = buffer.dtype().size();
    let (strides, offset): ([usize; 3], usize) = match VIEWS[view].0 {
        "whole" => ([40, 4, 1], 0),
        "rows" => ([40, 4, 1], 40),
        "box" => ([40, 4, 1], 49),
        "steps" => ([40, 8, 1], 4),
        "transposed" => ([1, 40, 4], 0),
        _ => ([40, 4, 1], 80),
    };
    let mut bytes = Vec::new();
    for i in 0..shape[0] {
        for j in 0..shape[1] {
            for k in 0..shape[2] {
                let at = (offset + i * strides[0] + j * strides[1] + k * strides[2]) * size;
                bytes.extend(&buffer.bytes()[at..at + size]);
            }
        }
    }
    Buffer::new(buffer.dtype(), shape.to_vec(), bytes).expect("the view's elements")
}

#[test]
fn every_layout_and_algorithm() {
    let mut source = format!("comm.group @g size({RANKS}) {{symm_mem}}\n");
    let types = [
        DType::F32,
        DType::BF16,
        DType::UI8,
        DType::F8E4M3FN,
        DType::I1,
        DType::ComplexF64,
    ];
    let mut cases = Vec::new();
    for dtype in types {
        for view in 0..VIEWS.len() {
            for op in 0..OPS.len() {
                let entry = function(&mut source, dtype, view, op);
                let inputs: Vec<_> = (0..RANKS)
                    .map(|rank| random(dtype, &[6, 10, 4], 100 + rank as u64))
                    .collect();
                let views: Vec<_> = inputs.iter().map(|input| view_of(input, view)).collect();
                let expected = collective::all_reduce(ReduceOp::Sum, &views).expect("a valid sum");
                let inputs = inputs.into_iter().map(|input| vec![input]).collect();
                cases.push((Call { entry, inputs }, expected));
            }
        }
    }
    check(&source, cases);
}

fn check(source: &str, cases: Vec<(Call, Vec<Buffer>)>) {
    let program = compile(source, "auto-select=false");
    let results = run(
        &program,
        RANKS,
        cases.iter().map(|(call, _)| call.clone()).collect(),
    );
    for ((call, expected), results) in cases.iter().zip(&results) {
        for (rank, (result, expected)) in results.iter().zip(expected).enumerate() {
            if let Some(difference) = difference(&result[0], expected) {
                panic!("{} on rank {rank}: {difference}", call.entry);
            }
        }
    }
}

#[test]
fn an_output_that_overlaps_the_input() {
    let source = "
comm.group @g size(3) {symm_mem}
func.func @main(%x: memref<6x4xf32>) -> memref<5x4xf32> {
  %a = memref.alloc() : memref<6x4xf32>
  memref.copy %x, %a : memref<6x4xf32> to memref<6x4xf32>
  %in = memref.subview %a[1, 0][5, 4][1, 1]
    : memref<6x4xf32> to memref<5x4xf32, strided<[4, 1], offset: 4>>
  %out = memref.subview %a[0, 0][5, 4][1, 1]
    : memref<6x4xf32> to memref<5x4xf32, strided<[4, 1]>>
  symm_mem.one_shot_all_reduce<sum> ins(%in : memref<5x4xf32, strided<[4, 1], offset: 4>>)
    outs(%out : memref<5x4xf32, strided<[4, 1]>>) on @g
  %r = memref.alloc() : memref<5x4xf32>
  memref.copy %out, %r : memref<5x4xf32, strided<[4, 1]>> to memref<5x4xf32>
  return %r : memref<5x4xf32>
}";
    let inputs: Vec<_> = (0..RANKS)
        .map(|rank| random(DType::F32, &[6, 4], rank as u64))
        .collect();
    let rows = |input: &Buffer| {
        Buffer::new(DType::F32, vec![5, 4], input.bytes()[16..].to_vec()).expect("five rows")
    };
    let rows: Vec<_> = inputs.iter().map(rows).collect();
    let expected = collective::all_reduce(ReduceOp::Sum, &rows).expect("valid");
    let inputs = inputs.into_iter().map(|input| vec![input]).collect();
    check(
        source,
        vec![(
            Call {
                entry: "main".into(),
                inputs,
            },
            expected,
        )],
    );
}

#[test]
fn sizes_that_only_the_run_knows() {
    let source = "
comm.group @g size(3) {symm_mem}
func.func @main(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%y = %x) -> tensor<4x5xf32> {
    %rows = tensor.extract_slice %x[0, 0][%i, 5][1, 1] : tensor<4x5xf32> to tensor<?x5xf32>
    %a = symm_mem.one_shot_all_reduce<sum> %rows on @g : tensor<?x5xf32>
    %b = symm_mem.two_shot_all_reduce_<sum, push> %a on @g : tensor<?x5xf32>
    %c = c10d.all_reduce<max> %b on @g : tensor<?x5xf32>
    %next = tensor.insert_slice %c into %y[0, 0][%i, 5][1, 1] : tensor<?x5xf32> into tensor<4x5xf32>
    scf.yield %next : tensor<4x5xf32>
  }
  return %y : tensor<4x5xf32>
}";
    let inputs: Vec<_> = (0..RANKS)
        .map(|rank| random(DType::F32, &[4, 5], rank as u64))
        .collect();
    let once = collective::all_reduce(ReduceOp::Sum, &inputs).expect("valid");
    let twice = collective::all_reduce(ReduceOp::Sum, &once).expect("valid");
    let expected = inputs
        .iter()
        .zip(&twice)
        .map(|(input, sum)| {
            let bytes = [&sum.bytes()[..3 * 5 * 4], &input.bytes()[3 * 5 * 4..]].concat();
            Buffer::new(DType::F32, vec![4, 5], bytes).expect("as many bytes")
        })
        .collect();
    let inputs = inputs.into_iter().map(|input| vec![input]).collect();
    check(
        source,
        vec![(
            Call {
                entry: "main".into(),
                inputs,
            },
            expected,
        )],
    );
}

/// A reduction of as many rows and columns as `n` says, `[rows in, columns in, rows out, columns out]`.
const SIZED: &str = "
comm.group @tp size(2) {symm_mem}
func.func @f(%x: memref<4x8xf32>, %n: memref<4xi32>) -> memref<4x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %n0 = memref.load %n[%c0] : memref<4xi32>
  %n1 = memref.load %n[%c1] : memref<4xi32>
  %n2 = memref.load %n[%c2] : memref<4xi32>
  %n3 = memref.load %n[%c3] : memref<4xi32>
  %i0 = arith.index_cast %n0 : i32 to index
  %i1 = arith.index_cast %n1 : i32 to index
  %i2 = arith.index_cast %n2 : i32 to index
  %i3 = arith.index_cast %n3 : i32 to index
  %o = memref.alloc() : memref<4x8xf32>
  linalg.fill ins(%zero : f32) outs(%o : memref<4x8xf32>)
  %from = memref.subview %x[0, 0] [%i0, %i1] [1, 1] : memref<4x8xf32> to memref<?x?xf32, strided<[8, 1]>>
  %to = memref.subview %o[0, 0] [%i2, %i3] [1, 1] : memref<4x8xf32> to memref<?x?xf32, strided<[8, 1]>>
  symm_mem.one_shot_all_reduce<sum, push> ins(%from : memref<?x?xf32, strided<[8, 1]>>) outs(%to : memref<?x?xf32, strided<[8, 1]>>) on @tp
  return %o : memref<4x8xf32>
}";

#[test]
fn outputs_of_another_size_are_refused() {
    let program = compile(SIZED, "");
    let sizes = |sizes: [[i32; 4]; 2]| {
        let n = sizes.map(|sizes| sizes.map(i32::to_le_bytes).concat());
        let inputs = n.map(|n| {
            let n = Buffer::new(DType::I32, vec![4], n).expect("four numbers");
            vec![random(DType::F32, &[4, 8], 1), n]
        });
        let call = Call {
            entry: "f".into(),
            inputs: inputs.to_vec(),
        };
        try_run(&program, 2, vec![call], Duration::from_secs(120))
    };
    assert!(sizes([[3, 2, 3, 2]; 2]).is_ok());
    let fitting = [2, 8, 2, 8];
    for (other, counts) in [
        ([4, 8, 3, 8], "32 elements in and 24 out"),
        ([2, 5, 2, 8], "10 elements in and 16 out"),
        // As many elements.
        ([2, 4, 4, 2], "2 elements in and 4 out"),
    ] {
        for ranks in [[other; 2], [fitting, other], [other, fitting]] {
            let report = sizes(ranks).expect_err("the sizes differ");
            assert!(
                report.contains(counts) && report.contains("one_shot_all_reduce"),
                "{report}"
            );
        }
    }
}

#[test]
fn branches_and_calls() {
    let source = "
comm.group @g size(3) {symm_mem}
func.func private @twice(%x: tensor<7xi32>, %again: i1) -> tensor<7xi32> {
  %a = c10d.all_reduce<sum> %x on @g : tensor<7xi32>
  %w = c10d.wait_tensor %a : tensor<7xi32>
  %r = scf.if %again -> tensor<7xi32> {
    %b = func.call @once(%w) : (tensor<7xi32>) -> tensor<7xi32>
    scf.yield %b : tensor<7xi32>
  } else {
    scf.yield %w : tensor<7xi32>
  }
  return %r : tensor<7xi32>
}
func.func private @once(%x: tensor<7xi32>) -> tensor<7xi32> {
  %a = symm_mem.one_shot_all_reduce<sum> %x on @g : tensor<7xi32>
  symm_mem.barrier on @g
  return %a : tensor<7xi32>
}
func.func @yes(%x: tensor<7xi32>) -> tensor<7xi32> {
  %true = arith.constant true
  %r = call @twice(%x, %true) : (tensor<7xi32>, i1) -> tensor<7xi32>
  return %r : tensor<7xi32>
}
func.func @no(%x: tensor<7xi32>) -> tensor<7xi32> {
  %false = arith.constant false
  %r = call @twice(%x, %false) : (tensor<7xi32>, i1) -> tensor<7xi32>
  return %r : tensor<7xi32>
}
func.func @unchanged(%x: tensor<7xi32>) -> tensor<7xi32> {
  return %x : tensor<7xi32>
}";
    let inputs: Vec<_> = (0..RANKS)
        .map(|rank| random(DType::I32, &[7], rank as u64))
        .collect();
    let once = collective::all_reduce(ReduceOp::Sum, &inputs).expect("valid");
    let twice = collective::all_reduce(ReduceOp::Sum, &once).expect("valid");
    let arguments: Vec<_> = inputs.iter().map(|input| vec![input.clone()]).collect();
    let case = |entry: &str, expected| {
        (
            Call {
                entry: entry.into(),
                inputs: arguments.clone(),
            },
            expected,
        )
    };
    check(
        source,
        vec![
            case("yes", twice),
            case("no", once),
            case("unchanged", inputs),
        ],
    );
}

#[test]
fn vectors_of_small_floats() {
    let mut source = String::new();
    let mut cases = Vec::new();
    for dtype in [DType::F16, DType::BF16, DType::F8E4M3FN, DType::F8E5M2] {
        let t = dtype.name();
        let _ = writeln!(
            source,
            "func.func @{t}(%x: memref<64x{t}>) -> memref<64x{t}> {{
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : {t}
  %y = memref.alloc() : memref<64x{t}>
  scf.for %i = %c0 to %c64 step %c8 {{
    %v = vector.transfer_read %x[%i], %zero {{in_bounds = [true]}} : memref<64x{t}>, vector<8x{t}>
    %w = arith.addf %v, %v : vector<8x{t}>
    vector.transfer_write %w, %y[%i] {{in_bounds = [true]}} : vector<8x{t}>, memref<64x{t}>
  }}
  return %y : memref<64x{t}>
}}"
        );
        let input = random(dtype, &[64], 5);
        let sum = symm_sim::elementwise::add(&input, &input).expect("of one type");
        let inputs = vec![vec![input]; RANKS];
        cases.push((
            Call {
                entry: t.into(),
                inputs,
            },
            vec![sum; RANKS],
        ));
    }
    check(&source, cases);
}
