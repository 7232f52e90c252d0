// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs that fail, and what is said of them.

use crate::Ranks;
use std::time::{Duration, Instant};
use symm_runtime::{
    Activity, Failure,
    cuda::Session,
    launch::{LaunchError, WorkError},
};

/// A failure, with its words, and how long it took.
pub struct Failed {
    pub failure: Failure,
    pub text: String,
    pub stuck: Vec<u32>,
    pub time: Duration,
}

/// How ranks end that fail.
pub fn failure<T: Send + 'static>(
    (program, size): (&'static str, u32),
    timeout: Duration,
    work: impl Fn(&Session) -> Result<T, WorkError> + Send + Sync + 'static,
) -> Failed {
    let mut ranks = Ranks::of(program, size);
    ranks.timeout = timeout;
    let begin = Instant::now();
    let (program, outcome) = ranks.run(work);
    let time = begin.elapsed();
    let LaunchError { report, stuck } = outcome.err().expect("a rank fails");
    Failed {
        text: report.describe(program.manifest()),
        failure: report.failure,
        stuck,
        time,
    }
}

/// Work that is one run of an entry.
pub fn run(entry: &'static str) -> impl Fn(&Session) -> Result<(), WorkError> {
    move |session| {
        session.call(entry)?.run()?;
        Ok(())
    }
}

impl Failed {
    /// Checks that some rank waited in an op by NCCL for other ranks.
    pub fn is_late(&self, op: u32, missing: &[u32]) -> &Self {
        let Failure::TimedOut {
            rank,
            missing: found,
            activity,
            ..
        } = &self.failure
        else {
            panic!("{}", self.text);
        };
        assert_eq!(found, missing, "{}", self.text);
        assert!(!missing.contains(rank), "{}", self.text);
        assert_eq!(*activity, Activity::Library { op }, "{}", self.text);
        self
    }

    /// Checks what is said.
    pub fn says(&self, words: &[&str]) -> &Self {
        for words in words {
            assert!(self.text.contains(words), "{words}: {}", self.text);
        }
        self
    }

    /// Checks that every rank left, and soon.
    pub fn left(&self) {
        assert_eq!(self.stuck, [0; 0], "{}", self.text);
        assert!(self.time < Duration::from_secs(15), "{:?}", self.time);
    }
}
