// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One message on a sequenced-packet socket: a fixed header, bytes, and file descriptors.
//!
//! Sequenced packets keep message boundaries, so a peer cannot send half a message and stall the reader.

use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags,
    },
};

/// The most bytes that one message carries besides its header.
pub(super) const MAX_BYTES: usize = 32 << 10;
/// The most file descriptors that one message carries.
pub(super) const MAX_FDS: usize = 16;

const MAGIC: u32 = u32::from_le_bytes(*b"SYMX");
const VERSION: u32 = 1;
const HEADER: usize = 28;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Kind {
    /// A rank presents itself: the token.
    Hello = 1,
    /// Rank 0 answers: the token.
    Welcome = 2,
    /// A rank's part of a round.
    Share = 3,
    /// Rank 0 gives up: why.
    Abort = 4,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub kind: Kind,
    /// The rank whose words these are.
    pub rank: u32,
    pub world: u32,
    pub round: u32,
    pub bytes: Vec<u8>,
    pub fds: Vec<OwnedFd>,
}

/// Why no message came or went.
#[derive(Debug)]
pub(super) enum WireError {
    /// The bound ran out.
    Late,
    /// The other side is gone.
    Gone,
    /// What came is no message of this protocol.
    Malformed(&'static str),
    /// The system refused.
    Os(Errno),
}

impl Message {
    pub fn new(kind: Kind, rank: u32, world: u32, round: u32, bytes: &[u8]) -> Self {
        Self {
            kind,
            rank,
            world,
            round,
            bytes: bytes.to_vec(),
            fds: Vec::new(),
        }
    }

    /// Sends the message, waiting for room in the socket until `deadline`.
    pub fn send(&self, socket: impl AsFd, deadline: Instant) -> Result<(), WireError> {
        let fds: Vec<BorrowedFd<'_>> = self.fds.iter().map(AsFd::as_fd).collect();
        send(socket.as_fd(), self, &fds, deadline)
    }

    fn header(&self, fds: usize) -> [u8; HEADER] {
        let words = [
            MAGIC,
            VERSION,
            self.kind as u32,
            self.rank,
            self.world,
            self.round,
            fds as u32,
        ];
        let mut out = [0; HEADER];
        for (chunk, word) in out.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    fn parse(packet: &[u8], fds: Vec<OwnedFd>) -> Result<Self, WireError> {
        let (header, bytes) = packet
            .split_at_checked(HEADER)
            .ok_or(WireError::Malformed("too short for a header"))?;
        let word =
            |i: usize| u32::from_le_bytes(header[4 * i..4 * i + 4].try_into().expect("four bytes"));
        if word(0) != MAGIC {
            return Err(WireError::Malformed("no Symm message"));
        }
        if word(1) != VERSION {
            return Err(WireError::Malformed("another protocol version"));
        }
        let kind = match word(2) {
            1 => Kind::Hello,
            2 => Kind::Welcome,
            3 => Kind::Share,
            4 => Kind::Abort,
            _ => return Err(WireError::Malformed("an unknown kind of message")),
        };
        if word(6) as usize != fds.len() {
            return Err(WireError::Malformed(
                "another number of descriptors than announced",
            ));
        }
        Ok(Self {
            kind,
            rank: word(3),
            world: word(4),
            round: word(5),
            bytes: bytes.to_vec(),
            fds,
        })
    }
}

/// Sends `message` with borrowed descriptors in place of its own.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    message: &Message,
    fds: &[BorrowedFd<'_>],
    deadline: Instant,
) -> Result<(), WireError> {
    let header = message.header(fds.len());
    let parts = [IoSlice::new(&header), IoSlice::new(&message.bytes)];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    loop {
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(WireError::Malformed(
                "more descriptors than a message holds",
            ));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match rustix::net::sendmsg(socket, &parts, &mut control, flags) {
            Ok(_) => return Ok(()),
            Err(Errno::AGAIN) => wait(socket, PollFlags::OUT, deadline)?,
            Err(Errno::INTR) => {}
            Err(Errno::PIPE | Errno::CONNRESET) => return Err(WireError::Gone),
            Err(error) => return Err(WireError::Os(error)),
        }
    }
}

/// Receives one message, waiting until `deadline`.
pub(super) fn receive(socket: impl AsFd, deadline: Instant) -> Result<Message, WireError> {
    loop {
        match try_receive(socket.as_fd())? {
            Some(message) => return Ok(message),
            None => wait(socket.as_fd(), PollFlags::IN, deadline)?,
        }
    }
}

/// Receives a message if one is there.
pub(super) fn try_receive(socket: BorrowedFd<'_>) -> Result<Option<Message>, WireError> {
    let mut packet = vec![0; HEADER + MAX_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match rustix::net::recvmsg(
            socket,
            &mut [IoSliceMut::new(&mut packet)],
            &mut control,
            flags,
        ) {
            Ok(received) => break received,
            // A reset is reported once, ahead of the last words of a peer that left without having read ours.
            Err(Errno::INTR | Errno::CONNRESET) => {}
            Err(Errno::AGAIN) => return Ok(None),
            Err(Errno::PIPE) => return Err(WireError::Gone),
            Err(error) => return Err(WireError::Os(error)),
        }
    };
    // Draining takes ownership, so the descriptors of a message that is refused below are closed.
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Err(WireError::Gone);
    }
    if received
        .flags
        .intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC)
    {
        return Err(WireError::Malformed("longer than a message may be"));
    }
    Message::parse(&packet[..received.bytes], fds).map(Some)
}

/// Waits until `socket` is ready for `what` or `deadline` has passed.
fn wait(socket: BorrowedFd<'_>, what: PollFlags, deadline: Instant) -> Result<(), WireError> {
    poll(&mut [PollFd::new(&socket, what)], deadline)
}

/// Waits until one of `sockets` is ready; [`WireError::Late`] once `deadline` has passed.
pub(super) fn poll(sockets: &mut [PollFd<'_>], deadline: Instant) -> Result<(), WireError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(WireError::Late);
    }
    match rustix::event::poll(sockets, Some(&timespec(left))) {
        Ok(0) => Err(WireError::Late),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(WireError::Os(error)),
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs() as i64,
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn a_message_arrives_as_it_left() {
        let (a, b) = pair();
        let bytes: Vec<u8> = (0..MAX_BYTES).map(|i| i as u8).collect();
        Message::new(Kind::Share, 3, 4, 9, &bytes)
            .send(&a, soon())
            .unwrap();
        let got = receive(&b, soon()).unwrap();
        assert_eq!(
            (got.kind, got.rank, got.world, got.round),
            (Kind::Share, 3, 4, 9)
        );
        assert_eq!(got.bytes, bytes);
        assert!(got.fds.is_empty());
    }

    #[test]
    fn garbage_is_refused_and_its_descriptors_closed() {
        let (a, b) = pair();
        let good = Message::new(Kind::Hello, 0, 2, 0, b"x").header(0);
        let mut other_version = good;
        other_version[4] = 9;
        for packet in [
            &b"hi"[..],
            &[0; HEADER],
            &other_version,
            &[&good[..24], &[1, 0, 0, 0]].concat(),
        ] {
            rustix::net::send(&a, packet, SendFlags::empty()).unwrap();
            assert!(
                matches!(receive(&b, soon()), Err(WireError::Malformed(_))),
                "{packet:?}"
            );
        }
        let big = vec![0; HEADER + MAX_BYTES + 1];
        rustix::net::send(&a, &big, SendFlags::empty()).unwrap();
        assert!(matches!(receive(&b, soon()), Err(WireError::Malformed(_))));
    }

    #[test]
    fn no_packet_makes_the_parser_panic() {
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) as usize
        };
        let good = Message::new(Kind::Share, 1, 2, 3, b"").header(0);
        for _ in 0..20_000 {
            let mut packet: Vec<u8> = good.iter().copied().cycle().take(random() % 64).collect();
            for _ in 0..random() % 4 {
                if let Some(at) = packet
                    .len()
                    .checked_sub(1)
                    .map(|last| random() % (last + 1))
                {
                    packet[at] = random() as u8;
                }
            }
            if let Ok(message) = Message::parse(&packet, Vec::new()) {
                assert_eq!(message.bytes.len() + HEADER, packet.len());
            }
        }
    }

    #[test]
    fn a_silent_socket_is_late_and_a_closed_one_gone() {
        let (a, b) = pair();
        let bound = Instant::now() + Duration::from_millis(50);
        assert!(matches!(receive(&b, bound), Err(WireError::Late)));
        assert!(Instant::now() >= bound);
        drop(a);
        assert!(matches!(receive(&b, soon()), Err(WireError::Gone)));
        let sent = Message::new(Kind::Hello, 0, 2, 0, &[]).send(&b, soon());
        assert!(matches!(sent, Err(WireError::Gone)));
    }

    #[test]
    fn the_last_words_of_a_peer_that_read_nothing_arrive() {
        let (a, b) = pair();
        Message::new(Kind::Share, 1, 2, 0, b"unread")
            .send(&b, soon())
            .unwrap();
        Message::new(Kind::Abort, 0, 2, 0, b"why")
            .send(&a, soon())
            .unwrap();
        drop(a);
        assert_eq!(receive(&b, soon()).unwrap().bytes, b"why");
        assert!(matches!(receive(&b, soon()), Err(WireError::Gone)));
    }

    #[test]
    fn a_full_socket_is_late_not_stuck() {
        let (a, _b) = pair();
        let message = Message::new(Kind::Share, 0, 2, 0, &[0; MAX_BYTES]);
        let bound = Instant::now() + Duration::from_millis(100);
        let outcome = (0..10_000).find_map(|_| message.send(&a, bound).err());
        assert!(matches!(outcome, Some(WireError::Late)), "{outcome:?}");
    }
}
