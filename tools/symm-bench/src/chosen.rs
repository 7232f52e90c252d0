// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the command line asks to be measured. It is found out before a GPU is opened.

use std::{
    cell::RefCell,
    env, fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm as Kind, Bundle, BundleError, INDEX_FILE, LaunchTable, Reduction, Soundness},
};

use crate::{
    algorithm::Algorithm,
    case::{self, Case},
    compare,
    generated::{Generated, Library},
    options::{Options, What},
    peers::{Communicators, NcclPeer},
};

/// Types, reductions, sizes and algorithms.
pub struct Chosen<'a> {
    options: &'a Options,
    /// The pairs of type and reduction, those that exist.
    pub kinds: Vec<(DType, ReduceOp)>,
    /// What other programs took, line by line.
    pub peers: Vec<compare::Line>,
    /// The generated kernels, if any are asked for.
    pub library: Option<Rc<Library>>,
}

impl<'a> Chosen<'a> {
    /// Finds out what is asked for.
    ///
    /// # Errors
    ///
    /// Refuses what does not exist or makes no sense together, files that can't be read, and generated algorithms without a
    /// bundle of kernels.
    pub fn new(options: &'a Options) -> Result<Self> {
        options.check()?;
        let generated = options.tune.is_some() || options.chosen().any(What::is_generated);
        Ok(Self {
            options,
            kinds: kinds(options)?,
            peers: peers(options)?,
            library: generated.then(|| library(options)).transpose()?,
        })
    }

    /// Returns the cases of a type and a reduction, ascending in size.
    pub fn cases(&self, dtype: DType, op: ReduceOp) -> impl Iterator<Item = Case> + use<> {
        let unalign = self.options.unalign;
        let sizes = self.options.sizes(dtype.size() as u64).into_iter();
        sizes.map(move |bytes| Case {
            unalign,
            ..Case::new(dtype, op, bytes as usize / dtype.size())
        })
    }

    /// Returns the algorithms, in the order in which they are measured.
    pub fn algorithms(&self) -> Vec<Box<dyn Algorithm>> {
        let comms = Rc::new(RefCell::new(Communicators::default()));
        let generated = |kind| {
            let library = self.library.as_ref()?;
            Some(Box::new(Generated::new(library, kind)) as Box<dyn Algorithm>)
        };
        let peer = |windows| Some(Box::new(NcclPeer::new(&comms, windows)) as Box<dyn Algorithm>);
        let chosen = self.options.chosen().filter_map(|what| match what {
            What::Symm => generated(None),
            What::OneShotPush => generated(Some(Kind::OneShotPush)),
            What::TwoShotPush => generated(Some(Kind::TwoShotPush)),
            What::OneShotPull => generated(Some(Kind::OneShotPull)),
            What::TwoShotPull => generated(Some(Kind::TwoShotPull)),
            What::Nccl => peer(false),
            What::NcclWindow => peer(true),
        });
        chosen.collect()
    }

    /// Tells whether an algorithm is left out with a type and a reduction because it is the turn of another.
    pub fn leaves_out(&self, name: &str, case: &Case, world: u32) -> bool {
        let turn = Reduction::canonical(case.dtype, case.op)
            .map(|reduction| reduction.algorithm_in_turn(world).name());
        let takes_turns = Kind::ALL.iter().any(|kind| kind.name() == name);
        self.options.in_turn && takes_turns && turn != Some(name)
    }
}

/// Returns the pairs of type and reduction that the command line asks for and that exist.
fn kinds(options: &Options) -> Result<Vec<(DType, ReduceOp)>> {
    let dtypes = case::parse_dtypes(&options.dtype).map_err(anyhow::Error::msg)?;
    let ops = case::parse_ops(&options.op).map_err(anyhow::Error::msg)?;
    let pairs = dtypes
        .iter()
        .flat_map(|dtype| ops.iter().map(move |op| (*dtype, *op)));
    let kinds: Vec<_> = pairs
        .filter(|(dtype, op)| dtype.has_reduction(*op))
        .collect();
    ensure!(
        !kinds.is_empty(),
        "{} of {} is not defined",
        options.op,
        options.dtype
    );
    Ok(kinds)
}

/// Reads the files of peers.
fn peers(options: &Options) -> Result<Vec<compare::Line>> {
    let mut lines = Vec::new();
    for path in &options.peers {
        lines.extend(compare::read(path)?);
    }
    Ok(lines)
}

/// Opens the bundle that the command line names, or the one beside this program.
fn library(options: &Options) -> Result<Rc<Library>> {
    let table = match &options.table {
        None => LaunchTable::shipped()?,
        Some(path) => {
            let json = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
            LaunchTable::parse(&json).with_context(|| format!("{}", path.display()))?
        }
    };
    let beside = || beside(&env::current_exe().ok()?);
    let Some(folder) = options.bundle.clone().or_else(beside) else {
        bail!(
            "expected --bundle with a folder of generated kernels, got none, and there is none beside this program; \
             `symm-kernels -o bundle` makes one, and --algorithms nccl,nccl_window needs none"
        );
    };
    let soundness = if options.sabotaged {
        Soundness::Sabotaged
    } else {
        Soundness::Sound
    };
    let bundle = Bundle::open_as(&folder, soundness).map_err(|error| match error {
        BundleError::Json(_) | BundleError::Version { .. } => {
            anyhow!("{}: {error}", folder.join(INDEX_FILE).display())
        }
        _ => error.into(),
    })?;
    Ok(Library::new(bundle, table, options.timeout()))
}

/// Returns the bundle that lies beside a program, if there is one.
fn beside(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.join("bundle");
    folder.join(INDEX_FILE).is_file().then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::told;
    use clap::Parser;

    fn options(line: &str) -> Options {
        Options::parse_from(["symm-bench"].into_iter().chain(line.split_whitespace()))
    }

    fn refused(line: &str) -> String {
        let options = options(line);
        let chosen = Chosen::new(&options).err();
        chosen.map_or_else(String::new, |error| told(&error))
    }

    #[test]
    fn what_does_not_exist_is_refused_without_a_gpu() {
        assert!(refused("-d quad --algorithms nccl").contains("got 'quad'"));
        assert!(refused("-o median --algorithms nccl").contains("got 'median'"));
        assert!(refused("-d float -o bxor --algorithms nccl").contains("bxor of float"));
        assert!(refused("-b 2 -e 1 --algorithms nccl").contains("-b 2"));
        assert_eq!(refused("-d all -o all --algorithms nccl"), "");
    }

    #[test]
    fn generated_algorithms_need_a_bundle() {
        let without = refused("--algorithms nccl,symm");
        assert!(without.contains("expected --bundle"), "{without}");
        assert!(refused("--tune a --algorithms nccl").contains("expected --bundle"));
        let nowhere = refused("--bundle /no/such/folder");
        assert_eq!(
            nowhere,
            "/no/such/folder/kernels.json: No such file or directory (os error 2)"
        );
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(INDEX_FILE), "{}").unwrap();
        let damaged = refused(&format!("--bundle {}", folder.path().display()));
        assert!(
            damaged.contains("/kernels.json: expected the index of"),
            "{damaged}"
        );
        assert_eq!(damaged.matches("missing field").count(), 1, "{damaged}");
    }

    #[test]
    fn files_of_peers_are_read_before_anything_is_measured() {
        let peers = |path: &Path| refused(&format!("--algorithms nccl --peers {}", path.display()));
        assert!(peers(Path::new("/nowhere.csv")).starts_with("/nowhere.csv: No such file"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peers.csv");
        fs::write(&path, "world,dtype,bytes,nccl\n4,bf16,8,fast\n").unwrap();
        let refused = peers(&path);
        assert!(
            refused.contains("peers.csv: expected microseconds, got 'fast'"),
            "{refused}"
        );
        fs::write(&path, "world,dtype,bytes,nccl\n4,bf16,8,\n").unwrap();
        assert_eq!(peers(&path), "");
    }

    #[test]
    fn sabotaged_kernels_are_taken_for_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().display();
        Bundle::write_as(folder.path(), &[], Soundness::Sabotaged).unwrap();
        let sabotaged = refused(&format!("--bundle {bundle}"));
        assert!(
            sabotaged.contains("expected a bundle of sound kernels"),
            "{sabotaged}"
        );
        assert_eq!(refused(&format!("--bundle {bundle} --sabotaged")), "");
        Bundle::write(folder.path(), &[]).unwrap();
        let sound = refused(&format!("--bundle {bundle} --sabotaged"));
        assert!(
            sound.contains("expected a bundle of sabotaged kernels"),
            "{sound}"
        );
    }

    #[test]
    fn a_bundle_beside_the_program_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("symm-bench");
        assert_eq!(beside(&program), None);
        let bundle = folder.path().join("bundle");
        Bundle::write(&bundle, &[]).unwrap();
        assert_eq!(beside(&program), Some(bundle));
    }

    #[test]
    fn in_turn_one_generated_algorithm_is_left_of_each_pair() {
        let options = options("--in-turn --algorithms nccl");
        let chosen = Chosen::new(&options).unwrap();
        for (dtype, op) in [
            (DType::BF16, ReduceOp::Sum),
            (DType::I1, ReduceOp::BAnd),
            (DType::C64, ReduceOp::Avg),
        ] {
            for world in 2..=8 {
                let case = Case::new(dtype, op, 1);
                let left = Kind::ALL
                    .iter()
                    .filter(|kind| !chosen.leaves_out(kind.name(), &case, world));
                assert_eq!(left.count(), 1);
                assert!(!chosen.leaves_out("nccl", &case, world));
                assert!(!chosen.leaves_out("symm", &case, world));
            }
        }
    }
}
