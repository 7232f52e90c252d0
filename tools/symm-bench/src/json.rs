// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What was measured, as nccl-tests writes it with `-J`, and beside that what only we know.
//!
//! Of the environment, which may hold secrets, there is only what NCCL, CUDA and Symm are told by it, and no path. All ranks
//! are on one host, which therefore has no other name than `localhost`.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use symm_cuda::nccl::Nccl;

use crate::{
    measure::{Measured, Row},
    options::Options,
    report::{self, Entry, Setting},
    size::Step,
};

/// Version of the form that nccl-tests writes.
const VERSION: u32 = 3;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    start_time: String,
    args: Vec<String>,
    env: Vec<String>,
    nccl_version: i32,
    config: Config<'a>,
    results: Vec<Result<'a>>,
    out_of_bounds: OutOfBounds,
    average_bus_bandwidth: Bandwidth,
    errors: [String; 0],
    end_time: String,
    collective: &'static str,
    setting: &'a Setting,
}

#[derive(Serialize)]
struct Config<'a> {
    nthreads: u32,
    ngpus: u32,
    minimum_bytes: u64,
    maximum_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_bytes: Option<u64>,
    warmup_iters: usize,
    iterations: usize,
    aggregated_iterations: usize,
    validation: usize,
    graph: usize,
    blocking_collectives: &'static str,
    per_iter_timing: &'static str,
    per_iter_skip: usize,
    parallel_init: &'static str,
    devices: Vec<Device<'a>>,
}

#[derive(Serialize)]
struct Device<'a> {
    rank: u32,
    group: u32,
    pid: u32,
    hostname: &'static str,
    device: usize,
    device_hex: &'a str,
    device_info: &'a str,
}

#[derive(Serialize)]
struct Result<'a> {
    size: usize,
    count: usize,
    #[serde(rename = "type")]
    dtype: &'static str,
    redop: &'static str,
    root: &'static str,
    out_of_place: Half<'a>,
    in_place: Half<'a>,
    actual_iterations: usize,
    experiment_name: &'a str,
    algorithm: &'a str,
    peer: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Half<'a> {
    Measured {
        time: f64,
        alg_bw: f64,
        bus_bw: f64,
        nwrong: Option<u64>,
        #[serde(flatten)]
        measured: &'a Measured,
    },
    Refused {
        refused: &'a str,
    },
}

#[derive(Serialize)]
struct OutOfBounds {
    count: u64,
    okay: &'static str,
}

#[derive(Serialize)]
struct Bandwidth {
    bandwidth: f64,
    okay: &'static str,
}

/// Returns everything as JSON.
pub fn document(
    options: &Options,
    setting: &Setting,
    entries: &[Entry],
) -> serde_json::Result<String> {
    let wrong = report::wrong(entries);
    let seconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .map_or(0, |past| past.as_secs())
    };
    serde_json::to_string_pretty(&Document {
        version: VERSION,
        start_time: utc(seconds(setting.begun)),
        args: arguments(env::args()),
        env: environment(env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        })),
        nccl_version: Nccl::load().map_or(0, Nccl::version),
        config: config(options, setting),
        results: entries.iter().map(|entry| result(setting, entry)).collect(),
        out_of_bounds: OutOfBounds {
            count: wrong,
            okay: if wrong == 0 { "true" } else { "false" },
        },
        average_bus_bandwidth: Bandwidth {
            bandwidth: report::average_bus_bandwidth(entries, setting.world),
            okay: "unchecked",
        },
        errors: [],
        end_time: utc(seconds(SystemTime::now())),
        collective: "all_reduce",
        setting,
    })
}

fn config<'a>(options: &Options, setting: &'a Setting) -> Config<'a> {
    let (step_factor, step_bytes) = match options.step() {
        Step::Factor(factor) => (Some(factor), None),
        Step::Bytes(bytes) => (None, Some(bytes)),
    };
    let device = |place: &'a report::Place| Device {
        rank: place.rank,
        group: 0,
        pid: place.pid,
        hostname: "localhost",
        device: place.device,
        device_hex: &place.uuid,
        device_info: &place.name,
    };
    Config {
        nthreads: options.threads,
        ngpus: if setting.processes { 1 } else { setting.world },
        minimum_bytes: options.least,
        maximum_bytes: options.largest,
        step_factor,
        step_bytes,
        warmup_iters: setting.warmup,
        iterations: setting.iterations,
        aggregated_iterations: 1,
        validation: options.checks,
        graph: setting.replays,
        blocking_collectives: "false",
        per_iter_timing: "false",
        per_iter_skip: 0,
        parallel_init: "false",
        devices: setting.places.iter().map(device).collect(),
    }
}

fn result<'a>(setting: &Setting, entry: &'a Entry) -> Result<'a> {
    Result {
        size: entry.case.bytes(),
        count: entry.case.count,
        dtype: entry.dtype(),
        redop: entry.redop(),
        root: "-1",
        out_of_place: half(setting, entry, &entry.out_of_place),
        in_place: half(setting, entry, &entry.in_place),
        actual_iterations: setting.iterations,
        experiment_name: &entry.algorithm,
        algorithm: &entry.algorithm,
        peer: entry.peer,
    }
}

fn half<'a>(setting: &Setting, entry: &Entry, row: &'a Row) -> Half<'a> {
    match row {
        Row::Measured(measured) => Half::Measured {
            time: measured.us,
            alg_bw: entry.case.algorithm_bandwidth(measured.us),
            bus_bw: entry.case.bus_bandwidth(measured.us, setting.world),
            nwrong: measured.wrong,
            measured,
        },
        Row::Refused { refused } => Half::Refused { refused },
    }
}

/// Returns the command line; where this program lies tells nobody anything.
fn arguments(all: impl Iterator<Item = String>) -> Vec<String> {
    ["symm-bench".to_owned()]
        .into_iter()
        .chain(all.skip(1))
        .collect()
}

/// Returns the variables that say how NCCL, CUDA and Symm run, but for paths.
fn environment(all: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let tells = |name: &str| {
        let prefixes = ["NCCL_", "CUDA_", "SYMM_"];
        prefixes.iter().any(|prefix| name.starts_with(prefix)) && !name.contains("TOKEN")
    };
    let told = all.filter(|(name, value)| tells(name) && !value.contains('/'));
    told.map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// Writes seconds since 1970 as nccl-tests writes times, in UTC.
fn utc(seconds: u64) -> String {
    let (mut day, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "{year}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}",
        day + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{entry, setting};
    use clap::Parser;
    use serde_json::Value;

    #[test]
    fn the_keys_are_those_of_nccl_tests_and_ours_beside() {
        let options = Options::parse_from(["symm-bench", "-b", "1K", "-e", "1K"]);
        let entries = [
            entry("symm", 1024, Some(2.0)),
            entry("nccl", 1024, Some(8.0)),
        ];
        let text = document(&options, &setting(), &entries).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], 3);
        assert_eq!(value["config"]["minimum_bytes"], 1024);
        assert_eq!(value["config"]["step_factor"], 2.0);
        assert_eq!(value["config"]["devices"][0]["device_info"], "GPU");
        let row = &value["results"][0];
        assert_eq!(
            (&row["size"], &row["type"], &row["root"]),
            (&1024.into(), &"float".into(), &"-1".into())
        );
        assert_eq!(row["experiment_name"], "symm");
        let half = &row["out_of_place"];
        assert_eq!((&half["time"], &half["nwrong"]), (&2.0.into(), &0.into()));
        assert_eq!(
            (&half["alg_bw"], &half["bus_bw"]),
            (&0.512.into(), &0.768.into())
        );
        assert_eq!((&half["us"], &half["shape"]), (&2.0.into(), &"1x64".into()));
        assert_eq!(row["in_place"]["refused"], "too large");
        assert_eq!(value["out_of_bounds"]["okay"], "true");
        assert_eq!(value["average_bus_bandwidth"]["bandwidth"], 0.768);
        assert_eq!(value["setting"]["world"], 4);
    }

    #[test]
    fn secrets_stay_where_they_are() {
        let all = [
            "NCCL_NVLS_ENABLE",
            "SYMM_JOB_TOKEN",
            "PASSWORD",
            "CUDA_VISIBLE_DEVICES",
        ];
        let told = environment(
            all.map(|name| (name.to_owned(), "1".to_owned()))
                .into_iter(),
        );
        assert_eq!(told, ["NCCL_NVLS_ENABLE=1", "CUDA_VISIBLE_DEVICES=1"]);
        let path = (
            "SYMM_NCCL_LIBRARY".to_owned(),
            "/home/me/libnccl.so".to_owned(),
        );
        assert!(environment([path].into_iter()).is_empty());
        let line = ["/home/me/symm-bench", "-g", "4"].map(str::to_owned);
        assert_eq!(arguments(line.into_iter()), ["symm-bench", "-g", "4"]);
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(utc(1_798_761_599), "2026-12-31 23:59:59");
        assert_eq!(utc(1_798_761_600), "2027-01-01 00:00:00");
    }
}
