// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What was measured, as nccl-tests prints it.

use std::{fmt::Write, time::SystemTime};

use serde::{Deserialize, Serialize};
use symm_abi::{DType, ReduceOp};

use crate::{
    case::{Case, dtype_name, op_name},
    measure::{Measured, Row},
};

/// The host and the options of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// When the run began.
    #[serde(skip)]
    pub begun: SystemTime,
    /// Version of symm-bench.
    pub version: &'static str,
    /// Ranks.
    pub world: u32,
    /// Where each rank is.
    pub places: Vec<Place>,
    /// The driver's CUDA version.
    pub driver: String,
    /// NCCL's version, if it is there.
    pub nccl: Option<String>,
    /// Operations per replay.
    pub iterations: usize,
    /// Operations before anything is timed.
    pub warmup: usize,
    /// Replays of the graph; 0: plain launches.
    pub replays: usize,
    /// What the ranks' times make together.
    pub average: &'static str,
    /// Index of the first element of operands and of results.
    pub unalign: [usize; 2],
    /// Whether the ranks are processes.
    pub processes: bool,
}

/// A rank's process and GPU.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Place {
    /// The rank.
    pub rank: u32,
    /// Its process.
    pub pid: u32,
    /// Its GPU's number in that process.
    pub device: usize,
    /// Its GPU.
    pub uuid: String,
    /// Its GPU's name.
    pub name: String,
}

/// One size of one algorithm.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The algorithm.
    pub algorithm: String,
    /// What was measured.
    pub case: Case,
    /// With a result of its own.
    pub out_of_place: Row,
    /// With the result in the operand's place.
    pub in_place: Row,
    /// It is somebody else's, to be compared with.
    pub peer: bool,
}

impl Entry {
    /// Puts the two rows of a size together.
    pub fn new(algorithm: &str, case: Case, out_of_place: Row, in_place: Row) -> Self {
        Self {
            algorithm: algorithm.to_owned(),
            case,
            out_of_place,
            in_place,
            peer: algorithm.starts_with("nccl"),
        }
    }

    /// Returns the element type as nccl-tests names it.
    pub fn dtype(&self) -> &'static str {
        dtype_name(self.case.dtype)
    }

    /// Returns the reduction as nccl-tests names it.
    pub fn redop(&self) -> &'static str {
        op_name(self.case.op)
    }

    /// Marks the entry as somebody else's.
    pub fn of_peer(mut self) -> Self {
        self.peer = true;
        self
    }

    /// Returns the better of the two times in microseconds, if any.
    pub fn best_us(&self) -> Option<f64> {
        let times = [&self.out_of_place, &self.in_place].map(|row| row.measured().map(|m| m.us));
        times.into_iter().flatten().min_by(f64::total_cmp)
    }

    /// Returns the element type and the reduction.
    pub fn kind(&self) -> (DType, ReduceOp) {
        (self.case.dtype, self.case.op)
    }

    /// Returns the bus bandwidth in GB/s of the better of the two times, if any.
    pub fn best_bus_bandwidth(&self, world: u32) -> Option<f64> {
        self.best_us().map(|us| self.case.bus_bandwidth(us, world))
    }

    /// Returns what was measured out of place and in place.
    pub fn rows(&self) -> impl Iterator<Item = &Measured> {
        [&self.out_of_place, &self.in_place]
            .into_iter()
            .filter_map(|row| row.measured())
    }
}

/// Returns the lines above the table.
pub fn header(setting: &Setting) -> String {
    let mut out = String::new();
    let graph = if setting.replays == 0 {
        "off".into()
    } else {
        format!("{} replays, median", setting.replays)
    };
    let place = if setting.processes {
        "one process each"
    } else {
        "one process"
    };
    let _ = writeln!(
        out,
        "# symm-bench {}: all_reduce, {} ranks ({place})",
        setting.version, setting.world
    );
    let _ = writeln!(
        out,
        "# iters: {} warmup iters: {} graph: {graph}, {} unalign: {}",
        setting.iterations,
        setting.warmup,
        setting.average,
        setting
            .unalign
            .map(|elements| elements.to_string())
            .join(",")
    );
    let nccl = setting.nccl.as_deref().unwrap_or("absent");
    let _ = writeln!(out, "# driver {}, NCCL {nccl}", setting.driver);
    for place in &setting.places {
        let Place {
            rank,
            pid,
            device,
            uuid,
            name,
        } = place;
        let _ = writeln!(
            out,
            "#  Rank {rank:2} Pid {pid:6} device {device:2} [{uuid}] {name}"
        );
    }
    let _ = writeln!(out, "#\n#{:59}{:^35}{:^35}", "", "out-of-place", "in-place");
    let half = format!("{:>9}{:>9}{:>9}{:>8}", "time", "algbw", "busbw", "#wrong");
    let unit = format!("{:>9}{:>9}{:>9}{:>8}", "(us)", "(GB/s)", "(GB/s)", "");
    let _ = writeln!(
        out,
        "#{:>12}{:>14}{:>12}{:>9}{:>8} {half} {half}  algorithm",
        "size", "count", "type", "redop", "root"
    );
    let _ = writeln!(
        out,
        "#{:>12}{:>14}{:>12}{:>9}{:>8} {unit} {unit}",
        "(B)", "(elements)", "", "", ""
    );
    out
}

/// Returns the line of one size of one algorithm.
pub fn line(entry: &Entry, world: u32) -> String {
    let half = |row: &Row| match row {
        Row::Refused { .. } => format!("{:>9}{:>9}{:>9}{:>8}", "-", "-", "-", "N/A"),
        Row::Measured(m) => {
            let (algorithm, bus) = (
                entry.case.algorithm_bandwidth(m.us),
                entry.case.bus_bandwidth(m.us, world),
            );
            let wrong = m.wrong.map_or("N/A".into(), |wrong| wrong.to_string());
            format!("{:>9.2}{algorithm:>9.2}{bus:>9.2}{wrong:>8}", m.us)
        }
    };
    let (first, second) = (half(&entry.out_of_place), half(&entry.in_place));
    let note = match (&entry.out_of_place, &entry.in_place) {
        (Row::Measured(m), _) | (_, Row::Measured(m)) => &m.shape,
        _ => "not run, see below",
    };
    format!(
        " {:>12}{:>14}{:>12}{:>9}{:>8} {first} {second}  {} ({note})",
        entry.case.bytes(),
        entry.case.count,
        entry.dtype(),
        entry.redop(),
        -1,
        entry.algorithm
    )
}

/// Returns the lines below the table: wrong elements, average bandwidth, what was not run and why.
pub fn footer(entries: &[Entry], world: u32) -> String {
    let mut out = String::from("#\n");
    let (measured, wrong) = (measured(entries), wrong(entries));
    let verdict = if is_sound(entries) { "OK" } else { "FAILED" };
    let _ = writeln!(out, "# Out of bounds values : {wrong} {verdict}");
    let average = average_bus_bandwidth(entries, world);
    let _ = writeln!(out, "# Avg bus bandwidth    : {average:.4}");
    let _ = writeln!(
        out,
        "# Measured             : {measured} of {}",
        2 * entries.len()
    );
    for reason in refusals(entries) {
        let _ = writeln!(out, "# N/A: {reason}");
    }
    out
}

/// Tells whether something was measured and nothing is wrong.
pub fn is_sound(entries: &[Entry]) -> bool {
    measured(entries) > 0 && wrong(entries) == 0
}

/// Returns how many rows were measured.
pub fn measured(entries: &[Entry]) -> usize {
    entries.iter().flat_map(Entry::rows).count()
}

/// Returns the number of wrong elements.
pub fn wrong(entries: &[Entry]) -> u64 {
    let counts = entries.iter().flat_map(Entry::rows);
    counts.filter_map(|measured| measured.wrong).sum()
}

/// Returns the average bus bandwidth of what is ours; where nothing of ours was measured, of everything.
pub fn average_bus_bandwidth(entries: &[Entry], world: u32) -> f64 {
    let of = |peer: bool| -> Vec<f64> {
        let entries = entries.iter().filter(|entry| entry.peer == peer);
        let rows = entries.flat_map(|entry| entry.rows().map(move |row| (entry, row.us)));
        rows.map(|(entry, us)| entry.case.bus_bandwidth(us, world))
            .collect()
    };
    let ours = of(false);
    let bandwidths = if ours.is_empty() { of(true) } else { ours };
    let sum = bandwidths
        .iter()
        .fold(0.0, |sum, bandwidth| sum + bandwidth);
    sum / bandwidths.len().max(1) as f64
}

/// Returns why something was not run, each reason of each algorithm once.
fn refusals(entries: &[Entry]) -> Vec<String> {
    let mut reasons = Vec::new();
    for entry in entries {
        for row in [&entry.out_of_place, &entry.in_place] {
            let Row::Refused { refused } = row else {
                continue;
            };
            let reason = format!("{}: {refused}", entry.algorithm);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

/// Returns each pair of type and reduction once.
pub fn kinds(entries: &[Entry]) -> Vec<(DType, ReduceOp)> {
    let mut kinds = Vec::new();
    for entry in entries {
        if !kinds.contains(&entry.kind()) {
            kinds.push(entry.kind());
        }
    }
    kinds
}

/// Returns each algorithm once, in the order in which they ran.
pub fn algorithms(entries: &[Entry]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for entry in entries {
        if !names.contains(&entry.algorithm.as_str()) {
            names.push(&entry.algorithm);
        }
    }
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(algorithm: &str, size: usize, us: Option<f64>) -> Entry {
        let case = Case::new(DType::F32, ReduceOp::Sum, size / 4);
        let row = |us: Option<f64>| match us {
            Some(us) => Row::Measured(Measured {
                us,
                range_us: [us, us],
                wrong: Some(0),
                shape: "1x64".into(),
            }),
            None => Row::Refused {
                refused: "too large".into(),
            },
        };
        Entry::new(algorithm, case, row(us), row(None))
    }

    pub(crate) fn setting() -> Setting {
        Setting {
            begun: SystemTime::UNIX_EPOCH,
            version: "0",
            world: 4,
            places: vec![Place {
                rank: 0,
                pid: 1,
                device: 0,
                uuid: "GPU-0".into(),
                name: "GPU".into(),
            }],
            driver: "13.0".into(),
            nccl: None,
            iterations: 100,
            warmup: 5,
            replays: 9,
            average: "least over ranks",
            unalign: [0, 1],
            processes: false,
        }
    }

    #[test]
    fn lines_have_the_columns_of_nccl_tests() {
        let text = line(&entry("symm", 1 << 20, Some(10.0)), 4);
        let columns: Vec<_> = text.split_whitespace().collect();
        assert_eq!(
            columns[..9],
            [
                "1048576", "262144", "float", "sum", "-1", "10.00", "104.86", "157.29", "0"
            ]
        );
        assert_eq!(columns[9..14], ["-", "-", "-", "N/A", "symm"]);
        let columns = header(&setting())
            .lines()
            .filter(|l| l.contains("redop"))
            .map(|l| l.split_whitespace().count())
            .sum::<usize>();
        assert_eq!(
            columns, 15,
            "#, size count type redop root, twice time algbw busbw #wrong, algorithm"
        );
    }

    #[test]
    fn the_footer_counts_what_was_measured() {
        let entries = [
            entry("symm", 1024, Some(2.0)),
            entry("one_shot_pull", 1024, None),
        ];
        let text = footer(&entries, 4);
        assert!(text.contains("# Out of bounds values : 0 OK"));
        assert!(text.contains("# Measured             : 1 of 4"));
        assert_eq!(text.matches("# N/A: one_shot_pull: too large").count(), 1);
    }

    #[test]
    fn nothing_measured_is_not_well() {
        let text = footer(&[entry("symm", 1024, None)], 4);
        assert!(text.contains("# Out of bounds values : 0 FAILED"), "{text}");
        assert!(text.contains("# Measured             : 0 of 2"), "{text}");
        assert!(footer(&[], 4).contains("0 FAILED"));
        assert!(!is_sound(&[]) && is_sound(&[entry("nccl", 1024, Some(2.0))]));
    }

    #[test]
    fn peers_do_not_count_in_our_average() {
        let (ours, nccl) = (
            entry("symm", 1024, Some(2.0)),
            entry("nccl", 1024, Some(8.0)),
        );
        let both = [ours.clone(), nccl.clone()];
        assert_eq!(
            average_bus_bandwidth(&both, 4),
            average_bus_bandwidth(&[ours], 4)
        );
        assert!(average_bus_bandwidth(&[nccl], 4) > 0.0);
        assert_eq!(average_bus_bandwidth(&[], 4).to_bits(), 0);
    }
}
