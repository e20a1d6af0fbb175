//! The plots: time against the number of elements, a panel for each function.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::measure::{Measured, Row};
use crate::page::cores;
use crate::work::WORKS;

const SIZE: (u32, u32) = (1500, 620);
/// Colours that people who see no red or no green can tell apart (after Okabe and Ito), and grey for the loops by hand.
const COLOURS: [RGBColor; 11] = [
    RGBColor(90, 90, 90),
    RGBColor(213, 94, 0),
    RGBColor(230, 159, 0),
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(150, 200, 255),
    RGBColor(0, 158, 115),
    RGBColor(120, 210, 170),
    RGBColor(204, 121, 167),
    RGBColor(100, 60, 140),
    RGBColor(170, 130, 210),
];

/// Draws every work that has been measured for several sizes.
pub(crate) fn draw(path: &Path, measured: &Measured) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!("Forward and gradient, {}", cores(measured.threads).to_lowercase());
    let area = area.titled(&title, ("sans-serif", 26))?;
    let works: Vec<_> = WORKS.iter().filter(|work| work.sizes.len() > 1).collect();
    let (panels, legend) = area.split_horizontally(SIZE.0 - 230);
    for (panel, work) in panels.split_evenly((1, works.len())).iter().zip(works) {
        let rows: Vec<&Row> = measured.rows.iter().filter(|row| row.work.name == work.name).collect();
        let sizes = rows.iter().map(|row| row.size as f64);
        let (least, most) = (sizes.clone().fold(f64::MAX, f64::min), sizes.fold(0.0, f64::max));
        let name = work.title.split(',').next().unwrap_or(work.title);
        let mut chart = ChartBuilder::on(panel)
            .caption(name, ("sans-serif", 20))
            .margin(8)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((least..most).log_scale(), (1e-8f64..4.0).log_scale())?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc("elements")
            .y_desc("seconds")
            .x_labels(5)
            .x_label_formatter(&|size| format!("{size:.0e}"))
            .y_label_formatter(&|seconds| format!("{seconds:.0e}"))
            .draw()?;
        for (k, colour) in COLOURS.iter().enumerate().take(measured.systems.len()).rev() {
            let points: Vec<_> = rows.iter().filter_map(|row| Some((row.size as f64, row.seconds[k]?))).collect();
            let width = if k < 3 { 3 } else { 1 };
            chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(width)))?;
            chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, colour.filled())))?;
        }
    }
    for (k, system) in measured.systems.iter().enumerate() {
        let y = 60 + 28 * i32::try_from(k)?;
        legend.draw(&PathElement::new(vec![(10, y), (40, y)], COLOURS[k].stroke_width(if k < 3 { 3 } else { 1 })))?;
        legend.draw(&Text::new(system.name, (50, y - 8), ("sans-serif", 17)))?;
    }
    area.present()?;
    Ok(())
}
