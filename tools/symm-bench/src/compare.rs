// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Times of peers that other programs measured on the same GPUs, out of CSV files.
//!
//! The columns are `world`, `dtype` (bf16, f16 or f32), `bytes`, and one per peer with microseconds or nothing.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use symm_abi::{DType, ReduceOp};

use crate::{
    case::Case,
    measure::{Measured, Row},
    report::Entry,
};

/// What peers took for sums of one size.
#[derive(Debug)]
pub struct Line {
    world: String,
    dtype: String,
    bytes: usize,
    /// The names of the peers, each with microseconds if it was measured.
    times: Vec<(String, Option<f64>)>,
}

impl Line {
    /// Returns an entry for each peer if the line is of `world` ranks and `dtype`.
    pub fn entries(&self, world: u32, dtype: DType) -> Vec<Entry> {
        let is_asked = self.world == world.to_string() && self.dtype == dtype.name();
        let times = self.times.iter().filter(|_| is_asked);
        times
            .map(|(peer, us)| entry(peer, dtype, self.bytes, *us))
            .collect()
    }
}

/// Reads a file.
///
/// # Errors
///
/// Fails where it is not there or no such table.
pub fn read(path: &Path) -> Result<Vec<Line>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Line>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header: Vec<_> = lines
        .next()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    let [first, second, third, peers @ ..] = &header[..] else {
        anyhow::bail!(
            "expected the columns world, dtype, bytes and peers, got '{}'",
            header.join(",")
        );
    };
    ensure!(
        [*first, *second, *third] == ["world", "dtype", "bytes"],
        "expected the columns world, dtype and bytes first, got '{first},{second},{third}'"
    );
    let parse_line = |line: &str| {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        ensure!(
            fields.len() == header.len(),
            "expected {} fields, got '{line}'",
            header.len()
        );
        let times = peers.iter().zip(&fields[3..]);
        let times = times.map(|(peer, field)| Ok(((*peer).to_owned(), microseconds(field)?)));
        Ok(Line {
            world: fields[0].to_owned(),
            dtype: fields[1].to_owned(),
            bytes: fields[2]
                .parse()
                .with_context(|| format!("expected bytes, got '{}'", fields[2]))?,
            times: times.collect::<Result<_>>()?,
        })
    };
    lines.map(parse_line).collect()
}

fn microseconds(field: &str) -> Result<Option<f64>> {
    let us = (!field.is_empty()).then(|| field.parse());
    us.transpose()
        .with_context(|| format!("expected microseconds, got '{field}'"))
}

fn entry(peer: &str, dtype: DType, bytes: usize, us: Option<f64>) -> Entry {
    let none = || Row::Refused {
        refused: "not measured".into(),
    };
    let row = us.map_or_else(none, |us| {
        Row::Measured(Measured {
            us,
            range_us: [us, us],
            wrong: None,
            shape: "another program".into(),
        })
    });
    let case = Case::new(dtype, ReduceOp::Sum, bytes / dtype.size());
    // What comes through PyTorch is not what this program measures under the same name.
    let name = if peer.starts_with("nccl") {
        format!("torch_{peer}")
    } else {
        (*peer).to_owned()
    };
    Entry::new(&name, case, row, none()).of_peer()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "world,dtype,bytes,nccl,torch_one_shot\n4,bf16,1024,15.20,9.70\n4,bf16,8388608,71.6,\n2,bf16,1024,1,1\n4,f32,1024,1,1\n";

    #[test]
    fn rows_of_this_world_and_type_are_taken() {
        let lines = parse(TEXT).unwrap();
        let entries: Vec<_> = lines
            .iter()
            .flat_map(|line| line.entries(4, DType::BF16))
            .collect();
        let told: Vec<_> = entries
            .iter()
            .map(|e| (e.algorithm.as_str(), e.case.bytes(), e.best_us()))
            .collect();
        assert_eq!(
            told,
            [
                ("torch_nccl", 1024, Some(15.2)),
                ("torch_one_shot", 1024, Some(9.7)),
                ("torch_nccl", 8 << 20, Some(71.6)),
                ("torch_one_shot", 8 << 20, None),
            ]
        );
    }

    #[test]
    fn what_is_no_such_table_is_refused() {
        for text in [
            "",
            "a,b,c,d\n",
            "world,dtype\n",
            "world,dtype,bytes,nccl\n4,bf16,x,1\n",
            "world,dtype,bytes,nccl\n4,bf16,8\n",
            "world,dtype,bytes,nccl\n4,bf16,8,fast\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
