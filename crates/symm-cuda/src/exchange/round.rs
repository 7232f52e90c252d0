// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One round: every rank gives its share to rank 0, and rank 0 gives all shares to every rank.

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Instant,
};

use rustix::event::{PollFd, PollFlags};

use super::{
    Exchange, FAREWELL, GRACE, Links, Share, abort,
    error::ExchangeError,
    wire::{self, Kind, Message, WireError},
};

/// What a round is about, the same on every rank.
struct Step<'a> {
    name: &'a str,
    rank: u32,
    world: u32,
    round: u32,
    begun: Instant,
    deadline: Instant,
}

/// Runs one round on whichever end this rank is.
pub(super) fn run(
    exchange: &Exchange,
    name: &str,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> Result<Vec<Share>, ExchangeError> {
    let limit = wire::MAX_BYTES - 1 - name.len().min(255);
    for (what, limit, got) in [
        ("bytes", limit, bytes.len()),
        ("descriptors", wire::MAX_FDS, fds.len()),
        ("bytes in a step's name", 255, name.len()),
    ] {
        if got > limit {
            return Err(ExchangeError::TooMuch { what, limit, got });
        }
    }
    let begun = Instant::now();
    let step = Step {
        name,
        rank: exchange.rank,
        world: exchange.world,
        round: exchange.round,
        begun,
        deadline: begun + exchange.timeout,
    };
    match &exchange.links {
        Links::Hub(sockets) => hub(&step, sockets, bytes, fds),
        Links::Spoke(socket) => spoke(&step, socket, bytes, fds),
        Links::Broken => Err(ExchangeError::Aborted {
            step: name.to_owned(),
            reason: "an earlier step failed".into(),
        }),
    }
}

fn hub(
    step: &Step<'_>,
    sockets: &[OwnedFd],
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> Result<Vec<Share>, ExchangeError> {
    let done = collect(step, sockets).and_then(|shares| {
        hand_out(step, sockets, &step.message(0, bytes), fds, &shares)?;
        Ok(shares)
    });
    match done {
        Ok(shares) => {
            let own = Share {
                bytes: bytes.to_vec(),
                fds: Vec::new(),
            };
            let others = shares.into_iter().map(|m| Share {
                bytes: step.payload(&m).to_vec(),
                fds: m.fds,
            });
            Ok(std::iter::once(own).chain(others).collect())
        }
        Err(error) => {
            let farewell = Message::new(
                Kind::Abort,
                0,
                step.world,
                step.round,
                &abort::encode(&error),
            );
            for socket in sockets {
                let _ = farewell.send(socket, Instant::now() + FAREWELL);
            }
            Err(error)
        }
    }
}

/// Receives the share of every other rank, in whatever order they come.
fn collect(step: &Step<'_>, sockets: &[OwnedFd]) -> Result<Vec<Message>, ExchangeError> {
    let mut shares: Vec<Option<Message>> = sockets.iter().map(|_| None).collect();
    loop {
        for (index, share) in shares
            .iter_mut()
            .enumerate()
            .filter(|(_, share)| share.is_none())
        {
            let rank = index as u32 + 1;
            *share = wire::try_receive(sockets[index].as_fd()).map_err(|e| step.failed(rank, e))?;
            share
                .as_ref()
                .map_or(Ok(()), |message| step.check(message, Kind::Share, rank))?;
        }
        let waiting: Vec<usize> = (0..shares.len()).filter(|i| shares[*i].is_none()).collect();
        if waiting.is_empty() {
            return Ok(shares.into_iter().flatten().collect());
        }
        let mut polled: Vec<_> = waiting
            .iter()
            .map(|i| PollFd::new(&sockets[*i], PollFlags::IN))
            .collect();
        wire::poll(&mut polled, step.deadline).map_err(|error| match error {
            WireError::Late => step.missing(waiting.iter().map(|i| *i as u32 + 1).collect()),
            error => step.failed(0, error),
        })?;
    }
}

/// Sends every share to every other rank, in the order of the ranks they came from.
fn hand_out(
    step: &Step<'_>,
    sockets: &[OwnedFd],
    own: &Message,
    own_fds: &[BorrowedFd<'_>],
    shares: &[Message],
) -> Result<(), ExchangeError> {
    let until = step.deadline + GRACE;
    for (index, socket) in sockets.iter().enumerate() {
        let rank = index as u32 + 1;
        let failed = |error| step.failed(rank, error);
        wire::send(socket.as_fd(), own, own_fds, until).map_err(failed)?;
        for share in shares {
            // A rank keeps its own descriptors; the kernel need not duplicate them back.
            let fds: Vec<_> = share
                .fds
                .iter()
                .filter(|_| share.rank != rank)
                .map(AsFd::as_fd)
                .collect();
            wire::send(socket.as_fd(), share, &fds, until).map_err(failed)?;
        }
    }
    Ok(())
}

fn spoke(
    step: &Step<'_>,
    socket: &OwnedFd,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> Result<Vec<Share>, ExchangeError> {
    let sent = wire::send(
        socket.as_fd(),
        &step.message(step.rank, bytes),
        fds,
        step.deadline,
    );
    match sent {
        // Rank 0 may have hung up after saying why; its words are still there to be read.
        Ok(()) | Err(WireError::Gone) => {}
        Err(error) => return Err(step.failed(0, error)),
    }
    let until = step.deadline + GRACE;
    (0..step.world)
        .map(|from| {
            let message = wire::receive(socket, until).map_err(|e| step.failed(0, e))?;
            if message.kind == Kind::Abort {
                let reason = abort::decode(&message.bytes, step.name, step.begun.elapsed());
                return Err(reason.unwrap_or(ExchangeError::Malformed {
                    rank: 0,
                    reason: "an unreadable reason",
                }));
            }
            step.check(&message, Kind::Share, from)?;
            Ok(Share {
                bytes: step.payload(&message).to_vec(),
                fds: message.fds,
            })
        })
        .collect()
}

impl Step<'_> {
    /// Writes a share: the step's name, then the bytes.
    fn message(&self, rank: u32, bytes: &[u8]) -> Message {
        let mut out = Vec::with_capacity(1 + self.name.len() + bytes.len());
        out.push(self.name.len() as u8);
        out.extend(self.name.as_bytes());
        out.extend(bytes);
        Message::new(Kind::Share, rank, self.world, self.round, &out)
    }

    /// Returns the bytes behind the step's name in a message that [`check`](Self::check) has passed.
    fn payload<'m>(&self, message: &'m Message) -> &'m [u8] {
        &message.bytes[1 + self.name.len()..]
    }

    /// Checks that a message is `rank`'s share of this very step.
    fn check(&self, message: &Message, kind: Kind, rank: u32) -> Result<(), ExchangeError> {
        let malformed = |reason| Err(ExchangeError::Malformed { rank, reason });
        if message.kind != kind || message.rank != rank || message.world != self.world {
            return malformed("no share of this rank");
        }
        let Some((length, rest)) = message.bytes.split_first() else {
            return malformed("no step");
        };
        let Some(name) = rest.get(..*length as usize) else {
            return malformed("a step cut short");
        };
        if name == self.name.as_bytes() && message.round == self.round {
            return Ok(());
        }
        Err(ExchangeError::Disagree {
            rank,
            expected: format!("step '{}' (round {})", self.name, self.round),
            got: format!(
                "step '{}' (round {})",
                String::from_utf8_lossy(name),
                message.round
            ),
        })
    }

    fn missing(&self, ranks: Vec<u32>) -> ExchangeError {
        ExchangeError::Missing {
            ranks,
            step: self.name.to_owned(),
            waited: self.begun.elapsed(),
        }
    }

    /// Describes a failure of the line to `rank`.
    fn failed(&self, rank: u32, error: WireError) -> ExchangeError {
        match error {
            WireError::Late => self.missing(vec![rank]),
            WireError::Gone => ExchangeError::Left {
                rank,
                step: self.name.to_owned(),
            },
            WireError::Malformed(reason) => ExchangeError::Malformed { rank, reason },
            WireError::Os(error) => ExchangeError::Aborted {
                step: self.name.to_owned(),
                reason: std::io::Error::from(error).to_string(),
            },
        }
    }
}
