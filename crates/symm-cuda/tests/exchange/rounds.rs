// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Good ranks, late ones, dead ones, and ranks that disagree.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    thread,
    time::{Duration, Instant},
};

use rustix::net::SocketAddrUnix;
use symm_cuda::exchange::{Exchange, ExchangeError};

use crate::common::*;

#[test]
fn every_rank_gets_what_every_rank_gave() {
    for world in 1..=8 {
        let place = Place::new(&format!("all-{world}"));
        let ranks = place.ranks((0..world).rev(), world, LONG, |_, exchange| {
            let mut exchange = exchange.unwrap();
            (0..5).for_each(|round| swap(&mut exchange, round));
            exchange.barrier("end").unwrap();
        });
        results(ranks);
        let left: Vec<_> = fs::read_dir(&place.0)
            .into_iter()
            .flatten()
            .map(|e| e.unwrap().path())
            .collect();
        assert!(left.is_empty(), "{left:?} were left behind");
    }
}

#[test]
fn ranks_that_are_gone_are_seen() {
    let place = Place::new("gone");
    let seen = results(place.ranks(0..3, 3, LONG, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        exchange.barrier("begin").unwrap();
        if rank == 2 {
            return Vec::new();
        }
        // Rank 0 leaves once it misses rank 2; rank 1 stays until it misses rank 0.
        let begin = Instant::now();
        while exchange.gone().is_empty() && begin.elapsed() < LONG {
            thread::sleep(Duration::from_millis(1));
        }
        exchange.gone()
    }));
    assert_eq!(seen, [vec![2], vec![0], vec![]]);
}

#[test]
fn no_descriptor_leaks() {
    let place = Place::new("leak");
    let count = || fs::read_dir("/proc/self/fd").unwrap().count();
    let run = || {
        results(place.ranks(0..3, 3, LONG, |_, exchange| {
            let mut exchange = exchange.unwrap();
            (0..20).for_each(|round| swap(&mut exchange, round));
        }));
    };
    // Other tests of this process open descriptors of their own, so look for the least of several counts.
    run();
    let before = (0..5).map(|_| count()).min().unwrap();
    (0..5).for_each(|_| run());
    let after = (0..50)
        .map(|_| {
            thread::sleep(Duration::from_millis(20));
            count()
        })
        .min()
        .unwrap();
    assert!(after < before + 60, "{before} descriptors became {after}");
}

#[test]
fn a_late_rank_is_waited_for() {
    let place = Place::new("late");
    let early = place.ranks([0, 1], 3, LONG, |_, exchange| {
        swap(&mut exchange.unwrap(), 0)
    });
    thread::sleep(Duration::from_millis(300));
    let late = place.ranks([2], 3, LONG, |_, exchange| swap(&mut exchange.unwrap(), 0));
    results(early);
    results(late);
}

#[test]
fn a_missing_rank_is_named_on_every_rank_within_the_bound() {
    let place = Place::new("missing");
    let begun = Instant::now();
    let errors = results(place.ranks([0, 2], 4, SHORT, |_, exchange| exchange.unwrap_err()));
    for error in errors {
        assert!(
            matches!(&error, ExchangeError::Missing { ranks, step, .. } if *ranks == [1, 3] && step == "join"),
            "{error}"
        );
    }
    assert!(begun.elapsed() < SHORT + Duration::from_secs(2));
}

#[test]
fn without_rank_0_the_others_say_so() {
    let place = Place::new("no-hub");
    let error = results(place.ranks([1], 2, SHORT, |_, exchange| exchange.unwrap_err())).remove(0);
    assert!(matches!(error, ExchangeError::NoHub { .. }), "{error}");
    assert!(error.to_string().contains("nothing listens"), "{error}");
}

#[test]
fn a_rank_that_is_late_for_a_round_is_named_on_every_rank() {
    let place = Place::new("slow");
    let errors = results(place.ranks(0..3, 3, SHORT, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        if rank == 2 {
            thread::sleep(SHORT * 4);
        }
        exchange.barrier("work").unwrap_err()
    }));
    for error in &errors[..2] {
        assert!(
            matches!(error, ExchangeError::Missing { ranks, step, .. } if *ranks == [2] && step == "work"),
            "{error}"
        );
    }
    assert!(
        matches!(
            &errors[2],
            ExchangeError::Missing { .. } | ExchangeError::Left { rank: 0, .. }
        ),
        "{}",
        errors[2]
    );
}

#[test]
fn a_rank_that_leaves_is_named_on_every_rank_at_once() {
    let place = Place::new("leaves");
    let begun = Instant::now();
    let errors = results(place.ranks(0..4, 4, LONG, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        exchange.barrier("first").unwrap();
        (rank != 2).then(|| exchange.barrier("second").unwrap_err())
    }));
    for error in errors.into_iter().flatten() {
        assert!(
            matches!(&error, ExchangeError::Left { rank: 2, step } if step == "second"),
            "{error}"
        );
    }
    assert!(begun.elapsed() < LONG / 2);
}

#[test]
fn when_rank_0_leaves_the_others_know() {
    let place = Place::new("hub-leaves");
    let errors = results(place.ranks(0..3, 3, LONG, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        (rank != 0).then(|| exchange.barrier("work").unwrap_err())
    }));
    for error in errors.into_iter().flatten() {
        assert!(
            matches!(error, ExchangeError::Left { rank: 0, .. }),
            "{error}"
        );
    }
}

#[test]
fn after_a_failure_every_round_fails() {
    let place = Place::new("broken");
    let errors = results(place.ranks(0..2, 2, SHORT, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        (rank == 0).then(|| {
            exchange.barrier("first").unwrap_err();
            exchange.barrier("second").unwrap_err()
        })
    }));
    let error = errors.into_iter().flatten().next().unwrap();
    assert!(
        matches!(&error, ExchangeError::Aborted { step, .. } if step == "second"),
        "{error}"
    );
}

#[test]
fn ranks_at_different_steps_are_told() {
    let place = Place::new("steps");
    let errors = results(place.ranks(0..2, 2, LONG, |rank, exchange| {
        exchange
            .unwrap()
            .barrier(if rank == 0 { "load" } else { "run" })
            .unwrap_err()
            .to_string()
    }));
    assert!(
        errors[0].contains("expected step 'load' (round 0) from rank 1, got step 'run' (round 0)"),
        "{}",
        errors[0]
    );
    assert!(errors[1].contains("step 'run'"), "{}", errors[1]);
}

#[test]
fn ranks_of_another_world_or_twice_the_same_are_refused() {
    let place = Place::new("world");
    let hub = place.ranks([0], 2, LONG, |_, exchange| exchange.unwrap_err());
    let other = place.ranks([1], 4, LONG, |_, exchange| exchange.unwrap_err());
    let error = results(hub).remove(0).to_string();
    assert!(
        error.contains("expected a group of 2 ranks from rank 1, got a group of 4"),
        "{error}"
    );
    drop(results(other));

    let twins = results(place.ranks([0, 1, 1], 3, LONG, |_, exchange| {
        exchange.map(|_| ()).unwrap_err().to_string()
    }));
    assert!(
        twins[0].contains("from rank 1, got a second one of the same rank"),
        "{}",
        twins[0]
    );

    let error = Exchange::join(&place.member(2, 2), SHORT).unwrap_err();
    assert!(matches!(error, ExchangeError::Disagree { .. }), "{error}");
}

#[test]
fn too_much_for_one_round_is_refused_before_anything_is_sent() {
    let place = Place::new("much");
    results(place.ranks(0..2, 2, LONG, |rank, exchange| {
        let mut exchange = exchange.unwrap();
        let error = exchange
            .all_gather("bytes", &vec![0; 1 << 20], &[])
            .unwrap_err();
        assert!(
            matches!(error, ExchangeError::TooMuch { what: "bytes", .. }),
            "rank {rank}: {error}"
        );
    }));
}

#[test]
fn a_second_job_at_the_same_place_is_refused_and_a_dead_one_is_not() {
    let place = Place::new("busy");
    let first = place.ranks([0], 2, LONG, |_, exchange| exchange.map(|_| ()));
    while !place.socket().exists() {
        thread::sleep(Duration::from_millis(1));
    }
    let error = Exchange::join(&place.member(0, 2), SHORT).unwrap_err();
    assert!(matches!(error, ExchangeError::Busy { .. }), "{error}");
    let second = place.ranks([1], 2, LONG, |_, exchange| exchange.map(|_| ()));
    results(first).remove(0).unwrap();
    results(second).remove(0).unwrap();

    // What a killed job leaves behind: a socket that nobody listens at, a lock that nobody holds.
    let dead = seqpacket();
    rustix::net::bind(&dead, &SocketAddrUnix::new(place.socket()).unwrap()).unwrap();
    drop(dead);
    fs::write(place.socket().with_extension("lock"), "").unwrap();
    results(place.ranks(0..2, 2, LONG, |_, exchange| swap(&mut exchange.unwrap(), 0)));
}

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let place = Place::new("open");
    fs::create_dir(&place.0).unwrap();
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o755)).unwrap();
    let error = Exchange::join(&place.member(0, 2), SHORT).unwrap_err();
    assert!(matches!(error, ExchangeError::Folder { .. }), "{error}");
}
