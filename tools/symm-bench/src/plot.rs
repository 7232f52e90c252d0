// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Latency and bandwidth by size, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use plotters::prelude::*;

use crate::report::{Entry, algorithms, kinds};

/// Colours that stay apart for the colour-blind: those of Okabe and Ito, and darker ones of Tol.
const COLOURS: [RGBColor; 12] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(60, 60, 60),
    RGBColor(136, 34, 85),
    RGBColor(51, 34, 136),
    RGBColor(153, 153, 51),
    RGBColor(17, 119, 51),
    RGBColor(170, 170, 170),
];
const WIDTH: u32 = 1200;
const HEIGHT: u32 = 520;

type Points = Vec<(f64, f64)>;

/// The points of an algorithm.
struct Series {
    name: String,
    points: Points,
    style: Style,
}

/// How a series is drawn: ours in one stroke, peers dashed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Style {
    colour: RGBColor,
    dashed: bool,
}

/// Returns a style for each algorithm: as many of ours and as many peers as there are colours have one of their own.
fn styles(entries: &[Entry]) -> Vec<(String, Style)> {
    let mut colours = [COLOURS.iter().cycle(), COLOURS.iter().cycle()];
    let style = |name: &str| {
        let dashed = entries
            .iter()
            .any(|entry| entry.algorithm == name && entry.peer);
        let colour = *colours[usize::from(dashed)].next()?;
        Some((name.to_owned(), Style { colour, dashed }))
    };
    algorithms(entries).into_iter().filter_map(style).collect()
}

/// Draws one line of two panels, latency and bus bandwidth, for each pair of type and reduction.
pub fn draw(path: &Path, entries: &[Entry], world: u32) -> Result<()> {
    let kinds = kinds(entries);
    ensure!(
        entries.iter().any(|e| e.best_us().is_some()),
        "nothing was measured, so there is nothing to plot"
    );
    let root = SVGBackend::new(path, (WIDTH, HEIGHT * kinds.len() as u32)).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    for (area, kind) in root.split_evenly((kinds.len(), 1)).iter().zip(&kinds) {
        let of_kind: Vec<_> = entries
            .iter()
            .filter(|e| e.kind() == *kind)
            .cloned()
            .collect();
        let Some(first) = of_kind.first() else {
            continue;
        };
        let name = format!(
            "all_reduce {} {}, {world} ranks",
            first.dtype(),
            first.redop()
        );
        let [left, right] = &area.split_evenly((1, 2))[..] else {
            continue;
        };
        panel(
            left,
            &format!("{name}: latency (us)"),
            &series(&of_kind, Entry::best_us),
        )?;
        panel(
            right,
            &format!("{name}: bus bandwidth (GB/s)"),
            &series(&of_kind, |e| e.best_bus_bandwidth(world)),
        )?;
    }
    root.present().map_err(text)
}

/// Collects the points of each algorithm: size against what `value` says.
fn series(entries: &[Entry], value: impl Fn(&Entry) -> Option<f64>) -> Vec<Series> {
    let series = styles(entries).into_iter().map(|(name, style)| {
        let own = entries.iter().filter(|e| e.algorithm == name);
        let points = own.filter_map(|e| Some((e.case.bytes() as f64, value(e)?)));
        Series {
            points: points.filter(|(_, y)| *y > 0.0).collect(),
            name,
            style,
        }
    });
    series.filter(|series| !series.points.is_empty()).collect()
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    series: &[Series],
) -> Result<()> {
    let all: Vec<_> = series.iter().flat_map(|series| &series.points).collect();
    let range = |of: fn(&(f64, f64)) -> f64, base: f64| {
        let values = all.iter().map(|p| of(p));
        let (low, high) = values.fold((f64::INFINITY, 0.0f64), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        let range = if low.is_finite() {
            low * 0.8..high * 1.25
        } else {
            1.0..10.0
        };
        range.log_scale().base(base)
    };
    let mut builder = ChartBuilder::on(area);
    builder
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(56);
    let mut chart = builder
        .build_cartesian_2d(range(|p| p.0, 2.0), range(|p| p.1, 10.0))
        .map_err(text)?;
    chart
        .configure_mesh()
        .x_desc("bytes")
        .x_labels(16)
        .x_label_formatter(&|x| bytes(*x))
        .y_label_formatter(&|y| {
            if *y < 10.0 {
                format!("{y:.1}")
            } else {
                format!("{y:.0}")
            }
        })
        .light_line_style(WHITE)
        .draw()
        .map_err(text)?;
    for series in series {
        line(&mut chart, series)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE.mix(0.8))
        .draw()
        .map_err(text)
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, LogCoord<f64>>>;

fn line<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>, series: &Series) -> Result<()> {
    let Style { colour, dashed } = series.style;
    let style = colour.stroke_width(2);
    let points = series.points.iter().copied();
    let drawn = if dashed {
        chart.draw_series(DashedLineSeries::new(points, 6, 4, style))
    } else {
        chart.draw_series(LineSeries::new(points, style))
    };
    let dash = move |(x, y), from, to| PathElement::new([(x + from, y), (x + to, y)], style);
    drawn
        .map_err(text)?
        .label(&series.name)
        .legend(move |at: (i32, i32)| {
            let pieces = if dashed {
                [(0, 7), (11, 18)]
            } else {
                [(0, 9), (9, 18)]
            };
            let [first, second] = pieces.map(|(from, to)| dash(at, from, to));
            EmptyElement::at((0, 0)) + first + second
        });
    let dots = series.points.iter();
    let dots = dots.map(|point| Circle::new(*point, 3, colour.filled()));
    chart.draw_series(dots).map_err(text)?;
    Ok(())
}

/// Writes a size as people do: 64K, 2M.
fn bytes(size: f64) -> String {
    match size {
        s if s >= 1_073_741_824.0 => format!("{:.0}G", s / 1_073_741_824.0),
        s if s >= 1_048_576.0 => format!("{:.0}M", s / 1_048_576.0),
        s if s >= 1024.0 => format!("{:.0}K", s / 1024.0),
        s => format!("{s:.0}"),
    }
}

fn text(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("the plot could not be drawn: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::entry;

    #[test]
    fn every_algorithm_has_its_line_in_both_panels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.svg");
        let mut entries: Vec<_> = (0..5)
            .map(|i| entry("symm", 1024 << i, Some(2.0 + f64::from(i))))
            .collect();
        entries.extend((0..5).map(|i| entry("nccl", 1024 << i, Some(15.0))));
        entries.push(entry("one_shot_pull", 1024, None));
        draw(&path, &entries, 4).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        for (word, times) in [("symm", 2), ("nccl", 2), ("one_shot_pull", 0)] {
            assert_eq!(svg.matches(word).count(), times, "{word}");
        }
        assert_eq!(svg.matches("<circle").count(), 20);
        assert!(svg.contains("latency (us)") && svg.contains("bus bandwidth (GB/s)"));
    }

    #[test]
    fn no_two_lines_look_the_same() {
        let ours = [
            "symm",
            "one_shot_push",
            "two_shot_push",
            "one_shot_pull",
            "two_shot_pull",
        ];
        let theirs = [
            "nccl",
            "nccl_window",
            "torch_nccl",
            "torch_nccl_window",
            "torch_one_shot",
            "torch_two_shot",
            "vllm",
            "trtllm",
            "trtllm_pdl",
        ];
        let mut entries: Vec<_> = ours.map(|name| entry(name, 1024, Some(1.0))).into();
        entries.extend(theirs.map(|name| entry(name, 1024, Some(2.0)).of_peer()));
        let styles = styles(&entries);
        assert_eq!(styles.len(), 14);
        for (i, (name, style)) in styles.iter().enumerate() {
            assert_eq!(style.dashed, theirs.contains(&name.as_str()));
            assert!(
                styles[..i].iter().all(|(_, other)| other != style),
                "{name}"
            );
        }
    }

    #[test]
    fn nothing_measured_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [entry("symm", 1024, None)];
        assert!(draw(&folder.path().join("plot.svg"), &entries, 4).is_err());
    }
}
