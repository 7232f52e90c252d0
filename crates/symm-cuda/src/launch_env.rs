// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What torchrun, mpirun and srun tell a process about its rank.
//!
//! | launcher | rank | ranks | rank on this host | job |
//! |---|---|---|---|---|
//! | torchrun, symm-run | `RANK` | `WORLD_SIZE` | `LOCAL_RANK` | `MASTER_ADDR`, `MASTER_PORT`, `TORCHELASTIC_RUN_ID` |
//! | mpirun (Open MPI) | `OMPI_COMM_WORLD_RANK` | `OMPI_COMM_WORLD_SIZE` | `OMPI_COMM_WORLD_LOCAL_RANK` | `PMIX_NAMESPACE`, else the port as above |
//! | srun | `SLURM_PROCID` | `SLURM_NTASKS` | `SLURM_LOCALID` | `SLURM_JOB_ID`, `SLURM_STEP_ID` |
//!
//! The first launcher of the table that has set its rank and its number of ranks counts. `SYMM_JOB_TOKEN`, if set, is the
//! job's secret and replaces the last column. Handles pass over a Unix socket, so all ranks must be on one host.

use crate::exchange::{JobToken, Membership};

/// Who started this process as a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Launcher {
    /// torchrun, symm-run, or anyone who sets the same variables.
    Torchrun,
    /// Open MPI's mpirun.
    OpenMpi,
    /// Slurm's srun.
    Slurm,
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
        "expected all {world} ranks on one host, got {local} here ({name}); symmetric memory reaches over NVLink only, so use NCCL across hosts"
    )]
    SeveralHosts {
        /// The variable that says so.
        name: &'static str,
        /// How many ranks are on this host.
        local: u32,
        /// How many there are.
        world: u32,
    },
}

/// The variables of one launcher.
struct Names {
    launcher: Launcher,
    rank: &'static str,
    world: &'static str,
    local_rank: &'static str,
    local_world: &'static str,
    /// What describes the job, if there is no secret.
    job: &'static [&'static str],
}

const LAUNCHERS: [Names; 3] = [
    Names {
        launcher: Launcher::Torchrun,
        rank: "RANK",
        world: "WORLD_SIZE",
        local_rank: "LOCAL_RANK",
        local_world: "LOCAL_WORLD_SIZE",
        job: &["MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"],
    },
    Names {
        launcher: Launcher::OpenMpi,
        rank: "OMPI_COMM_WORLD_RANK",
        world: "OMPI_COMM_WORLD_SIZE",
        local_rank: "OMPI_COMM_WORLD_LOCAL_RANK",
        local_world: "OMPI_COMM_WORLD_LOCAL_SIZE",
        job: &["PMIX_NAMESPACE", "MASTER_ADDR", "MASTER_PORT"],
    },
    Names {
        launcher: Launcher::Slurm,
        rank: "SLURM_PROCID",
        world: "SLURM_NTASKS",
        local_rank: "SLURM_LOCALID",
        local_world: "SLURM_NTASKS_PER_NODE",
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

    /// Reads variables through `lookup`; `None` if no launcher has set any.
    ///
    /// # Errors
    ///
    /// [`LaunchEnvError`] as for [`LaunchEnv::from_process`].
    pub fn from_lookup(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, LaunchEnvError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let launcher = LAUNCHERS.iter().find(|names| lookup(names.rank).is_some());
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
    let below = |name, value, limit| {
        if value < limit {
            Ok(())
        } else {
            Err(LaunchEnvError::OutOfRange { name, value, limit })
        }
    };
    below(names.rank, rank, world)?;
    let local = number(names.local_world)?.unwrap_or(world);
    if local < world {
        return Err(LaunchEnvError::SeveralHosts {
            name: names.local_world,
            local,
            world,
        });
    }
    if number("SLURM_NNODES")?.is_some_and(|nodes| nodes > 1) && names.launcher == Launcher::Slurm {
        return Err(LaunchEnvError::SeveralHosts {
            name: "SLURM_NNODES",
            local,
            world,
        });
    }
    let local_rank = number(names.local_rank)?.unwrap_or(rank);
    below(names.local_rank, local_rank, local)?;
    Ok(LaunchEnv {
        launcher: names.launcher,
        rank,
        world,
        local_rank,
        token: token(names, lookup),
    })
}

/// Makes the token of the job's secret, or else of what the launcher says about the job.
fn token(names: &Names, lookup: &impl Fn(&str) -> Option<String>) -> JobToken {
    if let Some(secret) = lookup("SYMM_JOB_TOKEN") {
        return JobToken::new(secret.as_bytes());
    }
    let known = names
        .job
        .iter()
        .filter_map(|name| lookup(name).map(|value| format!("{name}={value}\n")));
    JobToken::new(known.collect::<String>().as_bytes())
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
        let mpirun = "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2";
        assert_eq!(place(mpirun), (Launcher::OpenMpi, 1, 2, 1));
        let srun = "SLURM_PROCID=5 SLURM_NTASKS=8 SLURM_LOCALID=5 SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_NNODES=1";
        assert_eq!(place(srun), (Launcher::Slurm, 5, 8, 5));
        assert!(parse("MASTER_PORT=29500 SLURM_JOB_ID=3").unwrap().is_none());
        assert!(parse("").unwrap().is_none());
    }

    #[test]
    fn torchrun_under_srun_is_torchrun() {
        let both = "SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_JOB_ID=7 RANK=2 WORLD_SIZE=4 LOCAL_RANK=2";
        assert_eq!(place(both), (Launcher::Torchrun, 2, 4, 2));
        let launched = "SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_NNODES=2 RANK=0 WORLD_SIZE=2";
        assert_eq!(place(launched), (Launcher::Torchrun, 0, 2, 0));
    }

    #[test]
    fn contradictions_are_named() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert!(error("RANK=0").contains("expected WORLD_SIZE beside RANK"));
        assert!(error("RANK=x WORLD_SIZE=2").contains("expected a number in RANK, got 'x'"));
        assert!(error("RANK=2 WORLD_SIZE=2").contains("expected RANK below 2, got 2"));
        assert!(error("RANK=-1 WORLD_SIZE=2").contains("got '-1'"));
        assert!(error("RANK=0 WORLD_SIZE=4 LOCAL_RANK=4").contains("expected LOCAL_RANK below 4"));
        assert!(
            error("RANK=0 WORLD_SIZE=8 LOCAL_WORLD_SIZE=4")
                .contains("expected all 8 ranks on one host, got 4 here")
        );
        assert!(error("SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_NNODES=2").contains("SLURM_NNODES"));
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
