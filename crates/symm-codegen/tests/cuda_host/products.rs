// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Matrix products by the library, and what looks like one.

use super::{Run, compile_and_run};

/// A product of a kind: letters of the loops of left, right and result, each loop with as many
/// iterations as here.
const EXTENTS: [(char, u64); 5] = [('b', 3), ('m', 4), ('n', 8), ('k', 12), ('p', 1)];

fn extents(loops: &str) -> Vec<u64> {
    let extent = |one| {
        EXTENTS
            .iter()
            .find(|(name, _)| *name == one)
            .map(|(_, extent)| *extent)
    };
    loops.chars().filter_map(extent).collect()
}

/// What adds the product of two elements to a third one.
const BODY: &str = "
  %product = arith.mulf %x, %y : f32
  %next = arith.addf %sum, %product : f32";

/// A program that adds a product, or something like one, to its last argument.
fn product_program([left, right, result]: [&str; 3], body: &str) -> String {
    let mut loops: Vec<char> = [left, right, result].concat().chars().collect();
    loops.sort_unstable();
    loops.dedup();
    let list = |of: &[char]| {
        of.iter()
            .map(char::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let domain = list(&loops);
    let map = |of: &str| {
        let dimensions = list(&of.chars().collect::<Vec<_>>());
        format!("affine_map<({domain}) -> ({dimensions})>")
    };
    let kinds: Vec<_> = loops
        .iter()
        .map(|one| {
            if result.contains(*one) {
                "\"parallel\""
            } else {
                "\"reduction\""
            }
        })
        .collect();
    let r#type = |of: &str| {
        let shape: String = extents(of)
            .iter()
            .map(|extent| format!("{extent}x"))
            .collect();
        format!("tensor<{shape}f32>")
    };
    let [a, b, c] = [left, right, result].map(r#type);
    format!(
        "func.func @f(%a: {a}, %b: {b}, %c: {c}) -> {c} {{
           %r = linalg.generic {{indexing_maps = [{}, {}, {}], iterator_types = [{}]}}
               ins(%a, %b : {a}, {b}) outs(%c : {c}) {{
           ^bb0(%x: f32, %y: f32, %sum: f32):
             {body}
             linalg.yield %next : f32
           }} -> {c}
           return %r : {c}
         }}",
        map(left),
        map(right),
        map(result),
        kinds.join(", ")
    )
}

/// What the program gives, loop by loop.
fn product(
    [left, right, result]: [&str; 3],
    step: fn(f32, f32, f32) -> f32,
    values: &[Vec<f32>],
) -> Vec<f32> {
    let mut sums = values[2].clone();
    let total: u64 = EXTENTS.iter().map(|(_, extent)| extent).product();
    for iteration in 0..total {
        let mut rest = iteration;
        let indices = EXTENTS.map(|(name, extent)| {
            let index = rest % extent;
            rest /= extent;
            (name, index)
        });
        // A loop that no operand has runs once.
        let is_used = |name: char| [left, right, result].concat().contains(name);
        if indices
            .iter()
            .any(|(name, index)| !is_used(*name) && *index > 0)
        {
            continue;
        }
        let at = |of: &str| {
            of.chars().zip(extents(of)).fold(0, |at, (one, extent)| {
                let index = indices
                    .iter()
                    .find(|(name, _)| *name == one)
                    .map_or(0, |(_, i)| *i);
                at * extent + index
            }) as usize
        };
        let sum = &mut sums[at(result)];
        *sum = step(*sum, values[0][at(left)], values[1][at(right)]);
    }
    sums
}

#[test]
fn products_of_every_layout_are_the_librarys_and_right() {
    let kinds = [
        ["mk", "kn", "mn"],
        ["mk", "nk", "mn"],
        ["km", "kn", "mn"],
        ["km", "nk", "mn"],
        ["mk", "kn", "nm"],
        ["km", "nk", "nm"],
        ["mk", "k", "m"],
        ["k", "kn", "n"],
        ["bmk", "bkn", "bmn"],
        ["bmk", "bnk", "bmn"],
        ["bkm", "bkn", "bnm"],
        ["mbk", "bkn", "bmn"],
        ["mbk", "kbn", "mbn"],
        ["mk", "bkn", "bmn"],
        ["bmk", "kn", "bmn"],
        ["bmk", "bk", "bm"],
        ["pk", "kn", "pn"],
        ["mk", "kp", "mp"],
        ["mk", "pk", "mp"],
        ["kp", "kn", "pn"],
        ["mp", "pn", "mn"],
    ];
    for kind in kinds {
        let (values, run) = compute(kind, BODY);
        assert!(run.calls.contains(&"matmul"), "{kind:?} is {:?}", run.calls);
        assert_eq!(run.results[0], product(kind, step, &values), "{kind:?}");
    }
}

/// Runs a program on some small integers.
fn compute(kind: [&str; 3], body: &str) -> (Vec<Vec<f32>>, Run) {
    let value = |at, seed| ((at * 7 + seed * 3) % 11) as f32 - 5.0;
    let values = (0..3).map(|seed| {
        let count = extents(kind[seed]).iter().product::<u64>();
        (0..count).map(|at| value(at, seed as u64)).collect()
    });
    let values: Vec<Vec<f32>> = values.collect();
    let run = compile_and_run(&product_program(kind, body), "", &values);
    (values, run)
}

fn step(sum: f32, x: f32, y: f32) -> f32 {
    sum + x * y
}

#[test]
fn loops_that_no_product_has_are_not_the_librarys() {
    let kinds = [
        ["k", "k", "m"],
        ["k", "kn", "mn"],
        ["mk", "k", ""],
        ["mk", "kn", "m"],
        ["b", "bkn", "n"],
        ["bmk", "kn", "mn"],
        ["mk", "kn", "bmn"],
    ];
    for kind in kinds {
        let (values, run) = compute(kind, BODY);
        assert!(
            !run.calls.contains(&"matmul"),
            "{kind:?} is {:?}",
            run.calls
        );
        assert_eq!(run.results[0], product(kind, step, &values), "{kind:?}");
    }
}

#[test]
fn what_computes_more_than_a_product_is_not_the_librarys() {
    type Step = fn(f32, f32, f32) -> f32;
    let bodies: [(&str, Step); 6] = [
        (
            "%size = math.absf %x : f32
             %product = arith.mulf %size, %y : f32
             %next = arith.addf %sum, %product : f32",
            |sum, x, y| sum + x.abs() * y,
        ),
        (
            "%product = arith.mulf %x, %y : f32
             %negative = arith.negf %product : f32
             %next = arith.addf %negative, %sum : f32",
            |sum, x, y| sum - x * y,
        ),
        (
            "%product = arith.mulf %x, %y : f32
             %negative = arith.negf %sum : f32
             %next = arith.addf %negative, %product : f32",
            |sum, x, y| x * y - sum,
        ),
        (
            "%product = arith.mulf %x, %y : f32
             %all = arith.addf %sum, %product : f32
             %next = math.absf %all : f32",
            |sum, x, y| (sum + x * y).abs(),
        ),
        (
            "%int = arith.fptosi %y : f32 to i32
             %size = math.absi %int : i32
             %float = arith.sitofp %size : i32 to f32
             %product = arith.mulf %x, %float : f32
             %next = arith.addf %sum, %product : f32",
            |sum, x, y| sum + x * y.abs(),
        ),
        (
            "%short = arith.truncf %x : f32 to f16
             %long = arith.extf %short : f16 to f32
             %product = arith.mulf %y, %long : f32
             %next = arith.addf %product, %sum : f32",
            |sum, x, y| sum + x * y,
        ),
    ];
    for (body, step) in bodies {
        let kind = ["mk", "kn", "mn"];
        let (values, run) = compute(kind, body);
        assert!(!run.calls.contains(&"matmul"), "{body} is {:?}", run.calls);
        assert_eq!(run.results[0], product(kind, step, &values), "{body}");
    }
}
