//! The table at the end.

use comfy_table::{CellAlignment, Table, presets};

use crate::usage::Usage;

/// One figure with what it is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    measure: String,
    figure: f64,
    unit: &'static str,
    against: Vec<(&'static str, f64)>,
    usage: Option<Usage>,
}

impl Row {
    /// `unit` stands behind every figure of the row.
    pub(crate) fn new(measure: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self {
            measure: measure.into(),
            figure,
            unit,
            against: Vec::new(),
            usage: None,
        }
    }

    /// Compares with `figure`, which has the same unit.
    #[must_use]
    pub(crate) fn against(mut self, name: &'static str, figure: f64) -> Self {
        self.against.push((name, figure));
        self
    }

    /// What the measured process used for it.
    #[must_use]
    pub(crate) fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// One line for each comparison; the figure itself stands on the first.
    fn lines(&self) -> Vec<[String; 7]> {
        let usage = |show: fn(&Usage) -> f64| self.usage.as_ref().map(|used| plain(show(used))).unwrap_or_default();
        let head = [
            self.measure.clone(),
            format!("{} {}", plain(self.figure), self.unit),
            usage(|used| used.cpu_secs),
            usage(|used| used.peak_mb),
        ];
        let mut lines: Vec<_> = self
            .against
            .iter()
            .map(|(name, other)| self.line(&head, name, *other))
            .collect();
        if lines.is_empty() {
            let [measure, figure, cpu, peak] = head.clone();
            lines.push([measure, figure, String::new(), String::new(), String::new(), cpu, peak]);
        }
        for line in lines.iter_mut().skip(1) {
            for column in [0, 1, 5, 6] {
                line[column].clear();
            }
        }
        lines
    }

    fn line(&self, head: &[String; 4], name: &str, other: f64) -> [String; 7] {
        let [measure, figure, cpu, peak] = head.clone();
        let ratio = ratio(self.figure, other);
        let other = format!("{} {}", plain(other), self.unit);
        [measure, figure, name.to_owned(), other, ratio, cpu, peak]
    }

    /// A line with the figures of the same measure in several ways, and one for each comparison.
    fn across(ways: &[&Self]) -> Vec<Vec<String>> {
        let Some(first) = ways.first() else {
            return Vec::new();
        };
        let mut figures = vec![first.measure.clone()];
        figures.extend(ways.iter().map(|row| format!("{} {}", plain(row.figure), row.unit)));
        let mut lines = vec![figures];
        for (place, (name, _)) in first.against.iter().enumerate() {
            let mut ratios = vec![format!("  ratio to {name}")];
            let others = ways
                .iter()
                .filter_map(|row| Some((row.figure, row.against.get(place)?.1)));
            ratios.extend(others.map(|(figure, other)| ratio(figure, other)));
            lines.push(ratios);
        }
        lines
    }
}

/// The rows of one way to run the program: plain text, aligned; ratio is the figure divided by the one it is compared with.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "measure",
        "figure",
        "compared with",
        "",
        "ratio",
        "server CPU s",
        "peak MB",
    ]);
    for row in rows {
        for line in row.lines() {
            table.add_row(line);
        }
    }
    for column in table.column_iter_mut().filter(|column| ![0, 2].contains(&column.index)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// Several ways beside each other, each with its name and the same rows. Under each figure stand its ratios.
pub(crate) fn across(title: &str, ways: &[(String, Vec<Row>)]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([title].into_iter().chain(ways.iter().map(|(name, _)| name.as_str())));
    let most = ways.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
    for place in 0..most {
        let cells: Vec<&Row> = ways.iter().filter_map(|(_, rows)| rows.get(place)).collect();
        for line in Row::across(&cells) {
            table.add_row(line);
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn ratio(figure: f64, other: f64) -> String {
    if other == 0.0 {
        "-".to_owned()
    } else {
        format!("{:.2}", figure / other)
    }
}

/// Three significant digits are more than a noisy machine can promise.
fn plain(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests;
