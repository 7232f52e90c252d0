// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From the best shapes at single sizes to the ranges of a launch table.

use std::collections::BTreeMap;

use symm_abi::gpu::{Algorithm as Kind, ChipTable, Choice, LaunchTable, Shape};

use super::Found;

/// Turns the best shapes by size into ranges: each size's shape also serves what is smaller, down to the next size.
pub fn shapes(present: &ChipTable, found: &Found) -> BTreeMap<Kind, Vec<Shape>> {
    let mut shapes = present.shapes.clone();
    for (kind, sizes) in found {
        let mut ranges: Vec<Shape> = Vec::new();
        for (bytes, best) in sizes {
            let range = Shape {
                up_to: Some(*bytes),
                ..best.shape
            };
            match ranges.last_mut() {
                Some(last)
                    if Shape {
                        up_to: None,
                        ..*last
                    } == best.shape =>
                {
                    last.up_to = Some(*bytes)
                }
                _ => ranges.push(range),
            }
        }
        if let Some(last) = ranges.last_mut() {
            last.up_to = None;
        }
        shapes.insert(*kind, ranges);
    }
    shapes
}

/// Finds the fastest algorithm of each size among those that need no symmetric operand, as ranges.
pub fn choices(found: &Found) -> Vec<Choice> {
    let mut sizes: BTreeMap<u64, (Kind, f64)> = BTreeMap::new();
    for (kind, bests) in found
        .iter()
        .filter(|(kind, _)| !kind.operand_is_symmetric())
    {
        for (bytes, best) in bests {
            let fastest = sizes.entry(*bytes).or_insert((*kind, best.us));
            if best.us < fastest.1 {
                *fastest = (*kind, best.us);
            }
        }
    }
    let mut choices: Vec<Choice> = Vec::new();
    for (bytes, (algorithm, _)) in sizes {
        match choices.last_mut() {
            Some(last) if last.algorithm == algorithm => last.up_to = Some(bytes),
            _ => choices.push(Choice {
                up_to: Some(bytes),
                algorithm,
            }),
        }
    }
    if let Some(last) = choices.last_mut() {
        last.up_to = None;
    }
    choices
}

/// Puts an entry into a table, in the place of the one for the same chip and group size.
pub fn merged(table: &LaunchTable, entry: ChipTable) -> LaunchTable {
    let mut table = table.clone();
    let same = |other: &ChipTable| other.chip == entry.chip && other.world_size == entry.world_size;
    match table.tables.iter().position(same) {
        Some(place) => table.tables[place] = entry,
        None => table.tables.push(entry),
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::Best;
    use symm_abi::gpu::Trigger;

    fn best(threads: u32, us: f64) -> Best {
        Best {
            shape: Shape {
                up_to: None,
                threads,
                max_blocks: 32,
                unroll: 1,
                trigger: Trigger::Early,
            },
            us,
        }
    }

    #[test]
    fn what_was_found_is_a_table_that_parses() {
        let table = LaunchTable::shipped().unwrap();
        let present = table.entry("sm_90", 4).unwrap();
        let found = BTreeMap::from([
            (
                Kind::OneShotPush,
                vec![
                    (1024, best(64, 1.8)),
                    (2048, best(64, 1.9)),
                    (4096, best(128, 4.0)),
                ],
            ),
            (
                Kind::TwoShotPush,
                vec![
                    (1024, best(64, 3.0)),
                    (2048, best(64, 3.0)),
                    (4096, best(64, 3.0)),
                ],
            ),
            (Kind::OneShotPull, vec![(1024, best(64, 0.1))]),
        ]);
        let choices = choices(&found);
        let told: Vec<_> = choices.iter().map(|c| (c.up_to, c.algorithm)).collect();
        assert_eq!(
            told,
            [(Some(2048), Kind::OneShotPush), (None, Kind::TwoShotPush)]
        );
        let shapes = shapes(present, &found);
        let told: Vec<_> = shapes[&Kind::OneShotPush]
            .iter()
            .map(|s| (s.up_to, s.threads))
            .collect();
        assert_eq!(told, [(Some(2048), 64), (None, 128)]);
        assert_eq!(
            shapes[&Kind::TwoShotPull],
            present.shapes[&Kind::TwoShotPull]
        );

        let entry = ChipTable {
            chip: "sm_90".into(),
            device: "here".into(),
            world_size: 4,
            choices,
            shapes,
        };
        let merged = merged(&table, entry);
        assert_eq!(merged.tables.len(), table.tables.len());
        LaunchTable::parse(&serde_json::to_string(&merged).unwrap()).unwrap();
    }
}
