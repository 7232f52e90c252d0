// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What one rank does, on its thread or in its process.

use crate::{job::Job, summary::Summary};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use symm_runtime::{Program, Rank, Tensor, launch::WorkError, npy};

/// What a rank tells the host at the end.
#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    /// One per result.
    pub results: Vec<Summary>,
    /// Time of each run, until every rank was through.
    pub times: Vec<Duration>,
}

/// Makes the inputs, runs the entry, saves the results.
pub fn work(rank: &Rank, job: &Job, program: &Program) -> Result<Report, WorkError> {
    let number = rank.number();
    let inputs = job.sources.iter().zip(&job.entry.args);
    let inputs: Vec<Tensor> = inputs
        .map(|(source, value)| source.tensor(number, value))
        .collect::<Result<_, _>>()?;
    let mut args: Vec<Tensor> = job
        .entry
        .args
        .iter()
        .map(Tensor::zeros)
        .collect::<Result<_, _>>()?;
    let mut results: Vec<Tensor> = job
        .entry
        .results
        .iter()
        .map(Tensor::zeros)
        .collect::<Result<_, _>>()?;

    let session = rank.start(program)?;
    let mut times = Vec::new();
    for _ in 0..job.repeat {
        for (arg, input) in args.iter_mut().zip(&inputs) {
            arg.copy_from_slice(input);
        }
        let begin = Instant::now();
        session.run(&job.entry.name, &mut args, &mut results)?;
        times.push(begin.elapsed());
    }

    for (index, result) in results.iter().enumerate() {
        if let Some(path) = job.save_path(number, index) {
            npy::write(&path, result)?;
        }
    }
    Ok(Report {
        results: results.iter().map(Summary::new).collect(),
        times,
    })
}
