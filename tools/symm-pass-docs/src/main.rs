// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Prints the page of the book that documents every pass and pipeline, from their declarations.

use symm_ir::docs::{pass_page, pipeline_page};
use symm_transforms::{PASSES, PIPELINES};

fn main() {
    println!("<!-- Made by `cargo xtask docs` from the declarations of the passes. -->\n");
    println!("# Passes\n");
    for pass in PASSES {
        println!("{}", pass_page(pass));
    }
    for pipeline in PIPELINES {
        println!("{}", pipeline_page(pipeline));
    }
}
