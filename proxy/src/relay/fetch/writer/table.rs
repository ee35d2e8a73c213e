//! Rows of cells as a table of Markdown.

use super::line::escaped;

/// Columns of a table.
pub(super) const COLUMNS_LIMIT: usize = 64;

/// Returns a table as one block. What has one column only is no table.
pub(super) fn blocks(mut rows: Vec<Vec<String>>) -> Vec<String> {
    rows.retain(|row| row.iter().any(|it| !it.is_empty()));
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if n_columns <= 1 {
        return rows.into_iter().flatten().map(|it| escaped(&it)).collect();
    }
    let mut lines = Vec::new();
    for (n, mut row) in rows.into_iter().enumerate() {
        row.resize(n_columns, String::new());
        lines.push(format!("| {} |", row.join(" | ")));
        if n == 0 {
            lines.push(format!("|{}", " --- |".repeat(n_columns)));
        }
    }
    vec![lines.join("\n")]
}
