//! The system prompt: what stands before every conversation.
//!
//! Three layers, always in this order: Easel's directive, the person's own instructions for all
//! projects, and the project's instructions with what its files say. What never changes comes first,
//! so that two requests begin with the same bytes and providers' caches hit. The conversation and the
//! project's contents are not here: see [`crate::context`].

use project::path::FilePath;

mod directive;
pub mod instructions;
pub mod untrusted;

pub use directive::{FENCED, TOOLS};
pub use instructions::{Instruction, discover};

/// What a person has written for the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    /// For all projects.
    pub global: String,
    /// For this project.
    pub project: String,
}

/// A piece of the system prompt, with its name and reason for the inspector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub name: String,
    pub reason: String,
    pub text: String,
}

/// Compiles the system prompt. Later pieces win over earlier ones, and the directive says so.
pub fn compile(layers: &Layers, found: &[Instruction], tools: bool) -> Vec<Piece> {
    let mut pieces = vec![Piece {
        name: "Directive".to_owned(),
        reason: "how Easel works; the same for every project".to_owned(),
        text: if tools { TOOLS } else { FENCED }.to_owned(),
    }];
    let own = [
        ("Global instructions", "yours, for all projects", &layers.global),
        ("Project instructions", "yours, for this project", &layers.project),
    ];
    for (name, reason, text) in own.into_iter().filter(|it| !it.2.trim().is_empty()) {
        pieces.push(Piece {
            name: name.to_owned(),
            reason: reason.to_owned(),
            text: format!("# {name}\n\n{}\n", untrusted::clean(text.trim())),
        });
    }
    for instruction in found {
        let place = folder(&instruction.path);
        pieces.push(Piece {
            name: instruction.path.to_string(),
            reason: format!("the project's file, for {place}"),
            text: format!(
                "# {} (a file of the project, for {place})\n\n{}\n",
                instruction.path,
                untrusted::clean(instruction.text.trim())
            ),
        });
    }
    pieces
}

fn folder(path: &FilePath) -> String {
    path.parent().map_or_else(|| "the whole project".to_owned(), |it| format!("`{it}/`"))
}

#[cfg(test)]
mod tests;
