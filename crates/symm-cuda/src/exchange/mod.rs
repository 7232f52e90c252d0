// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! File descriptors and bytes passed between the ranks of one host, open to this user and this job only.
//!
//! Rank 0 listens on a Unix socket in a folder that nobody else can enter. A connection is taken in if the kernel says
//! that it comes from the same user and if it presents the job's token; any other is dropped and logged, and cannot delay
//! the job. The other ranks ask the same of rank 0. From then on the ranks go through rounds of
//! [`all_gather`](Exchange::all_gather), each bounded by the timeout: a rank that is late, gone or at another step gives
//! the same error on every rank, naming it.
//!
//! ```
//! use std::{os::fd::AsFd, time::Duration};
//! use symm_cuda::exchange::{Exchange, JobToken, Membership};
//!
//! let folder = std::env::temp_dir().join(format!("symm-doc-{}", std::process::id()));
//! let rank = |rank| {
//!     let socket = folder.join("doc.sock");
//!     std::thread::spawn(move || {
//!         let member = Membership { rank, world: 2, token: JobToken::new(b"doc"), socket };
//!         let mut exchange = Exchange::join(&member, Duration::from_secs(10)).unwrap();
//!         let file = std::fs::File::open("/dev/null").unwrap();
//!         let shares = exchange.all_gather("greet", &[rank as u8], &[file.as_fd()]).unwrap();
//!         shares.iter().map(|share| share.bytes[0]).collect::<Vec<_>>()
//!     })
//! };
//! let (a, b) = (rank(0), rank(1));
//! assert_eq!(a.join().unwrap(), [0, 1]);
//! assert_eq!(b.join().unwrap(), [0, 1]);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! ```

mod abort;
mod error;
mod folder;
mod listener;
mod round;
mod token;
mod visitor;
mod wire;

pub use error::ExchangeError;
pub use token::JobToken;

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    time::{Duration, Instant},
};

use listener::Listener;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wire::{Kind, Message};

/// How much longer than its own bound a rank listens for rank 0's word about who was missing.
const GRACE: Duration = Duration::from_secs(1);
/// How long rank 0 spends on telling each rank why a step failed.
const FAREWELL: Duration = Duration::from_millis(100);

/// A rank's place in a job, and where the job meets.
#[derive(Clone, Debug)]
pub struct Membership {
    /// This rank, from 0.
    pub rank: u32,
    /// How many ranks the job has.
    pub world: u32,
    /// What only the ranks of the job know.
    pub token: JobToken,
    /// The socket of rank 0; its folder is made if missing and must be this user's alone.
    pub socket: PathBuf,
}

impl Membership {
    /// Returns the membership of `rank` in the job of `token`, meeting at the job's place in this user's socket folder.
    pub fn new(rank: u32, world: u32, token: JobToken) -> Self {
        let socket = folder::socket_path(&token);
        Self {
            rank,
            world,
            token,
            socket,
        }
    }
}

/// What one rank gave to a round.
#[derive(Debug)]
pub struct Share {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its file descriptors, duplicated into this process; none in this rank's own share.
    pub fds: Vec<OwnedFd>,
}

/// Longest bound of a wait, a century: whatever clock a wait is timed by can count on to its end.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The connection of one rank to all ranks of its job on this host.
#[derive(Debug)]
pub struct Exchange {
    rank: u32,
    world: u32,
    timeout: Duration,
    round: u32,
    links: Links,
}

/// Whom this rank talks to.
#[derive(Debug)]
enum Links {
    /// Rank 0: rank r at index r − 1.
    Hub(Vec<OwnedFd>),
    /// Any other rank: rank 0.
    Spoke(OwnedFd),
    /// Nobody: a step has failed, and the ranks may be at different rounds.
    Broken,
}

impl Exchange {
    /// Meets the other ranks of the job, waiting for them at most `timeout`, which also bounds every later round.
    ///
    /// # Errors
    ///
    /// An [`ExchangeError`] that names the ranks that did not come, or what is wrong with the place to meet.
    pub fn join(member: &Membership, timeout: Duration) -> Result<Self, ExchangeError> {
        if member.rank >= member.world {
            let expected = format!("a rank below {}", member.world);
            return Err(ExchangeError::Disagree {
                rank: member.rank,
                expected,
                got: format!("rank {}", member.rank),
            });
        }
        let timeout = timeout.min(LONGEST);
        let deadline = Instant::now() + timeout;
        let links = match (member.rank, member.world) {
            (0, 1) => Links::Hub(Vec::new()),
            (0, _) => Links::Hub(welcome(member, deadline)?),
            _ => Links::Spoke(visitor::join(&member.socket, member, deadline)?),
        };
        Ok(Self {
            rank: member.rank,
            world: member.world,
            timeout,
            round: 0,
            links,
        })
    }

    /// Gives `bytes` and `fds` to every rank and returns what every rank gave, by rank.
    ///
    /// `step` names the round in errors; ranks at different steps are told so.
    ///
    /// # Errors
    ///
    /// An [`ExchangeError`], the same on every rank that is still there; afterwards every round fails.
    pub fn all_gather(
        &mut self,
        step: &str,
        bytes: &[u8],
        fds: &[BorrowedFd<'_>],
    ) -> Result<Vec<Share>, ExchangeError> {
        let done = round::run(self, step, bytes, fds);
        match &done {
            Ok(_) => self.round += 1,
            Err(_) => self.links = Links::Broken,
        }
        done
    }

    /// Waits until every rank has come to `step`.
    ///
    /// # Errors
    ///
    /// Those of [`Exchange::all_gather`].
    pub fn barrier(&mut self, step: &str) -> Result<(), ExchangeError> {
        self.all_gather(step, &[], &[]).map(|_| ())
    }

    /// Returns the ranks whose ends of this rank's connections are closed: their processes have ended, or they have dropped
    /// the exchange. Rank 0 sees every rank, the others see rank 0.
    pub fn gone(&self) -> Vec<u32> {
        let (first, sockets) = match &self.links {
            Links::Hub(sockets) => (1, &sockets[..]),
            Links::Spoke(socket) => (0, std::slice::from_ref(socket)),
            Links::Broken => (0, &[][..]),
        };
        let is_closed = |socket: &OwnedFd| {
            let mut polled = [PollFd::new(socket, PollFlags::RDHUP)];
            let found = poll(&mut polled, Some(&Timespec::default()));
            let closed = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
            found.is_ok() && polled[0].revents().intersects(closed)
        };
        let ranks = (first..).zip(sockets);
        ranks
            .filter(|(_, socket)| is_closed(socket))
            .map(|(rank, _)| rank)
            .collect()
    }

    /// Returns this rank.
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// Returns the number of ranks.
    pub fn world(&self) -> u32 {
        self.world
    }
}

/// Rank 0's way in: gathers everyone, then welcomes everyone, so that nobody goes on alone.
fn welcome(member: &Membership, deadline: Instant) -> Result<Vec<OwnedFd>, ExchangeError> {
    let listener = Listener::bind(&member.socket)?;
    let sockets = listener.gather(member, deadline)?;
    for (index, socket) in sockets.iter().enumerate() {
        let message = Message::new(Kind::Welcome, 0, member.world, 0, member.token.bytes());
        let left = |_| ExchangeError::Left {
            rank: index as u32 + 1,
            step: "join".into(),
        };
        message.send(socket, deadline + GRACE).map_err(left)?;
    }
    Ok(sockets)
}

/// Asks the kernel whether the other end of `socket` belongs to our user; the error says whose it is.
fn check_user(socket: &OwnedFd) -> Result<(), String> {
    let peer = rustix::net::sockopt::socket_peercred(socket.as_fd())
        .map_err(|e| format!("no credentials: {e}"))?;
    let (theirs, ours) = (peer.uid.as_raw(), rustix::process::geteuid().as_raw());
    if theirs == ours {
        Ok(())
    } else {
        Err(format!("it belongs to user {theirs}, expected {ours}"))
    }
}
