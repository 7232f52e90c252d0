// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask docs`: the reference pages of the book, made from ODS and from the passes' declarations.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{process, setup, workspace};

/// The options of `cargo xtask docs`.
#[derive(clap::Args)]
pub struct Args {
    /// Change nothing; fail if a page is out of date.
    #[arg(long)]
    pub check: bool,
}

/// Each dialect with the ODS file that holds its operations.
const DIALECTS: [(&str, &str); 3] = [
    ("comm", "symm/comm/CommOps.td"),
    ("c10d", "symm/c10d/C10d.td"),
    ("symm_mem", "symm/symm_mem/SymmMem.td"),
];

/// A page of the book and what it should hold.
struct Page {
    path: PathBuf,
    text: String,
}

/// Writes the pages, or compares them with those that are there.
///
/// # Errors
/// A page can't be made or written, or is out of date and was to be checked.
pub fn run(args: &Args) -> Result<()> {
    setup::run()?;
    let stale: Vec<_> = pages()?.into_iter().filter(Page::is_stale).collect();
    for page in &stale {
        let path = page.path.strip_prefix(workspace::root())?.display();
        if args.check {
            eprintln!("{path} is out of date");
        } else {
            fs::write(&page.path, &page.text).with_context(|| format!("cannot write {path}"))?;
            println!("wrote {path}");
        }
    }
    if args.check && !stale.is_empty() {
        bail!("run `cargo xtask docs` and commit what it writes");
    }
    Ok(())
}

impl Page {
    fn is_stale(&self) -> bool {
        fs::read_to_string(&self.path).ok().as_ref() != Some(&self.text)
    }
}

fn pages() -> Result<Vec<Page>> {
    let reference = workspace::root().join("docs/reference");
    let mut pages = Vec::new();
    for (dialect, ods) in DIALECTS {
        let path = reference.join(format!("{dialect}.md"));
        pages.push(Page {
            path,
            text: dialect_page(dialect, ods)?,
        });
    }
    pages.push(Page {
        path: reference.join("passes.md"),
        text: passes_page()?,
    });
    Ok(pages)
}

fn dialect_page(dialect: &str, ods: &str) -> Result<String> {
    let dialects = workspace::root().join("dialects");
    let page = process::output(
        Command::new(workspace::llvm_tool("mlir-tblgen"))
            .args(["-gen-dialect-doc", &format!("-dialect={dialect}")])
            .arg("-I")
            .arg(&dialects)
            .arg("-I")
            .arg(workspace::llvm_prefix().join("include"))
            .arg(dialects.join(ods)),
    )?;
    // The book has a table of contents of its own.
    let lines: Vec<_> = page.lines().filter(|line| *line != "[TOC]").collect();
    Ok(lines.join("\n") + "\n")
}

fn passes_page() -> Result<String> {
    process::output(process::cargo().args(["run", "--quiet", "--package", "symm-pass-docs"]))
}
