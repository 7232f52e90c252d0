// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Rank 0's end: a socket in the private folder, open until every rank of the job has presented itself.

use std::{
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags},
    fs::FlockOperation,
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};
use tracing::{debug, warn};

use super::{
    FAREWELL, Membership,
    error::ExchangeError,
    folder,
    wire::{self, Kind, Message, WireError},
};

/// How long a connection may stay silent before it is taken for a stranger's.
const HELLO_BOUND: Duration = Duration::from_secs(2);
/// How many connections may be undecided at once; more are turned away.
const MAX_UNDECIDED: usize = 64;

/// A listening socket, its name and the lock that makes the name ours; all go when dropped.
pub(super) struct Listener {
    socket: OwnedFd,
    path: PathBuf,
    lock: Lock,
}

impl Listener {
    /// Listens at `path`, in a folder that is checked to be this user's alone.
    pub fn bind(path: &Path) -> Result<Self, ExchangeError> {
        folder::prepare(path.parent().unwrap_or(Path::new("/")))?;
        let failed = |call| move |error: Errno| os_error(call, path, error);
        let address = SocketAddrUnix::new(path).map_err(|_| ExchangeError::LongPath {
            path: path.to_owned(),
        })?;
        let lock = Lock::take(path)?;
        // We hold the lock, so a socket that is still there belongs to a job that died.
        let _ = fs::remove_file(path);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
                .map_err(failed("socket"))?;
        rustix::net::bind(&socket, &address).map_err(|error| ExchangeError::Place {
            call: "bind",
            path: path.to_owned(),
            source: error.into(),
        })?;
        rustix::net::listen(&socket, MAX_UNDECIDED as i32).map_err(failed("listen"))?;
        Ok(Self {
            socket,
            path: path.to_owned(),
            lock,
        })
    }

    /// Waits until ranks 1 to `world − 1` have presented themselves and returns their sockets in that order.
    pub fn gather(
        &self,
        member: &Membership,
        deadline: Instant,
    ) -> Result<Vec<OwnedFd>, ExchangeError> {
        let mut door = Door {
            member,
            joined: (1..member.world).map(|_| None).collect(),
            undecided: Vec::new(),
        };
        let done = self.fill(&mut door, deadline);
        if let Err(error) = &done {
            door.joined
                .iter()
                .flatten()
                .for_each(|socket| farewell(socket, member.world, error));
        }
        done.map(|()| door.joined.into_iter().flatten().collect())
    }

    fn fill(&self, door: &mut Door<'_>, deadline: Instant) -> Result<(), ExchangeError> {
        let begun = Instant::now();
        while !door.missing().is_empty() {
            match wire::poll(
                &mut door.sockets(&self.socket),
                door.next_bound().min(deadline),
            ) {
                Ok(()) | Err(WireError::Late) => {}
                Err(error) => return Err(self.os(error)),
            }
            self.accept(door)?;
            door.hear()?;
            door.check_alive()?;
            if Instant::now() >= deadline && !door.missing().is_empty() {
                return Err(ExchangeError::Missing {
                    ranks: door.missing(),
                    step: "join".into(),
                    waited: begun.elapsed(),
                });
            }
        }
        Ok(())
    }

    /// Takes every waiting connection of our user in; strangers are dropped here.
    fn accept(&self, door: &mut Door<'_>) -> Result<(), ExchangeError> {
        loop {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match rustix::net::accept_with(&self.socket, flags) {
                Ok(socket) => door.enter(socket),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(error) => return Err(os_error("accept", &self.path, error)),
            }
        }
    }

    fn os(&self, error: WireError) -> ExchangeError {
        let code = if let WireError::Os(code) = error {
            code
        } else {
            Errno::IO
        };
        os_error("poll", &self.path, code)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        self.lock.release();
    }
}

/// The connections that have come so far.
struct Door<'a> {
    member: &'a Membership,
    /// Rank r at index r − 1.
    joined: Vec<Option<OwnedFd>>,
    /// Connections that have not said who they are, and until when they may.
    undecided: Vec<(OwnedFd, Instant)>,
}

impl Door<'_> {
    fn missing(&self) -> Vec<u32> {
        (1..self.member.world)
            .filter(|rank| self.joined[*rank as usize - 1].is_none())
            .collect()
    }

    fn next_bound(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        self.undecided
            .iter()
            .map(|(_, until)| *until)
            .fold(far, Instant::min)
    }

    /// Everything worth waking up for: new connections, words of undecided ones, the end of joined ones.
    fn sockets<'s>(&'s self, listening: &'s OwnedFd) -> Vec<PollFd<'s>> {
        let mut out = vec![PollFd::new(listening, PollFlags::IN)];
        out.extend(
            self.undecided
                .iter()
                .map(|(socket, _)| PollFd::new(socket, PollFlags::IN)),
        );
        out.extend(
            self.joined
                .iter()
                .flatten()
                .map(|socket| PollFd::new(socket, PollFlags::IN)),
        );
        out
    }

    /// Lets a connection in if it comes from our user.
    fn enter(&mut self, socket: OwnedFd) {
        match super::check_user(&socket) {
            Err(why) => warn!(why, "dropped a stranger's connection"),
            Ok(()) if self.undecided.len() >= MAX_UNDECIDED => {
                warn!("dropped a connection: too many are undecided")
            }
            Ok(()) => self.undecided.push((socket, Instant::now() + HELLO_BOUND)),
        }
    }

    /// Listens to the undecided and lets in those that know the token.
    fn hear(&mut self) -> Result<(), ExchangeError> {
        let now = Instant::now();
        for (socket, until) in std::mem::take(&mut self.undecided) {
            match wire::try_receive(socket.as_fd()) {
                Ok(Some(hello)) => self.judge(socket, &hello)?,
                Ok(None) if now < until => self.undecided.push((socket, until)),
                Ok(None) => warn!("dropped a stranger's connection: it did not say who it is"),
                Err(WireError::Gone) => debug!("a connection left before it said who it is"),
                Err(error) => warn!(
                    ?error,
                    "dropped a stranger's connection: it does not speak the protocol"
                ),
            }
        }
        Ok(())
    }

    /// Decides about a connection that has spoken. Whoever knows the token is one of us, so its mistakes are the job's.
    fn judge(&mut self, socket: OwnedFd, hello: &Message) -> Result<(), ExchangeError> {
        let known = hello
            .bytes
            .as_slice()
            .try_into()
            .is_ok_and(|bytes| self.member.token.matches(bytes));
        if hello.kind != Kind::Hello || !known {
            warn!("dropped a stranger's connection: it does not know the job's token");
            return Ok(());
        }
        if let Err(error) = self.check_place(hello) {
            farewell(&socket, self.member.world, &error);
            return Err(error);
        }
        debug!(rank = hello.rank, "a rank joined");
        self.joined[hello.rank as usize - 1] = Some(socket);
        Ok(())
    }

    /// Checks that a rank of ours belongs to a group of this size and is not there yet.
    fn check_place(&self, hello: &Message) -> Result<(), ExchangeError> {
        let world = self.member.world;
        let differs = |expected, got| {
            Err(ExchangeError::Disagree {
                rank: hello.rank,
                expected,
                got,
            })
        };
        if hello.world != world {
            return differs(
                format!("a group of {world} ranks"),
                format!("a group of {}", hello.world),
            );
        }
        match self.joined.get((hello.rank as usize).wrapping_sub(1)) {
            Some(None) => Ok(()),
            Some(Some(_)) => differs("one process".into(), "a second one of the same rank".into()),
            None => differs(
                format!("a rank from 1 to {}", world - 1),
                format!("rank {}", hello.rank),
            ),
        }
    }

    /// Fails if a rank that had joined is gone; nothing but its end makes a joined socket readable now.
    fn check_alive(&self) -> Result<(), ExchangeError> {
        for (index, socket) in self.joined.iter().enumerate() {
            let Some(socket) = socket else { continue };
            let rank = index as u32 + 1;
            match wire::try_receive(socket.as_fd()) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    return Err(ExchangeError::Malformed {
                        rank,
                        reason: "words before the welcome",
                    });
                }
                Err(_) => {
                    return Err(ExchangeError::Left {
                        rank,
                        step: "join".into(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// Tells a rank why nobody will be welcomed.
fn farewell(socket: &OwnedFd, world: u32, error: &ExchangeError) {
    let reason = super::abort::encode(error);
    let _ = Message::new(Kind::Abort, 0, world, 0, &reason).send(socket, Instant::now() + FAREWELL);
}

/// An exclusive lock on the socket's name, held by an open file and so gone with its process.
struct Lock {
    path: PathBuf,
    _file: fs::File,
}

impl Lock {
    fn take(socket: &Path) -> Result<Self, ExchangeError> {
        let path = socket.with_extension("lock");
        let failed = |call| {
            let path = path.clone();
            move |source: io::Error| ExchangeError::Place { call, path, source }
        };
        loop {
            let file = fs::File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(failed("open"))?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    return Err(ExchangeError::Busy {
                        path: socket.to_owned(),
                    });
                }
                Err(error) => return Err(failed("flock")(error.into())),
            }
            // Whoever held the lock before us may have removed the file that we opened.
            let ours = file.metadata().map_err(failed("fstat"))?.ino();
            if fs::metadata(&path).is_ok_and(|there| there.ino() == ours) {
                return Ok(Self { path, _file: file });
            }
        }
    }

    /// Removes the file; the lock itself goes with the open file.
    fn release(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn os_error(call: &'static str, path: &Path, error: Errno) -> ExchangeError {
    ExchangeError::Io {
        call,
        path: path.to_owned(),
        source: error.into(),
    }
}
