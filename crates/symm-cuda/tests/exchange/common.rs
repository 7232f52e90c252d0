// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks on threads, memory files, sockets of strangers, logs.

use std::{
    fs::{self, File},
    io::Write,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::FileExt,
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use symm_cuda::exchange::{Exchange, ExchangeError, JobToken, Membership, Share};

pub const LONG: Duration = Duration::from_secs(20);
pub const SHORT: Duration = Duration::from_millis(400);

/// A folder of its own for each test, removed at the end.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("symm-exchange-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    pub fn socket(&self) -> PathBuf {
        self.0.join("job.sock")
    }

    pub fn member(&self, rank: u32, world: u32) -> Membership {
        Membership {
            rank,
            world,
            token: JobToken::new(b"the job"),
            socket: self.socket(),
        }
    }

    /// Runs `work` as every rank of `ranks`, each on a thread.
    pub fn ranks<T: Send + 'static>(
        &self,
        ranks: impl IntoIterator<Item = u32>,
        world: u32,
        timeout: Duration,
        work: impl Fn(u32, Result<Exchange, ExchangeError>) -> T + Clone + Send + 'static,
    ) -> Vec<JoinHandle<T>> {
        let spawn = |rank| {
            let (member, work) = (self.member(rank, world), work.clone());
            thread::spawn(move || work(rank, Exchange::join(&member, timeout)))
        };
        ranks.into_iter().map(spawn).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn results<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    handles
        .into_iter()
        .map(|handle| handle.join().expect("no rank panics"))
        .collect()
}

/// A memory file that holds `text`.
pub fn memory_file(text: &str) -> OwnedFd {
    let mut file: File = rustix::fs::memfd_create("stand-in", rustix::fs::MemfdFlags::CLOEXEC)
        .unwrap()
        .into();
    file.write_all(text.as_bytes()).unwrap();
    file.into()
}

/// Reads a memory file from its beginning; all its descriptors share one position, so none is used.
pub fn content(fd: OwnedFd) -> String {
    let mut bytes = [0; 64];
    let length = File::from(fd).read_at(&mut bytes, 0).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// Gives two descriptors and some bytes, and checks what every rank gave.
pub fn swap(exchange: &mut Exchange, round: usize) {
    let (rank, world) = (exchange.rank(), exchange.world());
    let name = |rank: u32, which: &str| format!("rank {rank} round {round} {which}");
    let files = [memory_file(&name(rank, "a")), memory_file(&name(rank, "b"))];
    let fds = files.each_ref().map(AsFd::as_fd);
    let shares = exchange
        .all_gather("swap", name(rank, "bytes").as_bytes(), &fds)
        .unwrap();
    assert_eq!(shares.len(), world as usize);
    for (peer, Share { bytes, fds }) in shares.into_iter().enumerate() {
        let peer = peer as u32;
        assert_eq!(bytes, name(peer, "bytes").as_bytes());
        let texts: Vec<_> = fds.into_iter().map(content).collect();
        let expected = if peer == rank {
            vec![]
        } else {
            vec![name(peer, "a"), name(peer, "b")]
        };
        assert_eq!(texts, expected);
    }
}

pub fn seqpacket() -> OwnedFd {
    rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
    .unwrap()
}

/// Connects to the job's socket as soon as it is there.
pub fn connect(socket: &Path) -> OwnedFd {
    let begun = Instant::now();
    loop {
        let stranger = seqpacket();
        match SocketAddrUnix::new(socket)
            .and_then(|address| rustix::net::connect(&stranger, &address))
        {
            Ok(()) => return stranger,
            Err(error) if begun.elapsed() > LONG => {
                panic!("no socket at {}: {error}", socket.display())
            }
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Collects what is logged while a test runs.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Runs rank 0 of `place` on a thread that logs here.
    pub fn hub(
        &self,
        place: &Place,
        world: u32,
        timeout: Duration,
    ) -> JoinHandle<Result<Exchange, ExchangeError>> {
        let (log, member) = (self.clone(), place.member(0, world));
        thread::spawn(move || {
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || log.clone())
                .finish();
            tracing::subscriber::with_default(subscriber, || Exchange::join(&member, timeout))
        })
    }
}
