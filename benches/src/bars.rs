//! The figures as a plot: how many times better each line is, on a logarithmic axis.

use plotters::prelude::*;

use crate::sql::engine::Failure;

const BARS_WIDTH: u32 = 650;
/// What a letter of a line's name takes, about.
const LETTER_WIDTH: u32 = 6;
const ROW_HEIGHT: u32 = 18;
const MARGINS: u32 = 90;
/// The longest bar, either way: the axis ends there.
const FURTHEST: f64 = 16.0;

const AHEAD: RGBColor = RGBColor(46, 125, 90);
const BEHIND: RGBColor = RGBColor(178, 79, 63);

/// An SVG picture with a bar for each line: to the right where the first engine is better, to the left where the other
/// is.
///
/// # Errors
/// Where it cannot be drawn.
pub(crate) fn times_better(title: &str, lines: &[(&str, f64)]) -> Result<String, Failure> {
    let mut svg = String::new();
    let rows = u32::try_from(lines.len())?;
    let longest = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let names_width = LETTER_WIDTH * u32::try_from(longest)?;
    {
        let size = (names_width + BARS_WIDTH, rows * ROW_HEIGHT + MARGINS);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        let end = i32::try_from(rows)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 16))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(names_width)
            .build_cartesian_2d((1.0 / FURTHEST..FURTHEST).log_scale(), (0..end).into_segmented())?;
        let name_of = |place: &SegmentValue<i32>| match place {
            SegmentValue::CenterOf(row) => usize::try_from(end - 1 - row)
                .ok()
                .and_then(|row| lines.get(row))
                .map_or("", |line| line.0)
                .into(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(lines.len())
            .y_label_formatter(&name_of)
            .x_labels(9)
            .x_label_formatter(&|times| format!("{times}x"))
            .x_desc("times better")
            .draw()?;
        chart.draw_series((0..end).rev().zip(lines).map(|(row, (_, times))| {
            let style = if *times >= 1.0 { AHEAD } else { BEHIND };
            let tip = times.clamp(1.0 / FURTHEST, FURTHEST);
            let corners = [(1.0, SegmentValue::Exact(row)), (tip, SegmentValue::Exact(row + 1))];
            let mut bar = Rectangle::new(corners, style.filled());
            bar.set_margin(3, 3, 0, 0);
            bar
        }))?;
        area.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests;
