//! Instructions that lie in the project: `AGENT.md` and its kin, and `MEMORY.md`.
//!
//! They are found from the root down to the folders of the open files; the root's come first, so a
//! deeper one, being later, wins. Nothing outside the project is looked at.

use std::collections::BTreeSet;

use project::path::FilePath;

use crate::files::{Files, text};

/// In one folder, in this order.
const NAMES: [&str; 3] = ["AGENT.md", "AGENTS.md", "CLAUDE.md"];
const MEMORY: &str = "MEMORY.md";
/// The longest of these files that is taken whole.
const LIMIT_BYTES: usize = 32 * 1024;

/// A file of instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    pub path: FilePath,
    pub text: String,
    /// The file was longer than what is given.
    pub cut: bool,
}

/// Finds the instructions that hold for the open files: all `AGENT.md`s, then all `MEMORY.md`s, each
/// from the root down. Two files with the same content in one folder count once.
pub fn discover(files: &dyn Files, open: &[FilePath]) -> Vec<Instruction> {
    let mut folders: BTreeSet<&str> = BTreeSet::from([""]);
    folders.extend(open.iter().flat_map(FilePath::ancestors));
    let mut folders: Vec<&str> = folders.into_iter().collect();
    folders.sort_by_key(|it| (if it.is_empty() { 0 } else { it.split('/').count() }, *it));
    let mut found: Vec<Instruction> = Vec::new();
    for names in [&NAMES[..], &[MEMORY]] {
        for folder in &folders {
            let mut here: Vec<Instruction> = Vec::new();
            for instruction in names.iter().filter_map(|name| read(files, folder, name)) {
                if here.iter().all(|it| it.text != instruction.text) {
                    here.push(instruction);
                }
            }
            found.extend(here);
        }
    }
    found
}

fn read(files: &dyn Files, folder: &str, name: &str) -> Option<Instruction> {
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let path = FilePath::parse(&path).ok()?; // Too long a path has no such file.
    let bytes = files.read(&path)?;
    let content = text(&bytes)?;
    if content.trim().is_empty() {
        return None;
    }
    let end = content.floor_char_boundary(LIMIT_BYTES.min(content.len()));
    Some(Instruction { path, text: content[..end].to_owned(), cut: end < content.len() })
}
