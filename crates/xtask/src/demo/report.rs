// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the demo tells the person who runs it.

use std::{collections::BTreeMap, time::Duration};

use ndarray::Array2;
use symm_abi::Manifest;

/// Prints why each collective was lowered, or was not.
pub fn decisions(remarks: &str) {
    heading("What was decided, and why");
    for line in remarks.lines().filter(|line| line.contains("remark:")) {
        println!("  {line}");
    }
}

/// Prints what each collective became.
pub fn collectives(manifest: &Manifest) {
    heading("What the collectives became");
    for op in &manifest.ops {
        let group = manifest.groups.get(op.group as usize);
        let group = group.map_or("?", |group| group.name.as_str());
        println!("  {:<16} {} on @{group}: {}", op.loc, op.name, op.algorithm);
    }
}

/// Prints which buffers live in symmetric memory, and how much lives elsewhere.
pub fn buffers(manifest: &Manifest) {
    heading("Where the buffers live");
    let mut elsewhere = BTreeMap::<&str, (usize, u64)>::new();
    for buffer in &manifest.buffers {
        if buffer.space.starts_with("symm_mem") {
            println!(
                "  {:<16} {} ({} bytes at {})",
                buffer.space, buffer.name, buffer.bytes, buffer.loc
            );
        } else {
            let (count, bytes) = elsewhere.entry(&buffer.space).or_default();
            *count += 1;
            *bytes += buffer.bytes;
        }
    }
    for (space, (count, bytes)) in elsewhere {
        println!("  {space:<16} {count} buffers ({bytes} bytes)");
    }
}

/// Prints the result, how far off it is and how long it took.
pub fn outcome(
    result: &Array2<f32>,
    error: f64,
    tolerance: f64,
    compile_time: Duration,
    run_time: Duration,
) {
    heading("The result");
    println!(
        "  first elements      {:.5}",
        result.row(0).slice(ndarray::s![..4])
    );
    println!("  all ranks           the same bits");
    println!(
        "  error               {error:.1e} of the largest element; {tolerance:.0e} is accepted"
    );
    println!("                      (against the unsharded block in f64, computed without Symm)");
    println!("  compiled in         {compile_time:.2?}");
    println!("  ran on 4 ranks in   {run_time:.2?}, with loading of the weights");
}

fn heading(text: &str) {
    println!("\n{text}");
}
