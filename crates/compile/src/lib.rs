//! TypeScript and JSX in, JavaScript that a browser runs out.
//!
//! Knows no files, no graph and nobody of ours: one text at a time, with the places of its imports,
//! so that whoever knows the files can point them somewhere. It does not check types. It is the
//! only crate that links oxc, and only the compiler worker links this crate, so that the core
//! stays small.

mod helpers;
mod places;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment};
use oxc::diagnostics::{OxcDiagnostic, Severity};
use oxc::parser::{Parser, ParserReturn};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::SourceType;
use oxc::transformer::{
    DecoratorOptions, HelperLoaderMode, HelperLoaderOptions, JsxOptions, JsxRuntime,
    TransformOptions, Transformer,
};
use serde::{Deserialize, Serialize};

use places::Lines;

const LIMIT_DEPTH: usize = 250;

/// A module that the browser can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    pub code: String,
    /// The `mappings` of a source map with one source; `None` when the code is the text as it was.
    pub mappings: Option<String>,
    /// In the order of the code, and never one inside another.
    pub marks: Vec<Mark>,
}

/// A place in the code that depends on where the module is loaded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Bytes of the code.
    pub start: u32,
    pub end: u32,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A specifier with its quotes.
    Import(Import),
    /// Between these two, of no width, is the argument of an `import(…)` that is only known when
    /// it runs.
    ComputedFrom,
    ComputedTo,
    /// `import.meta`
    Meta,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub specifier: String,
    /// `import("…")`: it may fail without the module failing.
    pub dynamic: bool,
    /// It says of what type the file is (`with { type: "json" }`), so it must stay that file.
    pub typed: bool,
    /// Where the text has it, counted from 1.
    pub line: u32,
    pub column: u32,
}

/// What is wrong with a text, and where, counted from 1; columns count UTF-16 units, as editors do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({line}:{column})")]
pub struct Problem {
    pub message: String,
    pub line: u32,
    pub column: u32,
}

/// Compiles one module. JSX uses the automatic runtime of `jsx_import_source`, unless a pragma in
/// the text says otherwise.
pub fn compile(path: &str, text: &str, jsx_import_source: &str) -> Result<Compiled, Problem> {
    let kind = kind(path);
    refuse_depth(text)?;
    if !kind.is_typescript() {
        // Plain JavaScript passes as it is, so that places in it stay true without a map.
        let allocator = Allocator::default();
        let plain = Parser::new(&allocator, text, kind.with_standard(true)).parse();
        if first_problem(&plain, text).is_none() && !has_decorator(text) {
            scoping(&plain.program, text)?;
            return Ok(Compiled {
                code: text.to_owned(),
                mappings: None,
                marks: places::marks(&plain.module_record, text, None),
            });
        }
    }
    transform(path, text, kind, jsx_import_source)
}

/// Returns what a parser finds wrong in JS, JSX, TS or TSX, and nothing for other files.
pub fn errors(path: &str, text: &str) -> Vec<Problem> {
    if !is_script(path) {
        return Vec::new();
    }
    if let Err(problem) = refuse_depth(text) {
        return vec![problem];
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(path)).parse();
    let lines = Lines::of(text);
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return parsed.diagnostics.errors().map(|found| problem(found, &lines)).collect();
    }
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    checked.diagnostics.iter().filter(is_error).map(|found| problem(found, &lines)).collect()
}

/// Tells whether [`compile`] has something to do with a file of this name.
pub fn is_script(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx")
}

fn kind(path: &str) -> SourceType {
    let known = SourceType::from_path(Path::new(path)).unwrap_or_else(|_| SourceType::mjs());
    // Everything a preview loads is a module, and people write JSX into `.js`.
    let jsx = known.is_jsx() || known.is_javascript();
    known.with_module(true).with_jsx(jsx)
}

/// The parser calls itself for each bracket, and a worker whose stack is full is a dead worker.
fn refuse_depth(text: &str) -> Result<(), Problem> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > LIMIT_DEPTH {
            let (line, column) = Lines::of(text).place(at);
            let message = format!("more than {LIMIT_DEPTH} brackets are open; nest less deeply");
            return Err(Problem { message, line, column });
        }
    }
    Ok(())
}

fn has_decorator(text: &str) -> bool {
    text.contains('@') && text.contains("class")
}

fn transform(
    path: &str,
    text: &str,
    kind: SourceType,
    jsx_import_source: &str,
) -> Result<Compiled, Problem> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind).parse();
    if let Some(problem) = first_problem(&parsed, text) {
        return Err(problem);
    }
    let asked = places::asked(&parsed.module_record, text);
    let mut program = parsed.program;
    let scoping = scoping(&program, text)?;
    let options = options(text, jsx_import_source);
    let transformed = Transformer::new(&allocator, Path::new(path), &options)
        .build_with_scoping(scoping, &mut program);
    if let Some(found) = transformed.diagnostics.iter().find(is_error) {
        return Err(problem(found, &Lines::of(text)));
    }
    let printed = Codegen::new().with_options(printing(path)).build(&program);
    let mappings = printed.map.map(|map| map.to_json().mappings);
    let code = helpers::with_helpers(printed.code);

    // The places of the imports in what was printed are found by reading it again: fast, and exact.
    let allocator = Allocator::default();
    let again = Parser::new(&allocator, &code, SourceType::mjs()).parse();
    let marks = places::marks(&again.module_record, &code, Some(&asked));
    Ok(Compiled { code, mappings, marks })
}

fn scoping(program: &oxc::ast::ast::Program<'_>, text: &str) -> Result<Scoping, Problem> {
    let checked = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_excess_capacity(2.0)
        .build(program);
    match checked.diagnostics.iter().find(is_error) {
        Some(found) => Err(problem(found, &Lines::of(text))),
        None => Ok(checked.semantic.into_scoping()),
    }
}

fn options(text: &str, jsx_import_source: &str) -> TransformOptions {
    // `/** @jsx h */` alone means the classic runtime, as everywhere before React 17.
    let classic = text.contains("@jsx ") && !text.contains("@jsxRuntime");
    let runtime = if classic { JsxRuntime::Classic } else { JsxRuntime::Automatic };
    TransformOptions {
        jsx: JsxOptions {
            runtime,
            import_source: (!classic).then(|| jsx_import_source.to_owned()),
            ..JsxOptions::default()
        },
        decorator: DecoratorOptions { legacy: true, ..DecoratorOptions::default() },
        helper_loader: HelperLoaderOptions {
            mode: HelperLoaderMode::External,
            ..HelperLoaderOptions::default()
        },
        ..TransformOptions::default()
    }
}

fn printing(path: &str) -> CodegenOptions {
    CodegenOptions {
        source_map_path: Some(PathBuf::from(path)),
        comments: CommentOptions {
            normal: false,
            jsdoc: false,
            annotation: true,
            legal: LegalComment::None,
        },
        ..CodegenOptions::default()
    }
}

fn first_problem(parsed: &ParserReturn<'_>, text: &str) -> Option<Problem> {
    match parsed.diagnostics.errors().next() {
        Some(found) => Some(problem(found, &Lines::of(text))),
        None if parsed.panicked => {
            Some(Problem { message: "this cannot be read as a script".into(), line: 1, column: 1 })
        }
        None => None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is the predicate of a filter")]
fn is_error(found: &&OxcDiagnostic) -> bool {
    found.severity == Severity::Error
}

fn problem(found: &OxcDiagnostic, lines: &Lines<'_>) -> Problem {
    // Of two declarations the second one is wrong; elsewhere the first label is the fault.
    let doubled = found.message.contains("already been declared");
    let label = if doubled { found.labels.last() } else { found.labels.first() };
    let offset = label.map_or(0, |label| label.offset());
    let (line, column) = lines.place(offset as usize);
    let message = match &found.help {
        Some(help) => format!("{}: {help}", found.message),
        None => found.message.to_string(),
    };
    Problem { message, line, column }
}
