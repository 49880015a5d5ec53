//! The figures as pictures: how many times better duramen is than its best durable peer, and how a churn went.

use std::path::Path;

use plotters::prelude::*;

use super::churn::TABLES;
use super::engine::{Done, Kind};
use super::figures::Figures;
use super::table::{Line, lines};
use crate::bars::times_better;

/// Draws what the figures are of into a directory.
///
/// # Errors
/// Where a picture cannot be drawn or written.
pub(super) fn draw(kinds: &[Kind], figures: &Figures, dir: &Path) -> Done {
    std::fs::create_dir_all(dir)?;
    let lines = lines(figures);
    if lines.iter().any(|line| TABLES.contains(&line.table)) {
        for table in TABLES {
            let file = table.split([',', '/']).next().unwrap_or(table).replace(": ", "-").replace(' ', "-");
            let picture = over_time(table, kinds, &lines).map_err(|error| error.to_string())?;
            std::fs::write(dir.join(format!("{}.svg", file.trim_end_matches('-').to_lowercase())), picture)?;
        }
        return Ok(());
    }
    let named = |line: &Line<'_>| Some((format!("{}: {}", short(line.table), line.name), line.factor()?));
    let bars: Vec<(String, f64)> = lines.iter().filter_map(named).collect();
    if !bars.is_empty() {
        let bars: Vec<(&str, f64)> = bars.iter().map(|(name, factor)| (name.as_str(), *factor)).collect();
        let picture = times_better("duramen beside the best durable peer of each line", &bars)
            .map_err(|error| error.to_string())?;
        std::fs::write(dir.join("kv.svg"), picture)?;
    }
    Ok(())
}

fn short(table: &str) -> &str {
    table.split([',', '(']).next().unwrap_or(table).trim_end()
}

/// A curve for each engine.
fn over_time(table: &str, kinds: &[Kind], lines: &[Line<'_>]) -> Result<String, Box<dyn std::error::Error>> {
    let lines: Vec<&Line<'_>> = lines.iter().filter(|line| line.table == table).collect();
    let points = |engine: &str| -> Vec<(f64, f64)> {
        let seconds = |line: &Line<'_>| line.name.trim_end_matches('s').trim().parse().unwrap_or(0.0);
        lines.iter().filter_map(|line| Some((seconds(line), line.of(engine)?))).collect()
    };
    let all: Vec<(f64, f64)> = kinds.iter().flat_map(|kind| points(kind.name)).collect();
    let end = all.iter().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = (least(&all), all.iter().map(|point| point.1).fold(0.1, f64::max));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (900, 420)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(table, ("sans-serif", 16))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..end, (low * 0.9..high * 1.1).log_scale())?;
        chart.configure_mesh().x_desc("seconds").draw()?;
        for (at, kind) in kinds.iter().enumerate() {
            let colour = Palette99::pick(at).to_rgba();
            chart
                .draw_series(LineSeries::new(points(kind.name), colour.stroke_width(2)))?
                .label(kind.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
        area.present()?;
    }
    Ok(svg)
}

/// The least value above zero, for a logarithmic axis.
fn least(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).filter(|value| *value > 0.0).fold(f64::MAX, f64::min).min(1e9)
}
