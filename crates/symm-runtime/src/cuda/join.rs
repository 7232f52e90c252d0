// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How ranks on GPUs find each other: by a secret that their host drew, or by what a launcher says.

use super::Config;
use crate::{Error, Failure, Rank, World, WorldSpec, world::WeakWorld};
use std::{
    os::fd::OwnedFd,
    thread,
    time::{Duration, Instant},
};
use symm_cuda::{
    exchange::{Exchange, ExchangeError, JobToken, Membership},
    launch_env::LaunchEnv,
};

/// Meets the other members of a group, as `me` of `size`.
///
/// # Errors
/// When a member does not come within the time-out, or is none of this run.
pub(super) fn local_exchange(
    config: &Config,
    group: u32,
    (me, size): (u32, u32),
    timeout: Duration,
) -> Result<Exchange, ExchangeError> {
    // Groups of one run keep apart as runs do.
    let secret = [&config.secret[..], &group.to_le_bytes()].concat();
    let member = Membership::new(me, size, JobToken::new(&secret));
    Exchange::join(&member, timeout)
}

/// Time that a rank which left has to say why, itself or through its host.
const EXPLANATION: Duration = Duration::from_secs(1);

/// Records why a rank could not join the group of these ranks. To be done before the rank's end of the exchange is gone, which
/// the others take for the failure.
pub(super) fn settle(rank: &Rank, members: &[u32], error: Error) -> Error {
    let error = match error {
        Error::Cuda(error) => Error::Cuda(error.among(members)),
        other => other,
    };
    let left = |error: &Error| {
        use symm_cuda::Error::Exchange;
        matches!(error, Error::Cuda(Exchange(ExchangeError::Left { .. })))
    };
    if left(&error) {
        let begin = Instant::now();
        while begin.elapsed() < EXPLANATION {
            if rank.has_failed() {
                return Error::Aborted;
            }
            thread::sleep(EXPLANATION / 100);
        }
    }
    rank.fail(Failure::RankError {
        rank: rank.number(),
        message: error.to_string(),
    });
    error
}

/// This process's part in a run that torchrun, mpirun or srun started.
#[derive(Debug)]
pub struct Joined {
    /// The world of all ranks, made by rank 0.
    pub world: World,
    /// What rank 0 decided.
    pub config: Config,
    /// This process's rank.
    pub number: u32,
    /// Which of the host's GPUs is its own.
    pub local_rank: u32,
}

impl Joined {
    /// Meets the other ranks; `spec` and `config` are those of rank 0 then, except for what is this process's own.
    ///
    /// # Errors
    /// When a rank does not come within the time-out, or the world can't be had.
    pub fn new(env: &LaunchEnv, spec: WorldSpec, config: Config) -> Result<Self, Error> {
        let timeout = spec.timeout;
        let mut exchange =
            Exchange::join(&env.membership(), timeout).map_err(symm_cuda::Error::from)?;
        let first = (env.rank == 0).then(|| World::create(spec)).transpose()?;
        let (bytes, files) = match &first {
            Some(world) => {
                let decided = serde_json::to_vec(&(world.spec(), &config));
                (
                    decided
                        .map_err(std::io::Error::from)
                        .map_err(Error::Control)?,
                    world.files(),
                )
            }
            None => (Vec::new(), Vec::new()),
        };
        let shares = exchange
            .all_gather("join the world", &bytes, &files)
            .map_err(symm_cuda::Error::from)?;
        let world = match (first, shares.into_iter().next()) {
            (Some(world), _) => (world, config),
            (None, Some(share)) => Self::follow(&share.bytes, share.fds, env.rank)?,
            (None, None) => return Err(Error::Aborted),
        };
        watch(world.0.downgrade(), exchange);
        Ok(Self {
            world: world.0,
            config: world.1,
            number: env.rank,
            local_rank: env.local_rank,
        })
    }

    /// Takes part in what rank 0 made.
    fn follow(bytes: &[u8], files: Vec<OwnedFd>, rank: u32) -> Result<(World, Config), Error> {
        let (spec, config): (WorldSpec, Config) = serde_json::from_slice(bytes)
            .map_err(std::io::Error::from)
            .map_err(Error::Control)?;
        Ok((World::join(spec, files, rank)?, config))
    }

    /// Takes this process's rank; to be done once.
    pub fn rank(&self) -> Rank {
        self.world.rank(self.number)
    }
}

/// How often the other processes are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Time that a rank has, beyond the time-out, to say itself what it waited for in vain.
const GRACE: Duration = Duration::from_secs(1);

/// Looks after the processes of the other ranks for as long as the world is kept: one that ends before its rank is done is a
/// failure, also where nobody's wait is bounded, as in NCCL.
///
/// Kernels that wait for the rank know more of it, so they have the time to run into their bound first.
fn watch(world: WeakWorld, exchange: Exchange) {
    let look = move || {
        let mut since: Vec<Option<Instant>> = vec![None; exchange.world() as usize];
        while let Some(world) = world.upgrade().filter(|world| !world.has_failed()) {
            for rank in exchange.gone() {
                let since = since[rank as usize].get_or_insert_with(Instant::now);
                let bound = world.spec().timeout.saturating_add(GRACE);
                if since.elapsed() > bound && !world.has_finished(rank) {
                    world.fail(Failure::RankDied {
                        rank,
                        how: "its process has ended".into(),
                    });
                }
            }
            drop(world);
            thread::sleep(LOOK);
        }
    };
    // Without the thread, waits that have a bound still end.
    if let Err(error) = thread::Builder::new().name("peers".into()).spawn(look) {
        tracing::warn!(%error, "nobody looks after the other processes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::create(WorldSpec {
            size: 2,
            groups: Vec::new(),
            timeout: Duration::from_secs(1),
            plan_hash: String::new(),
            host_heaps: false,
        })
        .unwrap()
    }

    fn left() -> Error {
        let (rank, step) = (1, "exchange the heap".into());
        symm_cuda::Error::from(ExchangeError::Left { rank, step }).into()
    }

    #[test]
    fn a_rank_that_left_may_say_why() {
        let world = world();
        let (rank, other) = (world.rank(0), world.clone());
        let cause = Failure::HostMemory { rank: 1, bytes: 7 };
        let late = cause.clone();
        let other = thread::spawn(move || {
            thread::sleep(EXPLANATION / 5);
            other.fail(late);
        });
        assert!(matches!(settle(&rank, &[0, 1], left()), Error::Aborted));
        other.join().unwrap();
        assert_eq!(world.report().unwrap().failure, cause);
    }

    #[test]
    fn a_rank_that_left_in_silence_is_named() {
        let world = world();
        let error = settle(&world.rank(0), &[0, 5], left());
        assert!(error.to_string().contains("rank 5 left"), "{error}");
        let message = error.to_string();
        let expected = Failure::RankError { rank: 0, message };
        assert_eq!(world.report().unwrap().failure, expected);
    }
}
