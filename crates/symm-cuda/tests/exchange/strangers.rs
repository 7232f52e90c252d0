// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whoever does not belong to the job: other tokens, other users, other protocols, and processes that are killed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::net::{SendFlags, SocketAddrUnix};
use symm_cuda::exchange::{Exchange, ExchangeError, JobToken, Membership};

use crate::common::*;

#[test]
fn strangers_are_dropped_and_logged_and_the_job_goes_on() {
    let (place, log) = (Place::new("strangers"), Log::default());
    let hub = log.hub(&place, 2, LONG);
    let silent = connect(&place.socket());
    let garbage = connect(&place.socket());
    rustix::net::send(&garbage, b"GET / HTTP/1.1\r\n\r\n", SendFlags::NOSIGNAL).unwrap();
    let gone = connect(&place.socket());
    drop(gone);

    // The same user and place, but another job's token.
    let thief = Membership {
        token: JobToken::new(b"another job"),
        ..place.member(1, 2)
    };
    let error = Exchange::join(&thief, SHORT).unwrap_err();
    assert!(matches!(error, ExchangeError::NoHub { .. }), "{error}");
    assert!(error.to_string().contains("it hung up"), "{error}");

    let begun = Instant::now();
    let good = place.ranks([1], 2, LONG, |_, exchange| swap(&mut exchange.unwrap(), 0));
    swap(&mut hub.join().unwrap().unwrap(), 0);
    results(good);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "the silent stranger held the job up"
    );
    drop(silent);

    let text = log.text();
    assert!(
        text.contains("dropped a stranger's connection: it does not know the job's token"),
        "{text}"
    );
    assert!(
        text.contains("dropped a stranger's connection: it does not speak the protocol"),
        "{text}"
    );
}

#[test]
fn a_silent_stranger_is_dropped_in_time() {
    let (place, log) = (Place::new("silent"), Log::default());
    let hub = log.hub(&place, 2, Duration::from_secs(3));
    let silent = connect(&place.socket());
    let error = hub.join().unwrap().unwrap_err();
    assert!(
        matches!(&error, ExchangeError::Missing { ranks, .. } if *ranks == [1]),
        "{error}"
    );
    assert!(
        log.text().contains("it did not say who it is"),
        "{}",
        log.text()
    );
    assert_eq!(
        rustix::net::recv(&silent, &mut [0u8; 8][..], rustix::net::RecvFlags::empty())
            .unwrap()
            .0,
        0
    );
}

#[test]
fn an_impostor_at_rank_0s_place_learns_no_more_than_one_hello() {
    let place = Place::new("impostor");
    fs::DirBuilder::new().create(&place.0).unwrap();
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o700)).unwrap();
    let impostor = seqpacket();
    rustix::net::bind(&impostor, &SocketAddrUnix::new(place.socket()).unwrap()).unwrap();
    rustix::net::listen(&impostor, 8).unwrap();
    let victim = place.ranks([1], 2, SHORT, |_, exchange| exchange.unwrap_err());
    let seen = rustix::net::accept(&impostor).unwrap();
    let mut hello = vec![0; 256];
    let (_, length) =
        rustix::net::recv(&seen, &mut hello[..], rustix::net::RecvFlags::empty()).unwrap();
    // The impostor answers with a welcome that does not know the token.
    let mut welcome = hello[..length].to_vec();
    welcome[8] = 2;
    let last = welcome.len() - 1;
    welcome[last] ^= 1;
    rustix::net::send(&seen, &welcome, SendFlags::NOSIGNAL).unwrap();
    drop((impostor, seen));
    let error = results(victim).remove(0);
    assert!(matches!(error, ExchangeError::NoHub { .. }), "{error}");
}

/// A copy of this program where every user may run it; the folder it was built in may be open to its owner only.
fn public_copy(folder: &Path) -> PathBuf {
    fs::create_dir(folder).unwrap();
    let copy = folder.join("strangers");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    for path in [folder, &copy] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    copy
}

/// Starts `program`, which is this test program, as another process that runs `role` only.
fn process(program: &Path, role: &str, socket: &Path, user: Option<u32>) -> Child {
    let mut command = Command::new(program);
    command
        .args(["--exact", "strangers::other_process", "--nocapture"])
        .env("SYMM_TEST_ROLE", role)
        .env("SYMM_TEST_SOCKET", socket);
    if let Some(user) = user {
        std::os::unix::process::CommandExt::uid(&mut command, user);
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the processes of the tests below do; does nothing when it runs as a test of its own.
#[test]
fn other_process() {
    let Ok(role) = std::env::var("SYMM_TEST_ROLE") else {
        return;
    };
    let socket = PathBuf::from(std::env::var_os("SYMM_TEST_SOCKET").unwrap());
    match role.as_str() {
        "rank 1" => {
            let member = Membership {
                rank: 1,
                world: 2,
                token: JobToken::new(b"the job"),
                socket,
            };
            let mut exchange = Exchange::join(&member, LONG).unwrap();
            swap(&mut exchange, 0);
            thread::sleep(LONG);
        }
        "another user" => {
            let member = Membership {
                rank: 1,
                world: 2,
                token: JobToken::new(b"the job"),
                socket,
            };
            let _ = Exchange::join(&member, SHORT);
        }
        role => panic!("no such role: {role}"),
    }
}

#[test]
fn a_killed_process_is_noticed() {
    let place = Place::new("killed");
    let mut child = process(
        &std::env::current_exe().unwrap(),
        "rank 1",
        &place.socket(),
        None,
    );
    let mut exchange = Exchange::join(&place.member(0, 2), LONG).unwrap();
    swap(&mut exchange, 0);
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = Instant::now();
    let error = exchange.barrier("after the kill").unwrap_err();
    assert!(
        matches!(&error, ExchangeError::Left { rank: 1, .. }),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn another_user_is_turned_away_even_with_the_token() {
    if !rustix::process::geteuid().is_root() {
        eprintln!(
            "SKIPPED another_user_is_turned_away_even_with_the_token: only root can start a process of another user"
        );
        return;
    }
    let (place, log) = (Place::new("user"), Log::default());
    let hub = log.hub(&place, 2, Duration::from_secs(3));
    while !place.socket().exists() {
        thread::sleep(Duration::from_millis(1));
    }
    // Open the door that normally keeps other users from even connecting.
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(place.socket(), fs::Permissions::from_mode(0o777)).unwrap();
    let public = Place::new("public");
    let program = public_copy(&public.0);
    process(&program, "another user", &place.socket(), Some(65534))
        .wait()
        .unwrap();
    let error = hub.join().unwrap().unwrap_err();
    assert!(
        matches!(&error, ExchangeError::Missing { ranks, .. } if *ranks == [1]),
        "{error}"
    );
    assert!(
        log.text().contains("it belongs to user 65534, expected 0"),
        "{}",
        log.text()
    );
}
