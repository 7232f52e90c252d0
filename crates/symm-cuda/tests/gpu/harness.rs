// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs each test in a process of its own, within a bound: a kernel that fails takes its process's context with it,
//! and one that hangs can only be ended from outside. What a machine lacks is skipped, loudly.

use std::{
    env,
    process::{Child, Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use symm_cuda::Gpu;

/// How long a test may take: some go through all numbers of ranks up to 8.
const BOUND: Duration = Duration::from_secs(150);

/// A test and what it needs.
pub struct Test {
    /// Its name, by which it can be chosen.
    pub name: &'static str,
    /// How many GPUs it needs.
    pub gpus: usize,
    /// The least compute capability that it needs.
    pub capability: (i32, i32),
    /// What it does; panics if something is wrong.
    pub run: fn(),
}

/// Runs the tests that the command line chooses, all of them by default; `role` is what a process that a test
/// starts does instead.
pub fn main(tests: &[Test], role: fn()) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--role"] => return done(role),
        ["--inside", name] => {
            let test = tests.iter().find(|test| test.name == *name);
            return done(test.expect("the parent names a test").run);
        }
        _ => {}
    }
    let filters: Vec<_> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let chosen = tests
        .iter()
        .filter(|test| filters.is_empty() || filters.iter().any(|f| test.name.contains(*f)));
    let (mut failed, mut skipped, mut passed) = (0, 0, 0);
    for test in chosen {
        let count = match verdict(test) {
            Verdict::Passed => &mut passed,
            Verdict::Failed => &mut failed,
            Verdict::Skipped => &mut skipped,
        };
        *count += 1;
    }
    println!("gpu tests: {passed} passed, {failed} failed, {skipped} SKIPPED");
    ExitCode::from(u8::from(failed > 0))
}

fn done(run: fn()) -> ExitCode {
    run();
    ExitCode::SUCCESS
}

enum Verdict {
    Passed,
    Failed,
    Skipped,
}

fn verdict(test: &Test) -> Verdict {
    if let Some(lack) = lack(test) {
        println!("test {} ... SKIPPED: {lack}", test.name);
        return Verdict::Skipped;
    }
    let begun = Instant::now();
    let outcome = in_process(test.name);
    let took = begun.elapsed().as_secs_f64();
    match outcome {
        Ok(()) => {
            println!("test {} ... ok ({took:.1} s)", test.name);
            Verdict::Passed
        }
        Err(why) => {
            println!("test {} ... FAILED ({took:.1} s): {why}", test.name);
            Verdict::Failed
        }
    }
}

/// Says what the machine lacks for a test.
fn lack(test: &Test) -> Option<String> {
    let gpus = match Gpu::all() {
        Ok(gpus) => gpus,
        Err(error) => return Some(error.to_string()),
    };
    if gpus.len() < test.gpus {
        return Some(format!("needs {} GPUs, found {}", test.gpus, gpus.len()));
    }
    let least = gpus
        .iter()
        .filter_map(|d| d.compute_capability().ok())
        .min();
    let (major, minor) = test.capability;
    (least < Some(test.capability)).then(|| format!("needs sm_{major}{minor}, found {least:?}"))
}

fn in_process(name: &str) -> Result<(), String> {
    let mut child = start(&["--inside", name], &[]);
    let status = wait(&mut child, BOUND).ok_or(format!("did not end within {BOUND:?}"))?;
    status.then_some(()).ok_or("see above".into())
}

/// Starts this program with other arguments and variables.
pub fn start(arguments: &[&str], variables: &[(&str, String)]) -> Child {
    let exe = env::current_exe().expect("this program has a path");
    let mut command = Command::new(exe);
    command.args(arguments).envs(variables.iter().cloned());
    command.spawn().expect("this program can be started again")
}

/// Waits for a process and returns whether it succeeded; kills it and returns `None` once `bound` has passed.
pub fn wait(child: &mut Child, bound: Duration) -> Option<bool> {
    let begun = Instant::now();
    while begun.elapsed() < bound {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status.success());
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
