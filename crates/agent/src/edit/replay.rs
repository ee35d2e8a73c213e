//! Real edits of real models, replayed; a sample from outside that is read when it is there.
//!
//! Without `EASEL_FIXTURES` it says so and proves nothing.

use serde::Deserialize;

use super::{Miss, Passage, Rung, apply};

#[derive(Deserialize)]
struct Case {
    case: u32,
    before: String,
    after: String,
    new_file: bool,
    blocks: Vec<Block>,
    outcome_with_aider_algorithm: String,
}

#[derive(Deserialize)]
struct Block {
    search: String,
    replace: String,
    aider: String,
}

#[test]
fn recorded_edits_apply_or_are_refused_with_a_reason() {
    let Ok(folder) = std::env::var("EASEL_FIXTURES") else {
        println!("EASEL_FIXTURES is not set: no recorded edits were replayed");
        return;
    };
    let folder = std::path::Path::new(&folder).join("edits-replay");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let mut table = String::new();
    let (mut identical, mut alike, mut differs, mut failed, mut theirs) = (0, 0, 0, 0, 0);
    let mut rungs = std::collections::BTreeMap::<String, u32>::new();
    for line in read("cases.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let blob = |name: &str| {
            if name.is_empty() { String::new() } else { read(&format!("blobs/{name}")) }
        };
        let (mut text, after) = (blob(&case.before), blob(&case.after));
        let mut told = Vec::new();
        let mut refused = false;
        let mut loosest = Rung::Exact;
        for block in &case.blocks {
            let result = if text.is_empty() && block.search.trim().is_empty() {
                Ok((block.replace.clone(), Rung::Exact))
            } else {
                let (search, replace) = (&*block.search, &*block.replace);
                let passage = Passage { search, replace, all: false, whole_lines: true };
                apply(&text, passage).map(|it| (it.text, it.rung))
            };
            let name = match result {
                Ok((new, rung)) => {
                    text = new;
                    loosest = loosest.max(rung);
                    format!("{rung:?}")
                }
                Err(miss) => {
                    refused |= !matches!(miss, Miss::AlreadyApplied { .. } | Miss::SameText);
                    let name = format!("{miss:?}");
                    name.split([' ', '{']).next().unwrap_or_default().to_owned()
                }
            };
            *rungs.entry(name.split([' ', '{']).next().unwrap().to_owned()).or_default() += 1;
            told.push(format!("{name}/{}", block.aider));
        }
        // Spaces at line ends that the file had are kept; recorded results have the model's.
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        alike += u32::from(!refused && trimmed(&text) == trimmed(&after));
        let outcome = if refused {
            failed += 1;
            "failed"
        } else if text == after {
            identical += 1;
            "identical"
        } else {
            differs += 1;
            "applied_but_differs"
        };
        // What fits exactly must not come out differently.
        let same = outcome == case.outcome_with_aider_algorithm;
        assert!(same || loosest > Rung::Exact || outcome == "identical", "case {}", case.case);
        theirs += u32::from(case.outcome_with_aider_algorithm == "identical");
        if outcome != case.outcome_with_aider_algorithm {
            table += &format!(
                "| {} | {outcome} | {} | {}{} |\n",
                case.case,
                case.outcome_with_aider_algorithm,
                told.join(", "),
                if case.new_file { " (new)" } else { "" }
            );
        }
    }
    println!("| case | ours | aider's | blocks |\n|---|---|---|---|\n{table}");
    println!("but for spaces at line ends: {alike}");
    println!("identical {identical} (aider {theirs}), differs {differs}, refused {failed}");
    println!("{rungs:?}");
    assert!(
        identical >= theirs,
        "{identical} are identical, the recorded algorithm reached {theirs}"
    );
    assert!(alike > theirs, "{alike} are alike, the recorded algorithm reached {theirs}");
}
