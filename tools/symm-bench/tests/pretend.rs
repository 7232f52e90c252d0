// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-bench` on a pretend driver, on which kernels do nothing: it must not be content with that.

#[path = "../../../crates/symm-runtime/tests/fake_driver/mod.rs"]
mod fake;

use fake::Ended;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, Bundle, KernelImage, KernelSpec},
};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(60);

/// Returns a folder with a bundle of kernels by name: one-shot pushes that sum `i32`, for 2 and 3 ranks.
fn folder() -> TempDir {
    let image = |world_size| {
        let spec = KernelSpec {
            algorithm: Algorithm::OneShotPush,
            dtype: DType::I32,
            reduce_op: ReduceOp::Sum,
            world_size,
            unroll: 1,
            chip: "sm_90".into(),
        };
        KernelImage {
            entry: spec.name(),
            ptx_version: 80,
            ptx: format!(".version 8.0\n.visible .entry {}()\n", spec.name()),
            spec,
        }
    };
    let folder = tempfile::tempdir().unwrap();
    Bundle::write(&folder.path().join("bundle"), &[2, 3].map(image)).unwrap();
    folder
}

/// `symm-bench` with options that blanks separate; files are in the folder.
fn command(folder: &TempDir, options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_symm-bench"));
    command
        .current_dir(folder.path())
        .args("--bundle bundle -n 1 -w 0 -G 1 --algorithms one_shot_push -d int32".split(' '))
        .args(options.split_whitespace())
        .env("FAKE_GPUS", "3")
        .env("SYMM_SOCKET_DIR", folder.path().join("sockets"));
    fake::prepare(&mut command, &[]);
    command
}

/// Runs `symm-bench` to its end.
fn bench(folder: &TempDir, options: &str) -> Ended {
    fake::end(&mut command(folder, options), BOUND)
}

/// A run under way, whose ranks are processes that check results for longer than any test.
struct Running {
    folder: TempDir,
    host: Child,
    /// By rank: processes are started in this order.
    ranks: Vec<Pid>,
}

impl Running {
    fn start() -> Self {
        let folder = folder();
        let endless = "-g 3 --isolation=process -b 64 -e 64 -c 1000000 -T 2";
        let file = |name| File::create(folder.path().join(name)).unwrap();
        let host = command(&folder, endless)
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .unwrap();
        let mut running = Self {
            folder,
            host,
            ranks: Vec::new(),
        };
        // Ranks that rank 0 has told of are past their start.
        running.until("the ranks start", |running| {
            running.said("out").contains("redop")
        });
        let host = running.host.id();
        let children = fs::read_to_string(format!("/proc/{host}/task/{host}/children")).unwrap();
        let pid = |text: &str| Pid::from_raw(text.parse().unwrap()).unwrap();
        running.ranks = children.split_whitespace().map(pid).collect();
        assert_eq!(running.ranks.len(), 3);
        running
    }

    fn said(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            let said = self.said("err");
            assert!(begin.elapsed() < BOUND / 3, "never came: {what}; {said}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where a test failed, they go on.
        let _ = self.host.kill();
        let _ = self.host.wait();
        for &pid in self.ranks.iter().filter(|&&pid| !is_gone(pid)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn is_gone(pid: Pid) -> bool {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    fs::read_to_string(format!("{folder}/stat")).is_ok_and(|status| status.contains(") Z "))
        || !Path::new(&folder).exists()
}

fn json(folder: &TempDir) -> Value {
    let text = fs::read_to_string(folder.path().join("out.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_result_that_no_kernel_wrote_is_wrong() {
    let folder = folder();
    for options in ["", " -u 1", " -u 0,3", " -c 3", " --isolation=process"] {
        let ended = bench(&folder, &format!("-g 2 -b 64 -e 64 -J out.json{options}"));
        assert!(!ended.succeeded, "{}", ended.said);
        let half = &json(&folder)["results"][0]["out_of_place"];
        // Of 16 elements on 2 ranks, each, in every check.
        let checks = if options == " -c 3" { 4 } else { 2 };
        assert_eq!(half["nwrong"], 32 * checks, "{options}: {}", ended.said);
    }
    let unchecked = bench(&folder, "-g 2 -b 64 -e 64 -c 0");
    assert!(unchecked.succeeded, "{}", unchecked.said);
}

#[test]
fn every_process_tells_where_it_runs() {
    let folder = folder();
    let ended = bench(&folder, "-g 3 --isolation=process -b 64 -e 64 -J out.json");
    let told = |rank| format!("#  Rank  {rank} Pid ");
    assert!(
        (0..3).all(|rank| ended.said.contains(&told(rank))),
        "{}",
        ended.said
    );
    let document = json(&folder);
    let devices = document["config"]["devices"].as_array().unwrap();
    let of = |key: &str| {
        devices
            .iter()
            .map(|device| device[key].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("device"), [0, 1, 2]);
    let mut pids = of("pid")
        .iter()
        .map(|pid| pid.as_u64().unwrap())
        .collect::<Vec<_>>();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3, "{}", ended.said);
}

#[test]
fn nothing_measured_is_a_failure() {
    let folder = folder();
    for (options, words) in [
        ("-g 2 -b 1 -e 3", "nothing was measured"),
        (
            "-g 2 -o max",
            "the bundle has no symm_one_shot_push_i32_max_w2_u1_sm_90",
        ),
        ("-g 2 -o max --soak 10", "the bundle has no"),
        ("-g 2 -b 1 -e 3 --soak 10", "nothing was soaked"),
        (
            "-g 2 -b 64 -e 64 --tune table.json",
            "no launch shape was measured",
        ),
    ] {
        let ended = bench(&folder, options);
        assert!(
            !ended.succeeded && ended.said.contains(words),
            "{options}: {}",
            ended.said
        );
    }
    assert!(!folder.path().join("table.json").exists());
}

#[test]
fn a_soak_whose_comparison_sees_nothing_is_a_failure() {
    let ended = bench(&folder(), "-g 2 -b 64 -e 64 --soak 10");
    let seen = "expected the comparison to find 64 wrong bytes where all are, got 0";
    assert!(
        !ended.succeeded && ended.said.contains(seen),
        "{}",
        ended.said
    );
}

#[test]
fn ranks_do_not_outlive_their_host() {
    for signal in [Signal::TERM, Signal::KILL] {
        let mut running = Running::start();
        kill_process(running.ranks[2], Signal::STOP).unwrap();
        kill_process(Pid::from_child(&running.host), signal).unwrap();
        running.until("the ranks end", |running| {
            running.ranks.iter().all(|&pid| is_gone(pid))
        });
    }
}

/// Runs `symm-bench -c 0` with a standard output that takes nothing; all files that it is asked for are there in the end.
fn unread(options: &str, out: impl Into<Stdio>) -> Output {
    let folder = folder();
    let options = format!("-g 2 -b 64 -e 64 -c 0 {options}");
    let output = command(&folder, &options).stdout(out).output().unwrap();
    for file in ["out.json", "plot.svg"].map(|name| folder.path().join(name)) {
        let asked = options.contains(file.file_name().unwrap().to_str().unwrap());
        assert_eq!(file.exists(), asked, "{}", file.display());
    }
    output
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    for options in [
        "-J out.json --plot plot.svg",
        "-J out.json --plot plot.svg --isolation=process",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = unread(options, writer);
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = unread("", full);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let output = unread("-J /dev/full --plot plot.svg", Stdio::null());
    let of_file = String::from_utf8(output.stderr).unwrap();
    assert!(
        of_file.starts_with("error: /dev/full: No space left"),
        "{of_file}"
    );
    assert!(
        said.starts_with("error: cannot write to the standard output: No space left")
            && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn files_that_can_not_be_written_are_refused_before_anything_is_measured() {
    let folder = folder();
    for isolation in ["thread", "process"] {
        for (options, words) in [
            ("-J /nowhere/x.json", "/nowhere/x.json: No such file"),
            ("--plot /nowhere/x.svg", "/nowhere/x.svg: No such file"),
            ("--tune /nowhere/x.json", "/nowhere/x.json: No such file"),
            ("--peers /nowhere/x.csv", "/nowhere/x.csv: No such file"),
            (
                "-J x --plot ./x",
                "expected a file for -J and another for --plot",
            ),
        ] {
            let ended = bench(&folder, &format!("-g 2 {options} --isolation={isolation}"));
            assert!(!ended.succeeded, "{options}");
            let error = format!("error: {words}");
            assert!(ended.said.starts_with(&error), "{options}: {}", ended.said);
            assert_eq!(ended.said.lines().count(), 1, "{options}: {}", ended.said);
        }
    }
}

#[test]
fn a_killed_rank_is_one_error() {
    for victim in [0, 1] {
        let mut running = Running::start();
        kill_process(running.ranks[victim], Signal::KILL).unwrap();
        running.until("the run ends", |running| {
            running.host.try_wait().unwrap().is_some()
        });
        let status = running.host.wait().unwrap();
        assert_eq!(status.code(), Some(1));
        let error = format!("error: rank {victim} died: killed by SIGKILL\n");
        assert_eq!(running.said("err"), error);
    }
}
