// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs of programs on CPU ranks.

use std::{sync::Arc, time::Duration};
use symm_abi::Value;
use symm_runtime::{Program, Rank, Tensor, World, WorldSpec, launch};
use symm_sim::{Buffer, DType};

/// The bound of every wait: long, for the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(120);

/// One call of an entry on all ranks.
#[derive(Clone, Debug)]
pub struct Call {
    /// The entry.
    pub entry: String,
    /// The arguments, `[rank][argument]`.
    pub inputs: Vec<Vec<Buffer>>,
}

/// Runs calls one after the other and returns their results, `[call][rank][result]`.
///
/// # Panics
///
/// Panics with the runtime's report where a rank fails.
pub fn run(program: &Program, ranks: usize, calls: Vec<Call>) -> Vec<Vec<Vec<Buffer>>> {
    try_run(program, ranks, calls, TIMEOUT).unwrap_or_else(|report| panic!("{report}"))
}

/// Runs calls one after the other, each wait bounded.
///
/// # Errors
///
/// Returns the runtime's report where a rank fails.
pub fn try_run(
    program: &Program,
    ranks: usize,
    calls: Vec<Call>,
    timeout: Duration,
) -> Result<Vec<Vec<Vec<Buffer>>>, String> {
    let manifest = program.manifest();
    let spec =
        WorldSpec::new(manifest, ranks as u32, timeout, None).map_err(|error| error.to_string())?;
    let world = World::create(spec).map_err(|error| error.to_string())?;
    let calls = Arc::new(calls);
    let (shared, work) = (program.clone(), Arc::clone(&calls));
    let by_rank = launch::threads(&world, move |rank| {
        let program = shared.for_rank()?;
        work.iter()
            .map(|call| run_call(&rank, &program, call))
            .collect()
    })
    .map_err(|failed| failed.report.describe(manifest))?;
    let of_call = |call: usize| {
        by_rank
            .iter()
            .map(move |rank: &Vec<Vec<Buffer>>| rank[call].clone())
    };
    Ok((0..calls.len())
        .map(|call| of_call(call).collect())
        .collect())
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn run_call(rank: &Rank, program: &Program, call: &Call) -> Result<Vec<Buffer>, Failure> {
    let entry = program
        .manifest()
        .entry(&call.entry)
        .ok_or("no such entry")?
        .clone();
    let tensors = |values: &[Value]| {
        values
            .iter()
            .map(Tensor::zeros)
            .collect::<Result<Vec<_>, _>>()
    };
    let (mut arguments, mut results) = (tensors(&entry.args)?, tensors(&entry.results)?);
    for (argument, input) in arguments
        .iter_mut()
        .zip(&call.inputs[rank.number() as usize])
    {
        argument.copy_from_slice(input.bytes());
    }
    rank.start(program)?
        .run(&call.entry, &mut arguments, &mut results)?;
    results.iter().map(buffer).collect()
}

fn buffer(tensor: &Tensor) -> Result<Buffer, Failure> {
    let name = tensor.dtype().name();
    let dtype = DType::ALL
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .ok_or("no such type")?;
    let shape = tensor
        .shape()
        .iter()
        .map(|extent| *extent as usize)
        .collect();
    Ok(Buffer::new(dtype, shape, tensor.to_vec())?)
}
