// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How rank 0 tells the others why a step failed, so that every rank reports the same missing ranks.

use std::time::Duration;

use super::error::ExchangeError;

const LEFT: u8 = 1;
const MISSING: u8 = 2;
const OTHER: u8 = 3;

/// Writes the reason of a failure for the other ranks.
pub(super) fn encode(error: &ExchangeError) -> Vec<u8> {
    let (tag, ranks, text) = match error {
        ExchangeError::Left { rank, step } => (LEFT, vec![*rank], step.clone()),
        ExchangeError::Missing { ranks, step, .. } => (MISSING, ranks.clone(), step.clone()),
        other => (OTHER, Vec::new(), other.to_string()),
    };
    let mut out = vec![tag, ranks.len() as u8];
    ranks.iter().for_each(|rank| out.extend(rank.to_le_bytes()));
    out.extend(text.as_bytes());
    out
}

/// Reads what [`encode`] wrote, on a rank that was at `step` for `waited`; `None` if it is nothing of the kind.
pub(super) fn decode(bytes: &[u8], step: &str, waited: Duration) -> Option<ExchangeError> {
    let (&[tag, count], rest) = bytes.split_first_chunk::<2>()?;
    let (ranks, text) = rest.split_at_checked(count as usize * 4)?;
    let ranks: Vec<u32> = ranks
        .chunks_exact(4)
        .map(|c| u32::from_le_bytes(c.try_into().expect("four bytes")))
        .collect();
    let text = String::from_utf8_lossy(text).into_owned();
    match (tag, ranks.as_slice()) {
        (LEFT, [rank]) => Some(ExchangeError::Left {
            rank: *rank,
            step: text,
        }),
        (MISSING, [_, ..]) => Some(ExchangeError::Missing {
            ranks,
            step: text,
            waited,
        }),
        (OTHER, []) => Some(ExchangeError::Aborted {
            step: step.to_owned(),
            reason: text,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_travel() {
        let waited = Duration::from_secs(2);
        let missing = ExchangeError::Missing {
            ranks: vec![1, 3],
            step: "join".into(),
            waited,
        };
        let left = ExchangeError::Left {
            rank: 2,
            step: "heap".into(),
        };
        for error in [missing, left] {
            let seen = decode(&encode(&error), "here", waited).unwrap();
            assert_eq!(seen.to_string(), error.to_string());
        }
        let other = ExchangeError::Malformed {
            rank: 1,
            reason: "no Symm message",
        };
        let seen = decode(&encode(&other), "heap", waited).unwrap().to_string();
        assert!(
            seen.contains("'heap'") && seen.contains("no Symm message"),
            "{seen}"
        );
    }

    #[test]
    fn garbage_is_no_reason() {
        for bytes in [&[][..], &[1], &[1, 1, 0], &[2, 0], &[9, 0, b'x']] {
            assert!(decode(bytes, "x", Duration::ZERO).is_none(), "{bytes:?}");
        }
    }
}
