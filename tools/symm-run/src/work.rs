// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What one rank does, on its thread or in its process.

use crate::{
    job::{GpuJob, Job},
    summary::Summary,
};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use symm_abi::Value;
use symm_runtime::{
    Error, Program, Rank, Tensor,
    cuda::{Session, Span},
    launch::WorkError,
    npy,
};

/// What a rank tells the host at the end.
#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    /// One per result.
    pub results: Vec<Summary>,
    /// Time of each run, which all ranks begin together: on the CPU until every rank was through, on a GPU that of the device.
    pub times: Vec<Duration>,
    /// Times of the ops, if they were asked for.
    pub spans: Vec<Span>,
}

/// Makes the inputs, runs the entry, saves the results; on the `local_rank`th GPU, if it is GPUs that run it.
pub fn work(
    rank: Rank,
    local_rank: u32,
    job: &Job,
    program: &Program,
) -> Result<Report, WorkError> {
    let number = rank.number();
    let inputs = job.sources.iter().zip(&job.entry.args);
    let inputs: Vec<Tensor> = inputs
        .map(|(source, value)| source.tensor(number, value))
        .collect::<Result<_, _>>()?;
    let mut results = zeros(&job.entry.results)?;
    let (times, spans) = match &job.gpu {
        None => (on_cpu(&rank, job, program, &inputs, &mut results)?, vec![]),
        Some(gpu) => {
            let session = Session::start(rank, program, &gpu.config, local_rank)?;
            let times = on_gpu(&session, gpu, job, &inputs, &mut results)?;
            (times, session.spans())
        }
    };
    for (index, result) in results.iter().enumerate() {
        if let Some(path) = job.save_path(number, index) {
            npy::write(&path, result)?;
        }
    }
    Ok(Report {
        results: results.iter().map(Summary::new).collect(),
        times,
        spans,
    })
}

fn zeros(values: &[Value]) -> Result<Vec<Tensor>, Error> {
    values.iter().map(Tensor::zeros).collect()
}

fn on_cpu(
    rank: &Rank,
    job: &Job,
    program: &Program,
    inputs: &[Tensor],
    results: &mut [Tensor],
) -> Result<Vec<Duration>, WorkError> {
    let mut args = zeros(&job.entry.args)?;
    let session = rank.start(program)?;
    let mut times = Vec::new();
    for _ in 0..job.repeat {
        for (arg, input) in args.iter_mut().zip(inputs) {
            arg.copy_from_slice(input);
        }
        session.line_up()?;
        let begin = Instant::now();
        session.run(&job.entry.name, &mut args, results)?;
        times.push(begin.elapsed());
    }
    Ok(times)
}

fn on_gpu(
    session: &Session,
    gpu: &GpuJob,
    job: &Job,
    inputs: &[Tensor],
    results: &mut [Tensor],
) -> Result<Vec<Duration>, WorkError> {
    let mut call = session.call(&job.entry.name)?;
    if gpu.graph {
        call.capture()?;
    }
    let mut times = Vec::new();
    for _ in 0..job.repeat {
        call.write(inputs)?;
        times.push(call.run()?);
    }
    call.read(results)?;
    Ok(times)
}
