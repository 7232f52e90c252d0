// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Bounded waiting: the one loop in which a rank waits for others.

use super::Rank;
use crate::failure::{Activity, Failure};
use std::{
    hint::spin_loop,
    thread::{sleep, yield_now},
    time::{Duration, Instant},
};

/// Busy rounds before the processor is offered to others.
const SPINS: u32 = 64;

/// How long a rank that waits stays awake, in rounds of offering the processor to others: with more ranks than cores, the
/// awaited one has to run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awake {
    /// Some tens of microseconds, as whoever is missing may take long.
    Briefly = 256,
    /// Some milliseconds, which is longer than anyone else sleeps: this rank goes on within a microsecond of it.
    UntilAllWake = 8192,
}

const SHORTEST_SLEEP: Duration = Duration::from_micros(20);
const LONGEST_SLEEP: Duration = Duration::from_millis(1);

/// Longest time between two looks that counts as waiting. More than that, this process was stopped, say by a shell or a
/// freezer, and the others may have been as well.
const LONGEST_LOOK: Duration = Duration::from_millis(100);

/// Time that those who are missing have to explain themselves.
const EXPLANATION: Duration = Duration::from_millis(500);

/// The rank has to leave: this wait failed, or something else did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed;

/// What a rank waits for.
pub(crate) struct Wait<'a> {
    /// What the rank publishes as its activity.
    pub(crate) activity: Activity,
    /// How long the rank waits before it sleeps.
    pub(crate) awake: Awake,
    /// Tells, with acquire order, whether it has come.
    pub(crate) reached: &'a dyn Fn() -> bool,
    /// Looks for a reason why it never will.
    pub(crate) trouble: &'a dyn Fn() -> Option<Failure>,
    /// Says what has failed once the time is over.
    pub(crate) late: &'a dyn Fn() -> Failure,
    /// Tells how long it may still take once the time is over.
    pub(crate) patience: &'a dyn Fn() -> Patience,
}

/// What is known of those who are late.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Patience {
    /// Nothing excuses them.
    Over,
    /// They may be in a bounded wait of their own: when that runs out, they know better what failed.
    Moment,
    /// They are at something that takes its time and has a bound of its own.
    Renewed,
}

impl Rank {
    /// Waits until it has come, the world has failed, or the world's time-out has passed, and a little longer where who is
    /// missing may explain why.
    ///
    /// The rank's activity is that of the wait afterwards; the caller publishes the next one.
    pub(crate) fn wait_until(&self, wait: &Wait<'_>) -> Result<(), Failed> {
        if (wait.reached)() {
            return Ok(());
        }
        self.record().set(wait.activity);
        let timeout = self.shared.spec.timeout;
        let mut begin = Instant::now();
        let mut last = begin;
        for round in 0.. {
            pause(round, wait.awake);
            if (wait.reached)() {
                return Ok(());
            }
            if self.shared.control.has_failed() {
                return Err(Failed);
            }
            if round < SPINS {
                continue;
            }
            if let Some(failure) = (wait.trouble)() {
                return Err(self.fail(failure));
            }
            let now = Instant::now();
            begin += (now - last).saturating_sub(LONGEST_LOOK);
            last = now;
            let waited = now - begin;
            if waited < timeout {
                continue;
            }
            match (wait.patience)() {
                Patience::Renewed => begin = Instant::now(),
                Patience::Moment if waited < timeout.saturating_add(EXPLANATION) => {}
                _ => return Err(self.fail((wait.late)())),
            }
        }
        unreachable!("rounds are bounded by the time-out")
    }

    /// Records a failure, unless one came first.
    pub(crate) fn fail(&self, failure: Failure) -> Failed {
        self.shared.control.fail(failure);
        Failed
    }
}

fn pause(round: u32, awake: Awake) {
    let yields = awake as u32;
    if round < SPINS {
        spin_loop();
    } else if round < SPINS + yields {
        yield_now();
    } else {
        let doublings = (round - SPINS - yields) / 16;
        sleep(
            SHORTEST_SLEEP
                .saturating_mul(1 << doublings.min(10))
                .min(LONGEST_SLEEP),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{World, WorldSpec};
    use std::{cell::Cell, thread};

    const TIMEOUT: Duration = Duration::from_millis(200);

    fn world() -> World {
        World::create(WorldSpec {
            size: 2,
            groups: Vec::new(),
            timeout: TIMEOUT,
            plan_hash: String::new(),
            host_heaps: true,
        })
        .unwrap()
    }

    /// What rank 0 reports of a meeting that rank 1 does not come to: it does `activity`, and fails a little after the time-out.
    fn failure_at_a_meeting(activity: Activity) -> Failure {
        let world = world();
        let (rank, other) = (world.rank(0), world.clone());
        let late = thread::spawn(move || {
            let other = other.rank(1);
            other.record().set(activity);
            sleep(TIMEOUT + EXPLANATION / 4);
            other.fail(Failure::HostMemory { rank: 1, bytes: 7 });
        });
        sleep(TIMEOUT / 10);
        rank.meet().unwrap_err();
        late.join().unwrap();
        world.report().unwrap().failure
    }

    #[test]
    fn a_rank_in_a_wait_of_its_own_may_say_what_failed() {
        let explanation = Failure::HostMemory { rank: 1, bytes: 7 };
        assert_eq!(failure_at_a_meeting(Activity::Device), explanation);
    }

    #[test]
    fn any_other_rank_is_waited_for_no_longer_than_the_timeout() {
        let failure = failure_at_a_meeting(Activity::Computing { after: None });
        assert!(
            matches!(&failure, Failure::TimedOut { rank: 0, missing, .. } if *missing == [1]),
            "{failure:?}"
        );
    }

    #[test]
    fn whoever_connects_is_waited_for_as_long_as_that_takes() {
        let world = world();
        let (rank, other) = (world.rank(0), world.clone());
        let late = thread::spawn(move || {
            let other = other.rank(1);
            other.record().set(Activity::Connecting { group: 0 });
            sleep(3 * TIMEOUT + EXPLANATION);
            other.meet().unwrap();
        });
        rank.meet().unwrap();
        late.join().unwrap();
    }

    #[test]
    fn who_holds_up_the_others_in_nccl_is_named_and_not_who_waits_for_it() {
        let group = crate::GroupSpec {
            name: "tp".into(),
            ranks: vec![0, 1, 2],
            heap_bytes: 0,
        };
        let world = World::create(WorldSpec {
            size: 3,
            groups: vec![group],
            timeout: TIMEOUT,
            plan_hash: String::new(),
            host_heaps: true,
        })
        .unwrap();
        let ranks = [0, 1, 2].map(|rank| world.rank(rank));
        for waiting in &ranks[..2] {
            waiting.record().set(Activity::Device);
            waiting.record().set_library(Some((0, 7)));
        }
        ranks[2].meet().unwrap_err();
        let report = world.report().unwrap();
        let activity = Activity::Library { op: 7 };
        let expected = Failure::TimedOut {
            rank: 0,
            missing: vec![2],
            millis: TIMEOUT.as_millis() as u64,
            activity,
        };
        assert_eq!(report.failure, expected);
        assert_eq!(report.activities, [activity, activity, Activity::Meeting]);
    }

    /// Has a rank come to a meeting some milliseconds late, and tells how far apart the ranks go on, of the better quarter
    /// of the meetings: in the others a rank may have lost its processor.
    fn lag(meet: fn(&Rank) -> Result<(), Failed>) -> Duration {
        let world = world();
        let rounds = |number, pause| {
            let world = world.clone();
            thread::spawn(move || {
                let rank = world.rank(number);
                let round = |_| {
                    sleep(pause);
                    meet(&rank).unwrap();
                    Instant::now()
                };
                (0..40).map(round).collect::<Vec<_>>()
            })
        };
        let ranks = [(0, Duration::ZERO), (1, Duration::from_millis(8))].map(|(n, p)| rounds(n, p));
        let [first, second] = ranks.map(|rank| rank.join().unwrap());
        let lags = first.iter().zip(&second);
        let mut lags: Vec<_> = lags
            .map(|(a, b)| if a > b { *a - *b } else { *b - *a })
            .collect();
        lags.sort_unstable();
        lags[lags.len() / 4]
    }

    #[test]
    fn ranks_that_line_up_go_on_together() {
        let (asleep, awake) = (lag(Rank::meet), lag(Rank::line_up));
        assert!(awake < asleep, "{awake:?}, {asleep:?}");
    }

    #[test]
    fn a_rank_that_was_stopped_gives_the_others_their_time() {
        let world = world();
        let rank = world.rank(0);
        let looks = Cell::new(0);
        let reached = || {
            looks.set(looks.get() + 1);
            if looks.get() == SPINS + 10 {
                sleep(2 * TIMEOUT);
            }
            looks.get() > SPINS + 20
        };
        let wait = Wait {
            activity: Activity::Meeting,
            awake: Awake::Briefly,
            reached: &reached,
            trouble: &|| None,
            late: &|| Failure::HostMemory { rank: 0, bytes: 0 },
            patience: &|| Patience::Over,
        };
        rank.wait_until(&wait).unwrap();
    }

    #[test]
    fn an_explanation_that_does_not_come_is_not_waited_for_long() {
        let world = world();
        let (rank, other) = (world.rank(0), world.rank(1));
        other.record().set(Activity::Device);
        let begin = Instant::now();
        rank.meet().unwrap_err();
        assert!(
            begin.elapsed() >= TIMEOUT + EXPLANATION,
            "{:?}",
            begin.elapsed()
        );
        assert!(matches!(
            world.report().unwrap().failure,
            Failure::TimedOut { rank: 0, .. }
        ));
    }
}
