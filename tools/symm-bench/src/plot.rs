// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Latency and bandwidth by size, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use plotters::prelude::*;

use crate::report::{Entry, algorithms, kinds};

/// Colours that stay apart for the colour-blind (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(60, 60, 60),
];
const WIDTH: u32 = 1200;
const HEIGHT: u32 = 520;

type Points = Vec<(f64, f64)>;

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
        let name = format!("all_reduce {} {}, {world} ranks", first.dtype, first.redop);
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
fn series(entries: &[Entry], value: impl Fn(&Entry) -> Option<f64>) -> Vec<(String, Points)> {
    let points = |name: &str| {
        let own = entries.iter().filter(|e| e.algorithm == name);
        own.filter_map(|e| Some((e.size as f64, value(e)?)))
            .filter(|(_, y)| *y > 0.0)
            .collect()
    };
    let all = algorithms(entries).into_iter();
    let all = all.map(|name| (name.to_owned(), points(name)));
    all.filter(|(_, points): &(String, Points)| !points.is_empty())
        .collect()
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    series: &[(String, Points)],
) -> Result<()> {
    let all: Vec<_> = series.iter().flat_map(|(_, points)| points).collect();
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
    for ((name, points), colour) in series.iter().zip(COLOURS.iter().cycle()) {
        line(&mut chart, name, points, *colour)?;
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

fn line(chart: &mut Chart<'_, '_>, name: &str, points: &Points, colour: RGBColor) -> Result<()> {
    let style = colour.stroke_width(2);
    let drawn = chart
        .draw_series(LineSeries::new(points.iter().copied(), style))
        .map_err(text)?;
    drawn
        .label(name)
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    let dots = points
        .iter()
        .map(|point| Circle::new(*point, 3, colour.filled()));
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
    fn nothing_measured_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [entry("symm", 1024, None)];
        assert!(draw(&folder.path().join("plot.svg"), &entries, 4).is_err());
    }
}
