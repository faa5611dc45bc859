//! What `/metrics` answers, read as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

/// A scrape.
pub(crate) struct Exposition {
    samples: Vec<Sample>,
    help: BTreeMap<String, String>,
}

struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Exposition {
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        let mut help = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
            let (name, text) = line.split_once(' ').expect("a help text");
            help.insert(name.to_owned(), text.to_owned());
        }
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            samples: lines.map(sample).collect(),
            help,
        }
    }

    /// The value of the series with exactly these labels.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: BTreeMap<_, _> = labels.iter().copied().collect();
        let same = |sample: &&Sample| {
            sample.name == name
                && sample.labels.len() == wanted.len()
                && sample
                    .labels
                    .iter()
                    .all(|(label, value)| wanted.get(label.as_str()) == Some(&value.as_str()))
        };
        self.samples.iter().find(same).map(|sample| sample.value)
    }

    /// Every name with the names of its labels.
    pub(crate) fn series(&self) -> BTreeSet<(&str, Vec<&str>)> {
        let mut series = BTreeSet::new();
        for sample in &self.samples {
            series.insert((sample.name.as_str(), sample.labels.keys().map(String::as_str).collect()));
        }
        series
    }

    pub(crate) fn help(&self, name: &str) -> Option<&str> {
        self.help.get(name).map(String::as_str)
    }
}

/// `name{label="value",…} value`; this program's label values hold neither quotes nor commas.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (label, value) = pair.split_once('=').unwrap_or_else(|| panic!("no label: {line}"));
        (label.to_owned(), value.trim_matches('"').to_owned())
    };
    Sample {
        name: name.to_owned(),
        labels: labels.map(pair).collect(),
        value: value.parse().unwrap_or_else(|_| panic!("no value: {line}")),
    }
}
