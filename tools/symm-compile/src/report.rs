// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What was done, for people.

use std::fmt::Write;
use symm_abi::{Manifest, Value};
use symm_ir::remark::{Entry as Remark, Kind};

/// Describes a compiled program and the decisions that made it.
pub fn plan(manifest: &Manifest, remarks: &[Remark]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_plan(&mut text, manifest, remarks);
    text
}

fn write_plan(text: &mut String, manifest: &Manifest, remarks: &[Remark]) -> std::fmt::Result {
    for entry in &manifest.entries {
        writeln!(
            text,
            "entry {}({}) -> ({})",
            entry.name,
            list(&entry.args),
            list(&entry.results)
        )?;
    }
    for group in &manifest.groups {
        let memory = if group.symm_mem {
            ", symmetric memory"
        } else {
            ""
        };
        writeln!(
            text,
            "group @{}: {} ranks {:?}{memory}",
            group.name, group.size, group.ranks
        )?;
    }
    section(text, "collectives", manifest.ops.len())?;
    for op in &manifest.ops {
        let group = manifest
            .groups
            .get(op.group as usize)
            .map_or("?", |group| &group.name);
        writeln!(
            text,
            "  {}: {} on @{group}: {}",
            op.loc, op.name, op.algorithm
        )?;
    }
    let decisions: Vec<_> = remarks
        .iter()
        .filter(|remark| remark.name != "statistics")
        .collect();
    section(text, "decisions", decisions.len())?;
    for remark in decisions {
        writeln!(text, "  {}", decision(remark))?;
    }
    section(text, "buffers", manifest.buffers.len())?;
    for buffer in &manifest.buffers {
        writeln!(
            text,
            "  {}: {}, {} bytes in {}",
            buffer.loc, buffer.name, buffer.bytes, buffer.space
        )?;
    }
    Ok(())
}

fn section(text: &mut String, title: &str, count: usize) -> std::fmt::Result {
    match count {
        0 => writeln!(text, "{title}: none"),
        _ => writeln!(text, "{title}:"),
    }
}

fn list(values: &[Value]) -> String {
    let values = values.iter().map(|value| {
        let extents: String = value
            .shape
            .iter()
            .map(|extent| format!("{extent}x"))
            .collect();
        format!("{}: {extents}{}", value.name, value.dtype.name())
    });
    values.collect::<Vec<_>>().join(", ")
}

fn decision(remark: &Remark) -> String {
    // What was done, or not, is in the remark's name: placed, copied, kept.
    let outcome = match remark.kind {
        Kind::Failed => " failed",
        Kind::Passed | Kind::Missed | Kind::Analysis => "",
    };
    let arguments: Vec<_> = remark
        .args
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let place = remark
        .location
        .trim_start_matches("loc(")
        .trim_end_matches(')')
        .replace('"', "");
    format!(
        "{place}: {} {}{outcome}; {}",
        remark.category,
        remark.name,
        arguments.join("; ")
    )
}
