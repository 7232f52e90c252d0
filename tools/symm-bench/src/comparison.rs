// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All algorithms and all peers side by side.

use std::{collections::BTreeSet, fmt::Write};

use symm_abi::{DType, ReduceOp};

use crate::{
    case::{dtype_name, op_name},
    report::{Entry, algorithms, kinds},
};

/// Returns a table for each pair of type and reduction.
pub fn table(entries: &[Entry]) -> String {
    kinds(entries)
        .into_iter()
        .map(|kind| side_by_side(entries, kind))
        .collect()
}

/// Returns a table of the better of both times of every algorithm, and what the selection takes of the best peer's.
fn side_by_side(entries: &[Entry], kind: (DType, ReduceOp)) -> String {
    let names = algorithms(entries);
    let mut out = format!(
        "#\n# us by bytes, {} {}, the better of out-of-place and in-place\n#{:>12}",
        dtype_name(kind.0),
        op_name(kind.1),
        "bytes"
    );
    names.iter().for_each(|name| _ = write!(out, "{name:>18}"));
    out += "  symm/best peer\n";
    let of_kind = entries.iter().filter(|e| e.kind() == kind);
    let sizes: BTreeSet<usize> = of_kind.map(|e| e.case.bytes()).collect();
    for size in sizes {
        let of = |name: &str| {
            entries
                .iter()
                .find(|e| e.kind() == kind && e.case.bytes() == size && e.algorithm == name)?
                .best_us()
        };
        let _ = write!(out, "#{size:>12}");
        names.iter().for_each(|name| {
            _ = write!(
                out,
                "{:>18}",
                of(name).map_or("-".into(), |us| format!("{us:.2}"))
            )
        });
        let peers = entries
            .iter()
            .filter(|e| e.peer && e.kind() == kind && e.case.bytes() == size);
        let peer = peers.filter_map(Entry::best_us).min_by(f64::total_cmp);
        let ratio = of("symm").zip(peer);
        let ratio = ratio.map_or("-".into(), |(ours, theirs)| format!("{:.2}", ours / theirs));
        let _ = writeln!(out, "{ratio:>18}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::entry;

    #[test]
    fn the_ratio_is_to_the_best_peer_of_the_size() {
        let entries = [
            entry("symm", 2048, Some(3.0)),
            entry("symm", 1024, Some(2.0)),
            entry("nccl", 1024, Some(16.0)),
            entry("nccl_window", 1024, Some(8.0)),
            entry("two_shot_push", 1024, Some(1.0)),
            entry("torch_one_shot", 1024, Some(5.0)).of_peer(),
        ];
        let text = table(&entries);
        let rows: Vec<Vec<_>> = text
            .lines()
            .rev()
            .take(2)
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(
            rows[1],
            ["#", "1024", "2.00", "16.00", "8.00", "1.00", "5.00", "0.40"]
        );
        assert_eq!(rows[0], ["#", "2048", "3.00", "-", "-", "-", "-", "-"]);
    }
}
