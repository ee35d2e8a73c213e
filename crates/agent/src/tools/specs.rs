//! The tools as the model is told about them.
//!
//! Names and order never depend on anything: they stand at the beginning of every request, and
//! providers cache that beginning byte by byte.

use serde_json::{Value, json};
use wire::ToolSpec;

use super::Tool;

/// Returns the tools' schemas, always in the same order.
pub fn specs() -> Vec<ToolSpec> {
    Tool::ALL
        .into_iter()
        .map(|tool| ToolSpec {
            name: tool.name().to_owned(),
            description: description(tool).to_owned(),
            parameters: parameters(tool),
        })
        .collect()
}

pub(super) fn arguments(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Read => &["path", "offset", "limit"],
        Tool::List => &["path"],
        Tool::Search => &["pattern", "path", "literal"],
        Tool::Write => &["path", "content"],
        Tool::Edit => &["path", "search", "replace", "replace_all"],
        Tool::Remove => &["path"],
        Tool::Move => &["from", "to"],
        Tool::Run => &["code"],
        Tool::Configure => &["name", "value"],
    }
}

fn required(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Read | Tool::Remove => &["path"],
        Tool::List => &[],
        Tool::Search => &["pattern"],
        Tool::Write => &["path", "content"],
        Tool::Edit => &["path", "search", "replace"],
        Tool::Move => &["from", "to"],
        Tool::Run => &["code"],
        Tool::Configure => &["name", "value"],
    }
}

fn description(tool: Tool) -> &'static str {
    match tool {
        Tool::Read => {
            "Reads a text file. Every line comes with its number and a tab before it; they are not \
             part of the file."
        }
        Tool::List => {
            "Lists a folder: its files, and its folders with the number of files in them."
        }
        Tool::Search => {
            "Finds lines by a regular expression (or, with `literal`, by plain text). Answers \
             `path:line: text`."
        }
        Tool::Write => {
            "Creates a file, or replaces the whole content of one. Give the complete content; \
             never leave parts out. To change a part of a file use `edit`."
        }
        Tool::Edit => {
            "Replaces one passage of a file. `search` must be copied exactly from the file, without \
             line numbers, and long enough to occur only once."
        }
        Tool::Remove => "Removes a file.",
        Tool::Move => "Moves or renames a file. The new path must be free.",
        Tool::Run => {
            "Runs a JavaScript or TypeScript module and answers what it prints with `console.log`. \
             It can import the project's files (`import { add } from \"./src/sum.ts\"`) and the \
             packages that previews can. Besides the language there are `console` and timers: no \
             page, no network, no `URL`, no files to write. Await what is asynchronous at the top \
             level: a rejection that nobody awaits is not reported. It is stopped after 5 seconds. \
             Use it to try out code and to check results."
        }
        Tool::Configure => {
            "Changes a setting: `theme` (system, light or dark), `project.name`, \
             `project.instructions`, or `env.NAME`, an environment variable in `.env`. Pages see \
             those whose name starts with VITE_, as `import.meta.env.VITE_NAME`."
        }
    }
}

fn about(name: &str) -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    match name {
        "path" => text("Relative to the project's root, like src/main.ts."),
        "from" => text("The file's path."),
        "to" => text("The new path."),
        "pattern" => text("What to look for, within one line."),
        "content" => text("The complete content."),
        "search" => text("The passage to replace, exactly as it stands in the file."),
        "replace" => text("What takes its place; empty removes it."),
        "offset" => json!({ "type": "integer", "minimum": 1, "description": "The first line." }),
        "limit" => json!({ "type": "integer", "minimum": 1, "description": "How many lines." }),
        "code" => text("The module's text. Imports are relative to the project's root."),
        "name" => text("The setting, like theme or env.VITE_TITLE."),
        "value" => text("What it is set to."),
        "literal" => json!({ "type": "boolean", "description": "The pattern is plain text." }),
        _ => json!({ "type": "boolean", "description": "Replace every occurrence." }),
    }
}

fn parameters(tool: Tool) -> Value {
    let properties: serde_json::Map<String, Value> =
        arguments(tool).iter().map(|name| ((*name).to_owned(), about(name))).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required(tool),
        "additionalProperties": false,
    })
}
