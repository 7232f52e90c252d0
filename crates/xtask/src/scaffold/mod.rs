// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Beginnings of new ops and passes: what compiles, runs and is tested from the first minute.

pub mod op;
pub mod pass;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// The two lines that every file begins with, after the given comment sign.
fn licence(comment: &str) -> String {
    format!(
        "{comment} SPDX-FileCopyrightText: The Symm authors\n\
         {comment} SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n\n"
    )
}

/// Writes a new file, given by its path in the repository.
fn create(path: &str, text: &str) -> Result<()> {
    let full = workspace::root().join(path);
    ensure!(!full.exists(), "{path} exists");
    fs::create_dir_all(full.parent().unwrap_or(Path::new("/")))?;
    fs::write(&full, text).with_context(|| format!("cannot write {path}"))?;
    println!("wrote {path}");
    Ok(())
}

/// Changes a file, given by its path in the repository.
fn edit(path: &str, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let full = workspace::root().join(path);
    let text = fs::read_to_string(&full).with_context(|| format!("cannot read {path}"))?;
    let changed = change(&text).with_context(|| format!("cannot change {path}"))?;
    fs::write(&full, changed).with_context(|| format!("cannot write {path}"))?;
    println!("changed {path}");
    Ok(())
}

/// Turns `lower-comm` or `lower_comm` into `LowerComm`.
fn camel_case(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}

/// Checks that a name is lower-case words with the given sign between them.
fn check_name(name: &str, between: char) -> Result<()> {
    let is_word_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit();
    ensure!(
        name.starts_with(|sign: char| sign.is_ascii_lowercase())
            && name
                .chars()
                .all(|sign| is_word_sign(sign) || sign == between),
        "expected lower-case words joined by '{between}', got '{name}'"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camel_case() {
        assert_eq!(camel_case("lower-comm"), "LowerComm");
        assert_eq!(camel_case("two_shot_all_reduce_"), "TwoShotAllReduce");
    }

    #[test]
    fn names_are_words() {
        assert!(check_name("lower-comm", '-').is_ok());
        assert!(check_name("all_reduce_2", '_').is_ok());
        for name in ["", "-x", "LowerComm", "lower_comm", "a b", "../x"] {
            assert!(check_name(name, '-').is_err(), "{name}");
        }
    }
}
