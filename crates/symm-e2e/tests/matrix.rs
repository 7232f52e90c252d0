// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Each op × reduction × element type × world size 1–8 on CPU ranks, against the
//! oracle.

use std::fmt::Write;
use symm_e2e::{Call, compile, difference, random, run};
use symm_sim::{Buffer, DType, ReduceOp, collective};

/// The ways to reduce: the op on `%x` of type `T`, with `R` for the reduction.
const ALL_REDUCES: [(&str, &str); 6] = [
    ("library", "%r = c10d.all_reduce<R> %x on @g : T"),
    (
        "one_shot",
        "%r = symm_mem.one_shot_all_reduce<R> %x on @g : T",
    ),
    (
        "one_shot_push",
        "%r = symm_mem.one_shot_all_reduce<R, push> %x on @g : T",
    ),
    (
        "one_shot_copy",
        "%b = tensor.empty() : T\n %r = symm_mem.one_shot_all_reduce_copy<R> %b, %x on @g : T",
    ),
    (
        "two_shot",
        "%r = symm_mem.two_shot_all_reduce_<R> %x on @g : T",
    ),
    (
        "two_shot_push",
        "%r = symm_mem.two_shot_all_reduce_<R, push> %x on @g : T",
    ),
];

/// More than one tile and no whole number of vectors; empty; a scalar, which is
/// less than one element per rank.
const SHAPES: [&[usize]; 3] = [&[3, 347], &[2, 0, 3], &[]];

/// A call and what it must give, `[rank][result]`.
struct Case {
    call: Call,
    expected: Vec<Vec<Buffer>>,
}

fn type_of(dtype: DType, shape: &[usize]) -> String {
    let extents: String = shape.iter().map(|extent| format!("{extent}x")).collect();
    format!("tensor<{extents}{}>", dtype.name())
}

fn inputs(dtype: DType, shape: &[usize], ranks: usize, seed: u64) -> Vec<Buffer> {
    (0..ranks)
        .map(|rank| random(dtype, shape, seed * 64 + rank as u64))
        .collect()
}

/// `[value][rank]` → `[rank][value]`
fn by_rank(values: &[Vec<Buffer>], ranks: usize) -> Vec<Vec<Buffer>> {
    (0..ranks)
        .map(|rank| values.iter().map(|value| value[rank].clone()).collect())
        .collect()
}

/// One function that reduces a value of each shape.
fn all_reduce_case(
    source: &mut String,
    (algorithm, template): (&str, &str),
    dtype: DType,
    reduce: ReduceOp,
    ranks: usize,
) -> Case {
    let types: Vec<_> = SHAPES.iter().map(|shape| type_of(dtype, shape)).collect();
    let safe = dtype.name().replace(['<', '>'], "_");
    let entry = format!("{algorithm}_{}_{safe}", reduce.name());
    let arguments: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, r#type)| format!("%x{index}: {type}"))
        .collect();
    let results = types.join(", ");
    let _ = writeln!(
        source,
        "func.func @{entry}({}) -> ({results}) {{",
        arguments.join(", ")
    );
    for (index, r#type) in types.iter().enumerate() {
        let body = template
            .replace("R>", &format!("{}>", reduce.name()))
            .replace("R,", &format!("{},", reduce.name()))
            .replace(": T", &format!(": {type}"))
            .replace("%x", &format!("%x{index}"))
            .replace("%b", &format!("%b{index}"))
            .replace("%r", &format!("%r{index}"));
        let _ = writeln!(source, " {body}");
    }
    let values: Vec<_> = (0..types.len()).map(|index| format!("%r{index}")).collect();
    let _ = writeln!(source, " return {} : {results}\n}}", values.join(", "));

    let values: Vec<_> = SHAPES
        .iter()
        .zip(1..)
        .map(|(shape, seed)| inputs(dtype, shape, ranks, seed))
        .collect();
    let reduced: Vec<_> = values
        .iter()
        .map(|values| collective::all_reduce(reduce, values).expect("a valid reduction"))
        .collect();
    let call = Call {
        entry,
        inputs: by_rank(&values, ranks),
    };
    Case {
        call,
        expected: by_rank(&reduced, ranks),
    }
}

/// One function of one collective that changes shapes.
fn other_case(
    source: &mut String,
    name: &str,
    op: &str,
    (dtype, shape, result): (DType, &[usize], &[usize]),
    ranks: usize,
    oracle: impl Fn(&[Buffer]) -> Vec<Buffer>,
) -> Case {
    let (from, to) = (type_of(dtype, shape), type_of(dtype, result));
    let safe = dtype.name().replace(['<', '>'], "_");
    let entry = format!("{name}_{safe}");
    let _ = writeln!(
        source,
        "func.func @{entry}(%x: {from}) -> {to} {{\n %r = {op} %x on @g : {from} -> {to}\n \
         %w = c10d.wait_tensor %r : {to}\n return %w : {to}\n}}"
    );
    let values = inputs(dtype, shape, ranks, 9);
    let expected = by_rank(&[oracle(&values)], ranks);
    Case {
        call: Call {
            entry,
            inputs: by_rank(&[values], ranks),
        },
        expected,
    }
}

fn other_cases(source: &mut String, dtype: DType, ranks: usize) -> Vec<Case> {
    let whole: &[usize] = &[3 * ranks, 5];
    let part: &[usize] = &[3, 5];
    let mut cases = vec![
        other_case(
            source,
            "all_gather",
            "c10d.all_gather_into_tensor",
            (dtype, part, whole),
            ranks,
            |x| collective::all_gather_into_tensor(x).expect("valid"),
        ),
        other_case(
            source,
            "all_to_all",
            "c10d.all_to_all_single",
            (dtype, whole, whole),
            ranks,
            |x| collective::all_to_all_single(x).expect("valid"),
        ),
    ];
    let src = ranks / 2;
    let broadcast = format!("c10d.broadcast src({src})");
    cases.push(other_case(
        source,
        "broadcast",
        &broadcast,
        (dtype, part, part),
        ranks,
        |x| collective::broadcast(src, x).expect("valid"),
    ));
    for reduce in ReduceOp::ALL
        .into_iter()
        .filter(|reduce| reduce.exists_for(dtype))
    {
        let name = format!("reduce_scatter_{}", reduce.name());
        let op = format!("c10d.reduce_scatter_tensor<{}>", reduce.name());
        cases.push(other_case(
            source,
            &name,
            &op,
            (dtype, whole, part),
            ranks,
            |x| collective::reduce_scatter_tensor(reduce, x).expect("valid"),
        ));
    }
    cases
}

fn check_world(ranks: usize) {
    let mut source = format!("comm.group @g size({ranks}) {{symm_mem}}\n");
    let mut cases = Vec::new();
    for dtype in DType::ALL {
        for reduce in ReduceOp::ALL
            .into_iter()
            .filter(|reduce| reduce.exists_for(dtype))
        {
            for algorithm in ALL_REDUCES {
                cases.push(all_reduce_case(
                    &mut source,
                    algorithm,
                    dtype,
                    reduce,
                    ranks,
                ));
            }
        }
        cases.extend(other_cases(&mut source, dtype, ranks));
    }
    assert!(cases.len() > 500, "the matrix has {} cases", cases.len());
    let program = compile(&source, "auto-select=false");
    let calls = cases.iter().map(|case| case.call.clone()).collect();
    let results = run(&program, ranks, calls);
    let mut wrong = Vec::new();
    for (case, results) in cases.iter().zip(&results) {
        for (rank, (results, expected)) in results.iter().zip(&case.expected).enumerate() {
            for (index, (result, expected)) in results.iter().zip(expected).enumerate() {
                if let Some(difference) = difference(result, expected) {
                    let entry = &case.call.entry;
                    wrong.push(format!(
                        "{entry} on rank {rank}: result {index}: {difference}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{ranks} ranks: {} wrong\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

macro_rules! world_sizes {
    ($($name:ident: $ranks:literal),*) => {
        $(#[test]
        fn $name() {
            check_world($ranks);
        })*
    };
}

world_sizes!(
    one_rank: 1, two_ranks: 2, three_ranks: 3, four_ranks: 4,
    five_ranks: 5, six_ranks: 6, seven_ranks: 7, eight_ranks: 8
);
