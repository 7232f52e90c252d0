// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What was done, for people.

use std::{collections::BTreeMap, fmt::Write};
use symm_abi::{
    Manifest, Value,
    cuda::{AllReduce, Cuda},
};
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
    if let Some(cuda) = &manifest.cuda {
        write_channels(text, manifest, cuda)?;
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

/// Describes the channels that all-reduces by generated kernels use: memory beside the buffers.
fn write_channels(text: &mut String, manifest: &Manifest, cuda: &Cuda) -> std::fmt::Result {
    let channels: BTreeMap<u32, &AllReduce> = cuda
        .all_reduces
        .iter()
        .rev()
        .map(|all_reduce| (all_reduce.channel, all_reduce))
        .collect();
    section(text, "channels", channels.len())?;
    for (number, first) in channels {
        let sharing = cuda.all_reduces.iter();
        let sharing = sharing.filter(|all_reduce| all_reduce.channel == number);
        let group = manifest.ops.get(first.op as usize).map(|op| op.group);
        let group = group.and_then(|group| manifest.groups.get(group as usize));
        writeln!(
            text,
            "  {number}: {} bytes on @{} for {} of {}",
            cuda.channel(first).bytes,
            group.map_or("?", |group| &group.name),
            sharing.count(),
            first.spec.name()
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
    let arguments = remark.args.iter();
    let arguments: String = arguments
        .map(|(key, value)| format!("; {key}: {value}"))
        .collect();
    format!(
        "{}: {} {}{outcome}{arguments}",
        remark.place, remark.category, remark.name
    )
}
