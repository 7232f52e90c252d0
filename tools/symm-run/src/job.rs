// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What every rank has to do, decided and checked by the host before any rank starts.

use crate::{
    cli::{Cli, Device},
    rank_path,
    source::Source,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fmt::Display,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use symm_abi::{Entry, Manifest};
use symm_runtime::{Program, cuda::Config, launch::WorkError, no_entry};

/// The work of a run, the same for all ranks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    /// Path of the program; `%r` stands for the rank.
    pub program: String,
    /// What the user calls the program.
    pub name: String,
    /// What is run.
    pub entry: Entry,
    /// One source per argument, in order.
    pub sources: Vec<Source>,
    /// Where to save each result, in order; `%r` stands for the rank.
    pub saves: Vec<Option<String>>,
    /// How many times the entry is run, at least once.
    pub repeat: u32,
    /// What ranks on GPUs have to know; absent on the CPU.
    pub gpu: Option<GpuJob>,
}

/// What ranks on GPUs have to know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GpuJob {
    /// What the runtime has to know.
    pub config: Config,
    /// Replays a CUDA graph.
    pub graph: bool,
}

impl GpuJob {
    /// Makes it of the command line, with a new secret.
    fn new(cli: &Cli) -> Result<Self, String> {
        let mut secret = [0; 32];
        File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut secret))
            .map_err(|error| format!("/dev/urandom: {error}"))?;
        let config = Config {
            heap_bytes: cli.heap_bytes,
            arena_bytes: cli.arena_bytes,
            secret,
            fallback: cli.fallback,
            share_gpus: cli.share_gpus,
            trace: cli.trace.is_some(),
        };
        Ok(Self {
            config,
            graph: cli.graph,
        })
    }
}

impl Job {
    /// Makes a job of the command line for a program that was read from `program`, and checks it for `ranks` ranks.
    pub fn new(
        cli: &Cli,
        program: String,
        manifest: &Manifest,
        ranks: u32,
    ) -> Result<Self, String> {
        let entry = pick_entry(cli.entry.as_deref(), manifest)?.clone();
        let sources = sources(&cli.args, &entry)?;
        for (source, value) in sources.iter().zip(&entry.args) {
            for rank in 0..ranks {
                source
                    .check(rank, value)
                    .map_err(|error| format!("argument '{}': {error}", value.name))?;
            }
        }
        let saves = saves(&cli.saves, cli.save_dir.as_deref(), &entry)?;
        let job = Self {
            program,
            name: cli.program.clone(),
            entry,
            sources,
            saves,
            repeat: cli.repeat.unwrap_or(1),
            gpu: (cli.device == Device::Cuda)
                .then(|| GpuJob::new(cli))
                .transpose()?,
        };
        job.check_saves(ranks)?;
        Ok(job)
    }

    /// Checks, for every rank, that results are saved in folders that are there, and each in a file of its own.
    fn check_saves(&self, ranks: u32) -> Result<(), String> {
        let mut taken = HashMap::new();
        for rank in 0..ranks {
            for (index, value) in self.entry.results.iter().enumerate() {
                let Some(path) = self.save_path(rank, index) else {
                    continue;
                };
                check_path(&path)?;
                let own = (rank, value.name.as_str());
                let Some(place) = symm_cli::files::place(&path) else {
                    continue;
                };
                if let Some((rank, name)) = taken.insert(place, own) {
                    return Err(format!(
                        "{}: expected a file for each result, got one for '{name}' of rank {rank} and '{}' of rank {}",
                        path.display(),
                        own.1,
                        own.0
                    ));
                }
            }
        }
        Ok(())
    }

    /// Loads a rank's program.
    pub fn load(&self, rank: u32) -> Result<Program, WorkError> {
        let path = rank_path(&self.program, rank);
        Program::load(Path::new(&path)).map_err(|error| self.naming(error).into())
    }

    /// Returns what an error says, of the program by the name that the user gave it.
    pub fn naming(&self, error: impl Display) -> String {
        naming(&self.name, &self.program, error)
    }

    /// Tells whether all ranks load the same file.
    pub fn shares_program(&self) -> bool {
        !self.program.contains("%r")
    }

    /// Returns where a rank saves a result, if it does.
    pub fn save_path(&self, rank: u32, result: usize) -> Option<PathBuf> {
        let pattern = self.saves[result].as_ref()?;
        (pattern.contains("%r") || rank == 0).then(|| rank_path(pattern, rank).into())
    }
}

/// Returns what an error says of the program at `path`, which the user calls `name`.
pub fn naming(name: &str, path: &str, error: impl Display) -> String {
    let text = error.to_string();
    let rest = text.strip_prefix(path).map(|rest| format!("{name}{rest}"));
    rest.unwrap_or(text)
}

fn pick_entry<'a>(name: Option<&str>, manifest: &'a Manifest) -> Result<&'a Entry, String> {
    match (name, manifest.entries.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let main = manifest.entry("main");
            main.ok_or_else(|| format!("{}: choose one with --entry", no_entry(manifest, "main")))
        }
        (Some(name), _) => manifest
            .entry(name)
            .ok_or_else(|| no_entry(manifest, name).to_string()),
    }
}

/// Splits `NAME=REST` options; a name may occur once.
fn by_name<'a>(
    option: &str,
    texts: &'a [String],
    known: &[symm_abi::Value],
) -> Result<HashMap<&'a str, &'a str>, String> {
    let mut found = HashMap::new();
    for text in texts {
        let (name, rest) =
            split(text, known).ok_or_else(|| format!("{option} {text}: expected NAME=…"))?;
        if found.insert(name, rest).is_some() {
            return Err(format!("{option} {text}: '{name}' was given before"));
        }
    }
    Ok(found)
}

/// Splits `NAME=REST` behind the longest name that is known, for names may have a `=` in them, or else at the first `=`.
fn split<'a>(text: &'a str, known: &[symm_abi::Value]) -> Option<(&'a str, &'a str)> {
    let splits = text.match_indices('=');
    let mut splits = splits.map(|(at, _)| (&text[..at], &text[at + 1..]));
    let first = splits.clone().next();
    let is_known = |name: &str| known.iter().any(|value| value.name == name);
    splits.rfind(|(name, _)| is_known(name)).or(first)
}

fn expect_known<'a>(
    option: &str,
    given: impl Iterator<Item = &'a str>,
    known: &[symm_abi::Value],
    entry: &Entry,
) -> Result<(), String> {
    let is_known = |name: &&str| known.iter().any(|value| value.name == *name);
    // Sorted, so that the message does not depend on the order of a map.
    let mut unknown: Vec<&str> = given.filter(|name| !is_known(name)).collect();
    unknown.sort_unstable();
    match unknown.first() {
        None => Ok(()),
        Some(name) => {
            let names: Vec<&str> = known.iter().map(|value| value.name.as_str()).collect();
            let expected = if names.is_empty() {
                "none".into()
            } else {
                names.join(", ")
            };
            Err(format!(
                "{option} {name}=…: entry '{}' has no '{name}', expected one of: {expected}",
                entry.name
            ))
        }
    }
}

fn sources(texts: &[String], entry: &Entry) -> Result<Vec<Source>, String> {
    let given = by_name("--arg", texts, &entry.args)?;
    expect_known("--arg", given.keys().copied(), &entry.args, entry)?;
    let source = |value: &symm_abi::Value| {
        let name = &value.name;
        let text = given.get(name.as_str()).ok_or_else(|| {
            format!(
                "argument '{name}' ({}) has no value: give --arg {name}=…",
                crate::print::type_of(value)
            )
        })?;
        Source::parse(text).map_err(|error| format!("--arg {name}={text}: {error}"))
    };
    entry.args.iter().map(source).collect()
}

fn saves(
    texts: &[String],
    folder: Option<&Path>,
    entry: &Entry,
) -> Result<Vec<Option<String>>, String> {
    let given = by_name("--save", texts, &entry.results)?;
    expect_known("--save", given.keys().copied(), &entry.results, entry)?;
    let save = |name: &str| match (given.get(name), folder) {
        (Some(&pattern), _) if pattern.is_empty() || pattern.ends_with('/') => {
            Err(format!("--save {name}={pattern}: expected a file"))
        }
        (Some(&pattern), _) => Ok(Some(pattern.to_owned())),
        (None, Some(folder)) => {
            let path = folder.join(format!("{name}.rank%r.npy"));
            Ok(Some(
                path.to_str()
                    .ok_or("--save-dir: expected a path in UTF-8")?
                    .to_owned(),
            ))
        }
        (None, None) => Ok(None),
    };
    entry
        .results
        .iter()
        .map(|value| save(&value.name))
        .collect()
}

/// Checks that there is a folder for a file, and not in the file's place.
fn check_path(path: &Path) -> Result<(), String> {
    match path.parent() {
        _ if path.is_dir() => Err(format!(
            "{}: expected a file to save a result in, got a folder",
            path.display()
        )),
        Some(folder) if folder != Path::new("") && !folder.is_dir() => Err(format!(
            "{}: expected a folder to save results in",
            folder.display()
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_the_sign_that_ends_them() {
        let named = |name: &str| symm_abi::Value {
            name: name.to_owned(),
            dtype: symm_abi::DType::F32,
            shape: vec![],
        };
        let known = [named("a=b"), named("x")];
        assert_eq!(split("a=b=ones", &known), Some(("a=b", "ones")));
        assert_eq!(split("x=a=b.npy", &known), Some(("x", "a=b.npy")));
        assert_eq!(split("a=ones", &known), Some(("a", "ones")));
        assert_eq!(split("a", &known), None);
    }
}
