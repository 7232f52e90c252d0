// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What torchrun, mpirun and srun tell a process about its rank.
//!
//! | launcher | rank | ranks | rank on this host | job |
//! |---|---|---|---|---|
//! | torchrun | `RANK` | `WORLD_SIZE` | `LOCAL_RANK` | `MASTER_PORT`, `TORCHELASTIC_RUN_ID` |
//! | mpirun (Open MPI) | `OMPI_COMM_WORLD_RANK` | `OMPI_COMM_WORLD_SIZE` | `OMPI_COMM_WORLD_LOCAL_RANK` | `PMIX_NAMESPACE`, `OMPI_MCA_ess_base_jobid`, `MASTER_PORT` |
//! | srun | `SLURM_PROCID` | `SLURM_STEP_NUM_TASKS` | `SLURM_LOCALID` | `SLURM_JOB_ID`, `SLURM_STEP_ID` |
//!
//! The first launcher of the table that has set its rank counts. `SYMM_JOB_TOKEN`, if set, is the job's secret and replaces the
//! last column; without either, two jobs of a user could not be told apart, so several ranks are refused. Handles pass over a
//! Unix socket, so all ranks must be on one host.
//!
//! Slurm sets `SLURM_PROCID` and `SLURM_NTASKS` in batch scripts, too, where one process runs, however many ranks are to come:
//! only in a step, which srun starts, are there that many processes, and `SLURM_STEP_NUM_TASKS` says how many. The shell of an
//! allocation may be a step of one task.

use crate::exchange::{JobToken, Membership};

/// Who started this process as a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Launcher {
    /// torchrun, or anyone who sets the same variables.
    Torchrun,
    /// Open MPI's mpirun.
    OpenMpi,
    /// Slurm's srun.
    Slurm,
}

impl Launcher {
    /// Returns the name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Torchrun => "torchrun",
            Self::OpenMpi => "mpirun",
            Self::Slurm => "srun",
        }
    }
}

/// This process's place among the ranks that a launcher started.
#[derive(Clone, Debug)]
pub struct LaunchEnv {
    /// Who started it.
    pub launcher: Launcher,
    /// Its rank, from 0.
    pub rank: u32,
    /// The number of ranks.
    pub world: u32,
    /// Its rank among those of this host, which chooses its GPU.
    pub local_rank: u32,
    /// What the ranks of the job know each other by.
    pub token: JobToken,
}

/// What is wrong with a launcher's variables.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchEnvError {
    /// Nothing tells the ranks of this job from those of another one.
    #[error(
        "expected {} beside {present}, got nothing that tells this job from others of the same user; set SYMM_JOB_TOKEN to a secret that all ranks of the job share",
        expected.join(" or ")
    )]
    Anonymous {
        /// The variable with the rank.
        present: &'static str,
        /// Variables that tell jobs apart.
        expected: &'static [&'static str],
    },
    /// Some of a launcher's variables are set, others are not.
    #[error(
        "expected {missing} beside {present}, got nothing; start the ranks through torchrun, mpirun or srun, or unset {present}"
    )]
    Incomplete {
        /// A variable that is set.
        present: &'static str,
        /// One that has to go with it.
        missing: &'static str,
    },
    /// A variable is no number.
    #[error("expected a number in {name}, got '{value}'")]
    NoNumber {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// There are no ranks.
    #[error("expected at least one rank, got {name}=0")]
    NoRanks {
        /// The variable.
        name: &'static str,
    },
    /// A rank is not below the number of ranks.
    #[error("expected {name} below {limit}, got {value}")]
    OutOfRange {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: u32,
        /// What it should be below.
        limit: u32,
    },
    /// The ranks are on several hosts.
    #[error(
        "expected all {world} ranks on one host, got {name}={value}; symmetric memory reaches over NVLink only, so use NCCL across hosts"
    )]
    SeveralHosts {
        /// The variable that says so.
        name: &'static str,
        /// How many ranks are on this host, or how many hosts there are.
        value: u32,
        /// How many ranks there are.
        world: u32,
    },
}

/// The variables of one launcher.
struct Names {
    launcher: Launcher,
    rank: &'static str,
    world: &'static str,
    local_rank: &'static str,
    /// How many ranks this host has.
    local_world: Option<&'static str>,
    /// How many hosts there are.
    hosts: Option<&'static str>,
    /// What tells jobs apart, if there is no secret.
    job: &'static [&'static str],
}

const LAUNCHERS: [Names; 3] = [
    Names {
        launcher: Launcher::Torchrun,
        rank: "RANK",
        world: "WORLD_SIZE",
        local_rank: "LOCAL_RANK",
        local_world: Some("LOCAL_WORLD_SIZE"),
        hosts: None,
        job: &["MASTER_PORT", "TORCHELASTIC_RUN_ID"],
    },
    Names {
        launcher: Launcher::OpenMpi,
        rank: "OMPI_COMM_WORLD_RANK",
        world: "OMPI_COMM_WORLD_SIZE",
        local_rank: "OMPI_COMM_WORLD_LOCAL_RANK",
        local_world: Some("OMPI_COMM_WORLD_LOCAL_SIZE"),
        hosts: None,
        job: &["PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "MASTER_PORT"],
    },
    Names {
        launcher: Launcher::Slurm,
        rank: "SLURM_PROCID",
        world: "SLURM_STEP_NUM_TASKS",
        local_rank: "SLURM_LOCALID",
        local_world: None,
        hosts: Some("SLURM_STEP_NUM_NODES"),
        job: &["SLURM_JOB_ID", "SLURM_STEP_ID"],
    },
];

impl LaunchEnv {
    /// Reads this process's variables; `None` if no launcher started it.
    ///
    /// # Errors
    ///
    /// [`LaunchEnvError`] if the variables contradict each other or name ranks on other hosts.
    pub fn from_process() -> Result<Option<Self>, LaunchEnvError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads this process's variables for a program that can start ranks itself: `None` also if a launcher started this process
    /// alone, as the shell of an allocation may be, since then there is nobody to join.
    ///
    /// # Errors
    ///
    /// [`LaunchEnvError`] as for [`LaunchEnv::from_process`].
    pub fn with_peers() -> Result<Option<Self>, LaunchEnvError> {
        Ok(Self::from_process()?.filter(|env| env.world > 1))
    }

    /// Reads variables through `lookup`; `None` if no launcher has set any.
    ///
    /// # Errors
    ///
    /// [`LaunchEnvError`] as for [`LaunchEnv::from_process`].
    pub fn from_lookup(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, LaunchEnvError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let started = |names: &&Names| {
            // A batch script has a rank, too.
            let in_step = || lookup(names.world).is_some();
            lookup(names.rank).is_some() && (names.launcher != Launcher::Slurm || in_step())
        };
        let launcher = LAUNCHERS.iter().find(started);
        launcher.map(|names| read(names, &lookup)).transpose()
    }

    /// Returns where and as whom this rank meets the others.
    pub fn membership(&self) -> Membership {
        Membership::new(self.rank, self.world, self.token.clone())
    }
}

fn read(
    names: &Names,
    lookup: &impl Fn(&str) -> Option<String>,
) -> Result<LaunchEnv, LaunchEnvError> {
    let number = |name: &'static str| match lookup(name) {
        None => Ok(None),
        Some(value) => match value.trim().parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(LaunchEnvError::NoNumber { name, value }),
        },
    };
    let needed = |name| {
        let missing = LaunchEnvError::Incomplete {
            present: names.rank,
            missing: name,
        };
        number(name)?.ok_or(missing)
    };
    let (rank, world) = (needed(names.rank)?, needed(names.world)?);
    if world == 0 {
        return Err(LaunchEnvError::NoRanks { name: names.world });
    }
    let below = |name, value, limit| {
        if value < limit {
            Ok(())
        } else {
            Err(LaunchEnvError::OutOfRange { name, value, limit })
        }
    };
    below(names.rank, rank, world)?;
    let given = |name: Option<&'static str>| -> Result<_, LaunchEnvError> {
        let value = name.map(number).transpose()?.flatten();
        Ok(name.zip(value))
    };
    let (local, hosts) = (given(names.local_world)?, given(names.hosts)?);
    let elsewhere = [
        local.filter(|&(_, local)| local < world),
        hosts.filter(|&(_, hosts)| hosts > 1),
    ];
    if let Some((name, value)) = elsewhere.into_iter().flatten().next() {
        return Err(LaunchEnvError::SeveralHosts { name, value, world });
    }
    let local = local.map_or(world, |(_, local)| local);
    let local_rank = number(names.local_rank)?.unwrap_or(rank);
    below(names.local_rank, local_rank, local)?;
    Ok(LaunchEnv {
        launcher: names.launcher,
        rank,
        world,
        local_rank,
        token: token(names, world, lookup)?,
    })
}

/// Makes the token of the job's secret, or else of what tells the job apart.
fn token(
    names: &Names,
    world: u32,
    lookup: &impl Fn(&str) -> Option<String>,
) -> Result<JobToken, LaunchEnvError> {
    if let Some(secret) = lookup("SYMM_JOB_TOKEN") {
        return Ok(JobToken::new(secret.as_bytes()));
    }
    let known = names
        .job
        .iter()
        .filter_map(|name| lookup(name).map(|value| format!("{name}={value}\n")));
    let known: String = known.collect();
    // A single rank meets nobody.
    if known.is_empty() && world > 1 {
        return Err(LaunchEnvError::Anonymous {
            present: names.rank,
            expected: names.job,
        });
    }
    Ok(JobToken::new(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<LaunchEnv>, LaunchEnvError> {
        let variables: Vec<(&str, &str)> = text
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .collect();
        LaunchEnv::from_lookup(|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.to_string())
        })
    }

    fn place(text: &str) -> (Launcher, u32, u32, u32) {
        let env = parse(text).unwrap().unwrap();
        (env.launcher, env.rank, env.world, env.local_rank)
    }

    #[test]
    fn each_launcher_is_understood() {
        let torchrun = "RANK=3 WORLD_SIZE=4 LOCAL_RANK=3 LOCAL_WORLD_SIZE=4 MASTER_ADDR=localhost MASTER_PORT=29500";
        assert_eq!(place(torchrun), (Launcher::Torchrun, 3, 4, 3));
        let mpirun = "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_NAMESPACE=7@1";
        assert_eq!(place(mpirun), (Launcher::OpenMpi, 1, 2, 1));
        let srun = "SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=8 SLURM_LOCALID=5 SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_STEP_NUM_NODES=1";
        assert_eq!(place(srun), (Launcher::Slurm, 5, 8, 5));
        assert!(parse("MASTER_PORT=29500 SLURM_JOB_ID=3").unwrap().is_none());
        assert!(parse("").unwrap().is_none());
    }

    #[test]
    fn torchrun_under_srun_is_torchrun() {
        let both = "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_JOB_ID=7 RANK=2 WORLD_SIZE=4 LOCAL_RANK=2 MASTER_PORT=1";
        assert_eq!(place(both), (Launcher::Torchrun, 2, 4, 2));
        let launched = "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NUM_NODES=2 RANK=0 WORLD_SIZE=2 MASTER_PORT=1";
        assert_eq!(place(launched), (Launcher::Torchrun, 0, 2, 0));
    }

    #[test]
    fn a_batch_script_is_no_rank_of_its_job() {
        let script = "SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_LOCALID=0 SLURM_JOB_ID=7 SLURM_NNODES=2";
        assert!(parse(script).unwrap().is_none());
        // The shell of an allocation may be a step of one task, while the job's own variables are kept.
        let shell = format!(
            "{script} SLURM_STEP_ID=4294967290 SLURM_STEP_NUM_TASKS=1 SLURM_STEP_NUM_NODES=1"
        );
        assert_eq!(place(&shell), (Launcher::Slurm, 0, 1, 0));
    }

    #[test]
    fn a_job_like_any_other_is_refused() {
        for (rank, expected) in [
            (
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=localhost",
                "MASTER_PORT or TORCHELASTIC_RUN_ID beside RANK",
            ),
            (
                "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2",
                "PMIX_NAMESPACE or OMPI_MCA_ess_base_jobid or MASTER_PORT",
            ),
            (
                "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=2",
                "SLURM_JOB_ID or SLURM_STEP_ID beside SLURM_PROCID",
            ),
        ] {
            let error = parse(rank).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("SYMM_JOB_TOKEN"),
                "{error}"
            );
            parse(&format!("{rank} SYMM_JOB_TOKEN=s")).unwrap();
        }
        assert_eq!(place("RANK=0 WORLD_SIZE=1"), (Launcher::Torchrun, 0, 1, 0));
    }

    #[test]
    fn contradictions_are_named() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert!(error("RANK=0").contains("expected WORLD_SIZE beside RANK"));
        assert!(error("RANK=x WORLD_SIZE=2").contains("expected a number in RANK, got 'x'"));
        assert!(error("RANK=2 WORLD_SIZE=2").contains("expected RANK below 2, got 2"));
        assert!(error("RANK=0 WORLD_SIZE=0").contains("at least one rank, got WORLD_SIZE=0"));
        assert!(error("RANK=-1 WORLD_SIZE=2").contains("got '-1'"));
        assert!(error("RANK=0 WORLD_SIZE=4 LOCAL_RANK=4").contains("expected LOCAL_RANK below 4"));
        assert!(
            error("RANK=0 WORLD_SIZE=8 LOCAL_WORLD_SIZE=4")
                .contains("expected all 8 ranks on one host, got LOCAL_WORLD_SIZE=4")
        );
        assert!(
            error("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=8 SLURM_STEP_NUM_NODES=2")
                .contains("got SLURM_STEP_NUM_NODES=2")
        );
    }

    #[test]
    fn ranks_of_one_job_meet_and_jobs_keep_apart() {
        let socket = |text: &str| parse(text).unwrap().unwrap().membership().socket;
        let job = |rank: u32, port: u32| {
            socket(&format!(
                "RANK={rank} WORLD_SIZE=2 LOCAL_RANK={rank} MASTER_ADDR=localhost MASTER_PORT={port}"
            ))
        };
        assert_eq!(job(0, 29500), job(1, 29500));
        assert_ne!(job(0, 29500), job(0, 29501));
        let secret = |rank: u32, secret: &str| {
            socket(&format!(
                "RANK={rank} WORLD_SIZE=2 MASTER_PORT={rank} SYMM_JOB_TOKEN={secret}"
            ))
        };
        assert_eq!(secret(0, "s"), secret(1, "s"));
        assert_ne!(secret(0, "s"), secret(0, "t"));
    }
}
