// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Random small programs: what the oracle makes of the `c10d` program must be what
//! the lowered program gives, bit for bit.

use proptest::{prelude::*, test_runner::Config};
use std::fmt::Write;
use symm_e2e::{Call, compile, difference, random, run};
use symm_sim::{Buffer, DType, Group, Op, Program, ReduceOp};

/// Programs that are compiled and run together.
const BATCH: usize = 8;

/// A program and the types of its values, inputs first.
#[derive(Clone, Debug)]
struct Generated {
    program: Program,
    types: Vec<(DType, Vec<usize>)>,
    seed: u64,
}

/// One decision of the generator, made a valid op by [`Builder::push`].
type Choice = (
    u8,
    prop::sample::Index,
    prop::sample::Index,
    prop::sample::Index,
);

struct Builder {
    generated: Generated,
}

impl Builder {
    fn new(ranks: usize, order: Vec<usize>, inputs: Vec<(DType, Vec<usize>)>, seed: u64) -> Self {
        let groups = vec![
            Group {
                ranks: (0..ranks).collect(),
            },
            Group { ranks: order },
        ];
        let program = Program {
            world_size: ranks,
            groups,
            inputs: inputs.len(),
            ops: Vec::new(),
        };
        Self {
            generated: Generated {
                program,
                types: inputs,
                seed,
            },
        }
    }

    fn push(&mut self, (kind, value, other, detail): Choice) {
        let Generated { program, types, .. } = &mut self.generated;
        let input = value.index(types.len());
        let (dtype, shape) = types[input].clone();
        let group = detail.index(program.groups.len());
        let ranks = program.world_size;
        let divides = shape.first().is_some_and(|extent| extent % ranks == 0);
        let reductions: Vec<_> = ReduceOp::ALL
            .into_iter()
            .filter(|reduce| reduce.exists_for(dtype))
            .collect();
        let reduce_op = reductions[other.index(reductions.len())];
        let scaled = |by: &dyn Fn(usize) -> usize| {
            let mut shape = shape.clone();
            shape[0] = by(shape[0]);
            (dtype, shape)
        };
        let (op, result) = match kind % 8 {
            0 | 1 => (
                Op::AllReduce {
                    reduce_op,
                    input,
                    group,
                },
                (dtype, shape.clone()),
            ),
            2 if !shape.is_empty() && shape.iter().product::<usize>() < 500 => (
                Op::AllGatherIntoTensor { input, group },
                scaled(&|extent| extent * ranks),
            ),
            3 if divides => (
                Op::ReduceScatterTensor {
                    reduce_op,
                    input,
                    group,
                },
                scaled(&|extent| extent / ranks),
            ),
            4 if divides => (Op::AllToAllSingle { input, group }, (dtype, shape.clone())),
            5 => (
                Op::Broadcast {
                    src: other.index(ranks),
                    input,
                    group,
                },
                (dtype, shape.clone()),
            ),
            6 => (Op::WaitTensor { input }, (dtype, shape.clone())),
            _ if has_arithmetic(dtype) => {
                let like: Vec<_> = (0..types.len())
                    .filter(|index| types[*index] == types[input])
                    .collect();
                let (lhs, rhs) = (input, like[other.index(like.len())]);
                let op = if detail.index(2) == 0 {
                    Op::Add { lhs, rhs }
                } else {
                    Op::Mul { lhs, rhs }
                };
                (op, (dtype, shape.clone()))
            }
            _ => return,
        };
        program.ops.push(op);
        types.push(result);
    }
}

/// Says whether `arith` has sums and products of a type.
fn has_arithmetic(dtype: DType) -> bool {
    !matches!(dtype, DType::UI8 | DType::ComplexF32 | DType::ComplexF64)
}

fn is_float(dtype: DType) -> bool {
    dtype.name().contains('f')
}

impl Generated {
    /// Prints the program as a function that returns all its values.
    fn function(&self, name: &str) -> String {
        let types: Vec<_> = self
            .types
            .iter()
            .map(|(dtype, shape)| type_of(*dtype, shape))
            .collect();
        let inputs = self.program.inputs;
        let arguments: Vec<_> = (0..inputs)
            .map(|index| format!("%v{index}: {}", types[index]))
            .collect();
        let values: Vec<_> = (inputs..types.len())
            .map(|index| format!("%v{index}"))
            .collect();
        let results = types[inputs..].join(", ");
        let mut text = format!(
            "func.func @{name}({}) -> ({results}) {{\n",
            arguments.join(", ")
        );
        for (index, op) in self.program.ops.iter().enumerate() {
            let result = inputs + index;
            let _ = writeln!(
                text,
                "  %v{result} = {}",
                self.op(op, &types, &types[result])
            );
        }
        let _ = writeln!(text, "  return {} : {results}\n}}", values.join(", "));
        if values.is_empty() {
            text = format!("func.func @{name}({}) {{ return }}\n", arguments.join(", "));
        }
        text
    }

    fn op(&self, op: &Op, types: &[String], result: &str) -> String {
        match op {
            Op::AllReduce {
                reduce_op,
                input,
                group,
            } => {
                format!(
                    "c10d.all_reduce<{}> %v{input} on @g{group} : {result}",
                    reduce_op.name()
                )
            }
            Op::AllGatherIntoTensor { input, group } => format!(
                "c10d.all_gather_into_tensor %v{input} on @g{group} : {} -> {result}",
                types[*input]
            ),
            Op::ReduceScatterTensor {
                reduce_op,
                input,
                group,
            } => format!(
                "c10d.reduce_scatter_tensor<{}> %v{input} on @g{group} : {} -> {result}",
                reduce_op.name(),
                types[*input]
            ),
            Op::AllToAllSingle { input, group } => {
                format!("c10d.all_to_all_single %v{input} on @g{group} : {result}")
            }
            Op::Broadcast { src, input, group } => {
                format!("c10d.broadcast src({src}) %v{input} on @g{group} : {result}")
            }
            Op::WaitTensor { input } => format!("c10d.wait_tensor %v{input} : {result}"),
            Op::Add { lhs, rhs } => self.arithmetic("add", *lhs, *rhs, result),
            Op::Mul { lhs, rhs } => self.arithmetic("mul", *lhs, *rhs, result),
        }
    }

    fn arithmetic(&self, name: &str, lhs: usize, rhs: usize, result: &str) -> String {
        let suffix = if is_float(self.types[lhs].0) {
            "f"
        } else {
            "i"
        };
        format!("arith.{name}{suffix} %v{lhs}, %v{rhs} : {result}")
    }

    /// Returns random inputs, `[rank][input]`.
    fn inputs(&self) -> Vec<Vec<Buffer>> {
        let inputs = self.types[..self.program.inputs].iter().zip(0u64..);
        (0..self.program.world_size as u64)
            .map(|rank| {
                inputs
                    .clone()
                    .map(|((dtype, shape), index)| {
                        random(*dtype, shape, self.seed ^ rank << 8 ^ index)
                    })
                    .collect()
            })
            .collect()
    }
}

fn type_of(dtype: DType, shape: &[usize]) -> String {
    let extents: String = shape.iter().map(|extent| format!("{extent}x")).collect();
    format!("tensor<{extents}{}>", dtype.name())
}

fn tensor_type() -> impl Strategy<Value = (DType, Vec<usize>)> {
    let extent = prop_oneof![4 => 1usize..9, 1 => Just(0), 2 => Just(12), 1 => Just(60)];
    (
        prop::sample::select(&DType::ALL[..]),
        prop::collection::vec(extent, 0..3),
    )
}

fn generated(ranks: usize) -> impl Strategy<Value = Generated> {
    (
        Just((0..ranks).collect::<Vec<_>>()).prop_shuffle(),
        prop::collection::vec(tensor_type(), 1..4),
        prop::collection::vec(any::<Choice>(), 1..9),
        any::<u64>(),
    )
        .prop_map(move |(order, inputs, choices, seed)| {
            let mut builder = Builder::new(ranks, order, inputs, seed);
            choices.into_iter().for_each(|choice| builder.push(choice));
            builder.generated
        })
}

/// How the programs are lowered: everything the library's, or by size.
fn options() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "auto-select=false",
        "protocol=pull",
        "protocol=push",
        "one-shot-threshold-bytes=0 protocol=pull",
        "one-shot-threshold-bytes=16 two-shot-threshold-bytes=64 protocol=push",
    ])
}

fn check(ranks: usize, programs: &[Generated], options: &str) -> Result<(), TestCaseError> {
    let mut source = format!("comm.group @g0 size({ranks}) {{symm_mem}}\n");
    let order = programs[0].program.groups[1].ranks.clone();
    let _ = writeln!(
        source,
        "comm.group @g1 size({ranks}) {{symm_mem, ranks = {order:?}}}"
    );
    let mut calls = Vec::new();
    let mut expected = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let mut program = program.clone();
        program.program.groups[1].ranks = order.clone();
        let name = format!("f{index}");
        source.push_str(&program.function(&name));
        let inputs = program.inputs();
        let values = program.program.run(&inputs);
        let values = values.map_err(|error| TestCaseError::fail(format!("{error}\n{source}")))?;
        expected.push(values[program.program.inputs..].to_vec());
        calls.push(Call {
            entry: name,
            inputs,
        });
    }
    let results = run(&compile(&source, options), ranks, calls);
    for (index, (results, expected)) in results.iter().zip(&expected).enumerate() {
        for (rank, results) in results.iter().enumerate() {
            for (value, (result, expected)) in results.iter().zip(expected).enumerate() {
                if let Some(difference) = difference(result, &expected[rank]) {
                    let message =
                        format!("f{index}, rank {rank}, op {value}: {difference}\n{source}");
                    return Err(TestCaseError::fail(message));
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn lowered_programs_give_the_oracles_bits(
        (ranks, programs) in (2usize..6)
            .prop_flat_map(|ranks| (Just(ranks), prop::collection::vec(generated(ranks), BATCH))),
        options in options(),
    ) {
        check(ranks, &programs, options)?;
    }
}
