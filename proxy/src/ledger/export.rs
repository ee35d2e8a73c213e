//! The ledger as CSV, row by row.
//!
//! Rows are read a few hundred at a time, so that a slow reader holds neither memory nor a
//! connection. Names cannot become formulas of a spreadsheet.

use std::fmt::Write as _;

use bytes::Bytes;
use futures::{Stream, stream};

use super::{
    Ledger,
    row::tokens,
    usage::{Listed, listed},
};
use crate::{
    accounts::Scope,
    store::{StoreError, int},
};

const AT_ONCE: i64 = 500;

const HEAD: &str = "at,key,organisation,project,person,model,status,operation,input_tokens,cache_read_tokens,\
    cache_write_tokens,cache_write_long_tokens,audio_input_tokens,output_tokens,\
    reasoning_tokens,audio_output_tokens,cost_nano,ms,secs,estimated,request\r\n";

impl Ledger {
    /// Returns the requests of a time as CSV, the oldest first. Times are milliseconds since 1970, a
    /// cost that is not known is empty.
    pub fn export(
        &self,
        from_ms: u64,
        to_ms: u64,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + use<> {
        self.export_of(None, from_ms, to_ms)
    }

    /// Returns those that count for something.
    pub fn export_of(
        &self,
        scope: Option<Scope>,
        from_ms: u64,
        to_ms: u64,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + use<> {
        let (scope, owner) = scope.map_or((0, 0), Scope::numbers);
        let store = self.shared.store.clone();
        // Where it stands; none at the head, which comes first.
        let begin = (store, None);
        stream::try_unfold(begin, move |(store, after)| async move {
            let Some((at, number)) = after else {
                let first = (int(from_ms), i64::MIN);
                return Ok(Some((Bytes::from_static(HEAD.as_bytes()), (store, Some(first)))));
            };
            let rows = sqlx::query(listed!(
                "WHERE (r.at, r.id) > ($1, $2) AND r.at < $3 AND ($5 = 0
                  OR ($5 = 1 AND k.organisation_id = $6) OR ($5 = 2 AND k.project_id = $6)
                  OR ($5 = 3 AND k.person_id = $6) OR ($5 = 4 AND r.key_id = $6))
                 ORDER BY r.at, r.id LIMIT $4"
            ))
            .bind(at)
            .bind(number)
            .bind(int(to_ms))
            .bind(AT_ONCE)
            .bind(scope)
            .bind(owner)
            .fetch_all(store.read())
            .await?;
            let mut text = String::new();
            let mut after = None;
            for row in &rows {
                let listed = Listed::read(row)?;
                after = Some((int(listed.row.at_ms), listed.number));
                push(&mut text, &listed);
            }
            Ok(after.map(|after| (Bytes::from(text), (store, Some(after)))))
        })
    }
}

fn push(text: &mut String, listed: &Listed) {
    let row = &listed.row;
    let cost = row.usage.cost_nano.map(|it| it.to_string()).unwrap_or_default();
    let (key, model) = (cell(&listed.key_name), cell(&listed.model_name));
    let owners = listed.owners.map(|it| it.map(|it| it.to_string()).unwrap_or_default()).join(",");
    let operation = row.operation.name();
    let tokens = tokens(&row.usage).map(|it| it.to_string()).join(",");
    let estimated = u8::from(row.usage.estimated);
    writeln!(
        text,
        "{},{key},{owners},{model},{},{operation},{tokens},{cost},{},{},{estimated},{}\r",
        row.at_ms,
        row.status,
        row.ms,
        row.secs(),
        row.request
    )
    .expect("a text takes everything");
}

fn cell(text: &str) -> String {
    // A spreadsheet would compute what begins like this.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        for (name, expected) in [
            ("editor", "editor"),
            ("Ann, of \"sales\"", "\"Ann, of \"\"sales\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1+1", "'-1+1"),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(cell(name), expected);
        }
    }
}
