// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What people read: the program, its results, the times.

use crate::{job::Job, work::Report};
use std::{fmt::Write, time::Duration};
use symm_abi::{Manifest, Value};

/// Writes a type as MLIR does.
pub fn type_of(value: &Value) -> String {
    let extents: String = value
        .shape
        .iter()
        .map(|extent| format!("{extent}x"))
        .collect();
    format!("tensor<{extents}{}>", value.dtype.name())
}

/// Describes a program: groups, collectives and how they run, buffers and where they live.
pub fn program(manifest: &Manifest) -> String {
    let mut text = format!(
        "{} for {} ({})\n",
        manifest.producer,
        manifest.device.name(),
        manifest.arch
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for group in &manifest.groups {
        let heap = group
            .heap_bytes
            .map_or(String::new(), |bytes| format!(", heap {bytes} bytes"));
        let symmetric = if group.symm_mem {
            ", symmetric memory"
        } else {
            ""
        };
        line(format!(
            "group @{}: ranks {:?}{symmetric}{heap}",
            group.name, group.ranks
        ));
    }
    for op in &manifest.ops {
        line(format!(
            "op {}: {} on @{}, {} ({})",
            op.id, op.name, manifest.groups[op.group as usize].name, op.algorithm, op.loc
        ));
    }
    for buffer in &manifest.buffers {
        line(format!(
            "buffer {}: {} bytes, {} ({})",
            buffer.name, buffer.bytes, buffer.space, buffer.loc
        ));
    }
    text
}

/// Describes the results of all ranks.
pub fn results(job: &Job, reports: &[Report]) -> String {
    let mut text = String::new();
    for (index, value) in job.entry.results.iter().enumerate() {
        let summaries: Vec<_> = reports
            .iter()
            .map(|report| &report.results[index])
            .collect();
        let equal = summaries
            .windows(2)
            .all(|pair| pair[0].digest == pair[1].digest);
        let verdict = match (equal, reports.len()) {
            (_, 1) => "",
            (true, _) => ", equal on all ranks",
            (false, _) => ", differs between ranks",
        };
        writeln!(text, "{}: {}{verdict}", value.name, type_of(value)).expect(INFALLIBLE);
        for (rank, summary) in summaries
            .iter()
            .enumerate()
            .take(if equal { 1 } else { usize::MAX })
        {
            let who = if equal {
                String::new()
            } else {
                format!("rank {rank}: ")
            };
            let gap = if summary.range.is_empty() { "" } else { "  " };
            writeln!(
                text,
                "  {who}{}{gap}{}  sha256 {}",
                summary.values, summary.range, summary.digest
            )
            .expect(INFALLIBLE);
        }
    }
    text
}

/// Describes the times of the runs; a run took as long as its slowest rank.
pub fn times(reports: &[Report]) -> String {
    let runs = reports.first().map_or(0, |report| report.times.len());
    let slowest = |run: usize| {
        reports
            .iter()
            .map(|report| report.times[run])
            .max()
            .unwrap_or_default()
    };
    let mut times: Vec<Duration> = (0..runs).map(slowest).collect();
    times.sort_unstable();
    match times.as_slice() {
        [] => String::new(),
        [only] => format!("time: {only:.3?}\n"),
        [best, ..] => format!(
            "time: median {:.3?}, best {best:.3?} of {runs} runs\n",
            times[runs / 2]
        ),
    }
}

const INFALLIBLE: &str = "writing to a string does not fail";
