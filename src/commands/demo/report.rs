//! What the demo tells: every change of stage, and a table at the end.

use std::collections::BTreeMap;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use moments_domain::Clock as _;
use serde_json::Value;

use crate::clock::SystemClock;

/// The demo's tasks as last read.
#[derive(Default)]
pub(crate) struct Report {
    ids: Vec<(String, String)>,
    latest: BTreeMap<String, Value>,
}

impl Report {
    /// A new task under a short name.
    pub(crate) fn add(&mut self, name: &str, created: &Value) {
        self.ids.push((name.to_owned(), created["syncTaskId"].to_string()));
    }

    /// Names and ids.
    pub(crate) fn tasks(&self) -> Vec<(String, String)> {
        self.ids.clone()
    }

    /// Remembers a task; the lines for what has changed.
    pub(crate) fn note(&mut self, name: &str, task: &Value) -> String {
        let before = self.latest.insert(name.to_owned(), task.clone()).unwrap_or_default();
        let time = SystemClock.now().to_string();
        let time = time.split(['T', '.']).nth(1).unwrap_or_default();
        let mut lines = String::new();
        for result in results(task) {
            let old = results(&before).find(|old| old["accountId"] == result["accountId"]);
            if old.is_none_or(|old| old["stage"] != result["stage"]) {
                lines += &format!(
                    "  {time}  {name}  {:<16} {}\n",
                    text(result, "stage"),
                    text(result, "accountName")
                );
            }
        }
        lines
    }

    /// Every account of every task has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.latest.len() == self.ids.len()
            && self
                .all()
                .all(|result| matches!(text(result, "status"), "SUCCESS" | "FAILED"))
    }

    /// Every account of every task succeeded.
    pub(crate) fn succeeded(&self) -> bool {
        self.is_over() && self.all().all(|result| text(result, "status") == "SUCCESS")
    }

    /// A row for each account of each task.
    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_preset(UTF8_FULL_CONDENSED)
            .set_header(["任务", "账号", "名称", "结果", "阶段", "朋友圈ID", "原因"]);
        for (name, task) in self
            .ids
            .iter()
            .filter_map(|(name, _)| Some((name, self.latest.get(name)?)))
        {
            let task_name = format!("{name} {}", task["syncTaskId"]);
            for result in results(task) {
                let cells = [
                    "accountId",
                    "accountName",
                    "status",
                    "stage",
                    "momentId",
                    "errorMessage",
                ]
                .map(|key| text(result, key));
                table.add_row(std::iter::once(task_name.as_str()).chain(cells));
            }
        }
        format!("\n{table}\n")
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.latest.values().flat_map(results)
    }
}

fn results(task: &Value) -> impl Iterator<Item = &Value> {
    task["results"].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
