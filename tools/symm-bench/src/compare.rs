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

/// Reads the sums of `dtype` for `world` ranks that a file has, as entries of peers.
pub fn read(path: &Path, world: u32, dtype: DType) -> Result<Vec<Entry>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    parse(&text, world, dtype).with_context(|| format!("{}", path.display()))
}

fn parse(text: &str, world: u32, dtype: DType) -> Result<Vec<Entry>> {
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
    let mut entries = Vec::new();
    for line in lines {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        ensure!(
            fields.len() == header.len(),
            "expected {} fields, got '{line}'",
            header.len()
        );
        if fields[0] != world.to_string() || fields[1] != dtype.name() {
            continue;
        }
        let bytes: usize = fields[2]
            .parse()
            .with_context(|| format!("expected bytes, got '{}'", fields[2]))?;
        for (peer, field) in peers.iter().zip(&fields[3..]) {
            entries.push(entry(peer, dtype, bytes, field)?);
        }
    }
    Ok(entries)
}

fn entry(peer: &str, dtype: DType, bytes: usize, field: &str) -> Result<Entry> {
    let none = || Row::Refused {
        refused: "not measured".into(),
    };
    let row = match field {
        "" => none(),
        text => {
            let us: f64 = text
                .parse()
                .with_context(|| format!("expected microseconds, got '{text}'"))?;
            Row::Measured(Measured {
                us,
                range_us: [us, us],
                wrong: None,
                shape: "another program".into(),
            })
        }
    };
    let case = Case::new(dtype, ReduceOp::Sum, bytes / dtype.size());
    // What comes through PyTorch is not what this program measures under the same name.
    let name = if peer.starts_with("nccl") {
        format!("torch_{peer}")
    } else {
        (*peer).to_owned()
    };
    Ok(Entry::new(&name, case, row, none()).of_peer())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "world,dtype,bytes,nccl,torch_one_shot\n4,bf16,1024,15.20,9.70\n4,bf16,8388608,71.6,\n2,bf16,1024,1,1\n4,f32,1024,1,1\n";

    #[test]
    fn rows_of_this_world_and_type_are_taken() {
        let entries = parse(TEXT, 4, DType::BF16).unwrap();
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
            assert!(parse(text, 4, DType::BF16).is_err(), "{text}");
        }
    }
}
