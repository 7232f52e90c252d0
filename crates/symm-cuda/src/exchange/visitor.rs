// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The other ranks' end: find rank 0, make sure of it, present the token, wait for the welcome.

use std::{
    os::fd::OwnedFd,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};

use super::{
    GRACE, Membership, abort,
    error::ExchangeError,
    wire::{self, Kind, Message, WireError},
};

/// How often a rank looks whether rank 0 is there.
const RETRY: Duration = Duration::from_millis(5);

/// Connects to rank 0 at `path` and waits until it has welcomed everyone.
pub(super) fn join(
    path: &Path,
    member: &Membership,
    deadline: Instant,
) -> Result<OwnedFd, ExchangeError> {
    let begun = Instant::now();
    let address = SocketAddrUnix::new(path).map_err(|_| ExchangeError::LongPath {
        path: path.to_owned(),
    })?;
    let mut reason = "nothing listens".to_owned();
    while Instant::now() < deadline {
        match visit(&address, member, begun, deadline) {
            Ok(socket) => return Ok(socket),
            Err(Refusal::Final(error)) => return Err(error),
            Err(Refusal::Again(why)) => reason = why,
        }
        thread::sleep(RETRY);
    }
    Err(ExchangeError::NoHub {
        path: path.to_owned(),
        waited: begun.elapsed(),
        reason,
    })
}

/// Why a visit came to nothing.
enum Refusal {
    /// Rank 0 may still come, or the one that answered was a job that is ending.
    Again(String),
    Final(ExchangeError),
}

fn visit(
    address: &SocketAddrUnix,
    member: &Membership,
    begun: Instant,
    deadline: Instant,
) -> Result<OwnedFd, Refusal> {
    let os = |call: &str, error: Errno| {
        Refusal::Again(format!("{call}: {}", std::io::Error::from(error)))
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
        .map_err(|e| os("socket", e))?;
    rustix::net::connect(&socket, address).map_err(|error| match error {
        Errno::NOENT | Errno::CONNREFUSED => Refusal::Again("nothing listens".into()),
        error => os("connect", error),
    })?;
    // The token is not shown to anyone but our own user.
    super::check_user(&socket).map_err(Refusal::Again)?;
    let hello = Message::new(
        Kind::Hello,
        member.rank,
        member.world,
        0,
        member.token.bytes(),
    );
    hello
        .send(&socket, deadline)
        .map_err(|_| Refusal::Again("it hung up".into()))?;
    match wire::receive(&socket, deadline + GRACE) {
        Ok(answer) => judge(&answer, member, begun).map(|()| socket),
        Err(WireError::Gone) => Err(Refusal::Again("it hung up".into())),
        Err(WireError::Late) => Err(Refusal::Again("it listens but does not answer".into())),
        Err(WireError::Malformed(reason)) => {
            Err(Refusal::Final(ExchangeError::Malformed { rank: 0, reason }))
        }
        Err(WireError::Os(error)) => Err(os("recvmsg", error)),
    }
}

/// Makes sure that the answer is a welcome from someone who knows the token.
fn judge(answer: &Message, member: &Membership, begun: Instant) -> Result<(), Refusal> {
    let malformed = |reason| Refusal::Final(ExchangeError::Malformed { rank: 0, reason });
    match answer.kind {
        Kind::Welcome
            if answer
                .bytes
                .as_slice()
                .try_into()
                .is_ok_and(|bytes| member.token.matches(bytes)) =>
        {
            Ok(())
        }
        Kind::Welcome => Err(Refusal::Again("it does not know the job's token".into())),
        Kind::Abort => {
            let error = abort::decode(&answer.bytes, "join", begun.elapsed());
            Err(error.map_or(malformed("an unreadable reason"), Refusal::Final))
        }
        Kind::Hello | Kind::Share => Err(malformed("no welcome")),
    }
}
