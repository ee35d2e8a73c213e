//! What the core says to people: notices, errors, names of commits and files.
//!
//! Apart from [`super::Texts`] because the core and not the page says it. Errors say what happened,
//! what was kept and what to do next.

use agent::tools::Setting;
use project::{Refusal, path::FilePath};
use store::{StoreError, schema::SpentRecord};
use wire::{Hop, KeyState, Rejection, RejectionCode};

pub const UNDO: &str = "Undo";
pub const TRY_AGAIN: &str = "Try again";
pub const NO_SUCH_PROJECT: &str = "This project is not in this browser. Choose one from the list";
pub const GONE: &str = "This file is gone. The history still has it";
pub const NOT_TEXT: &str = "This file is not text";
pub const TOO_LARGE: &str = "This file is too large to edit here";
pub const UNKNOWN_VERSION: &str = "the editor and the project have lost each other";
pub const THINKING: &str = "Thinking";
pub const WRITING: &str = "Writing";
pub const WAITING: &str = "Waiting for your permission";
pub const CHANGED_SINCE: &str = "This was changed since, so nothing was undone";
pub const NOT_UNDONE: &str = "The setting could not be kept, so nothing was undone";
/// For the model, as are the next three.
pub const NOTHING_PRINTED: &str =
    "(it ran to its end and printed nothing; a rejection that nobody awaits is not seen)";
pub const NO_SANDBOX: &str = "the sandbox could not be started, so nothing was run";
pub const TOO_SLOW: &str = "stopped, because it took too long; what it printed is lost";
pub const NOT_SET: &str = "the setting could not be kept; it is what it was before";
pub const NO_MODEL: &str = "No model is set up. Your message is kept in the composer";
pub const NOTHING_TO_COMMIT: &str = "nothing has changed since the last commit";
pub const SECRET_FILE: &str = "keys or passwords, going by its name";
pub const NOT_EMPTY: &str = "this project has a conversation already; import into a new project";
pub const BUSY: &str = "A reply is under way. Stop it or wait for its end";
pub const OWN_WORK: &str = "Keep own work before changes are applied";
pub const SYSTEM_METER: &str = "System";
pub const CONTEXT_METER: &str = "Context";
pub const CONVERSATION_METER: &str = "Conversation";
pub const REPLY_METER: &str = "Reply";
pub const BINARY: &str = "Binary file";
pub const LARGE_DIFF: &str = "Too large to show line by line";
pub const STEP_LIMIT: &str =
    "The model did not come to an end within the step limit. Everything so far is kept";
pub const CUT_SHORT: &str =
    "The reply reached its limit. Everything so far is kept: continue it, or ask again";
pub const INTERRUPTED: &str =
    "The reply broke off. Everything so far is kept: continue it, or ask again";

pub fn cannot_open_profile(why: &StoreError) -> String {
    format!("Easel cannot read its own data: {why}. Nothing was changed. {}", next_step(why))
}

pub fn cannot_open(why: &StoreError) -> String {
    format!("The project cannot be opened: {why}. Nothing was changed. {}", next_step(why))
}

pub fn not_kept(why: &StoreError) -> String {
    format!("Not saved: {why}. What was saved before is untouched. {}", next_step(why))
}

fn next_step(why: &StoreError) -> &'static str {
    match why {
        StoreError::Full => "Free some room on this device, or export and remove a project",
        StoreError::Forbidden => {
            "Allow this site to keep data, or leave the private window, and reload"
        }
        StoreError::Outdated | StoreError::Superseded => "Reload this page",
        StoreError::Damaged(_) => "Import your last export to go on",
        StoreError::Broken(_) => "Reload this page and try again",
    }
}

pub fn not_created(why: &str) -> String {
    format!("The project was not created: {why}")
}

pub fn not_imported(why: &str) -> String {
    format!("Nothing was imported: {why}")
}

pub fn not_exported(why: &str) -> String {
    format!("The export failed: {why}. The project is untouched")
}

pub fn no_history(why: &str) -> String {
    format!("The files were imported without their history: {why}")
}

pub fn left_out(paths: &[String]) -> String {
    let shown: Vec<&str> = paths.iter().take(3).map(String::as_str).collect();
    let more = paths.len().saturating_sub(shown.len());
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("Left out, because the names are not possible here: {}{tail}", shown.join(", "))
}

pub fn step(n: u32, doing: &str) -> String {
    format!("Step {n}: {doing}")
}

pub fn bringing_in(n_files: usize) -> String {
    format!("Bringing in {n_files} files…")
}

pub fn started_from(template: &str) -> String {
    format!("Start from the template {template}")
}

pub fn imported_from(name: &str) -> String {
    format!("Import {name}")
}

pub fn copy_of(name: &str) -> String {
    format!("{name} copy")
}

pub fn removed(name: &str) -> String {
    format!("Removed {name}")
}

/// Makes a name for a download from any text.
pub fn file_name(name: &str, extension: &str) -> String {
    let safe: String = name
        .chars()
        .map(|it| if it.is_alphanumeric() || matches!(it, '-' | '_' | '.') { it } else { '-' })
        .collect();
    let safe = safe.trim_matches(['-', '.']);
    format!("{}.{extension}", if safe.is_empty() { "project" } else { safe })
}

pub fn bad_path(path: &str) -> String {
    format!("“{path}” is not a name that a file of a project can have")
}

pub fn exists(path: &FilePath) -> String {
    format!("{path} is already there")
}

pub fn added(path: &str) -> String {
    format!("Added {path}")
}

pub fn moved(from: &str, to: &str) -> String {
    format!("Moved {from} to {to}")
}

pub fn removed_file(path: &str) -> String {
    format!("Deleted {path}")
}

pub fn refusal(refusal: &Refusal) -> String {
    format!("Nothing was changed: {refusal}")
}

pub fn not_saved(path: &str, why: &str) -> String {
    format!("{path} was not saved: {why}")
}

/// Names a file that keeps a text which could not be merged.
pub fn beside(path: &FilePath, now_ms: u64) -> String {
    let folder = path.parent().map(|it| format!("{it}/")).unwrap_or_default();
    let name = path.name();
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, extension)) => format!("{folder}{stem}.typed-{now_ms}.{extension}"),
        None => format!("{folder}{name}.typed-{now_ms}"),
    }
}

pub fn both_kept(path: &FilePath, beside: &FilePath) -> String {
    format!("{path} was changed elsewhere in the same lines. What you typed is kept in {beside}")
}

/// Says why there is no answer and what to do. On the direct way there is no proxy to look after, and
/// who is not reached says more than is known here.
pub fn rejection(rejection: &Rejection, direct: bool) -> String {
    let next = match rejection.code {
        RejectionCode::Unreachable if direct => "",
        RejectionCode::NotAllowed if direct => "Choose another model, or see what this key may do",
        RejectionCode::InsufficientBalance if direct => "See the account at the provider",
        RejectionCode::Filtered if direct => "Leave it out",
        RejectionCode::NotPaired => "Open Easel with the link that the proxy printed",
        RejectionCode::NoProvider | RejectionCode::UnknownModel => "Choose a model in Settings",
        RejectionCode::BadKey if direct => "Check the key in Settings",
        RejectionCode::NotAllowed => "Choose another model, or ask whoever runs this proxy",
        // The proxy says it itself.
        RejectionCode::BadKey | RejectionCode::InsufficientBalance => "",
        RejectionCode::Repeated => "Look at the first reply, or ask anew",
        RejectionCode::Busy => "Try again in a moment",
        RejectionCode::PromptTooLong | RejectionCode::TooLarge => {
            "Remove some context and try again"
        }
        RejectionCode::BadRequest | RejectionCode::NotThere | RejectionCode::Broken => {
            "Try again, or choose another model"
        }
        RejectionCode::Filtered => "Leave it out, or ask whoever runs the proxy",
        RejectionCode::Unreachable => "See that the proxy runs and the network is there",
        RejectionCode::CutOff => "Everything so far is kept; continue or retry",
        RejectionCode::ProviderFailed => "Try again, or choose another model",
    };
    let wait = rejection.retry_after_secs.map(|it| format!(" (in {it} s)")).unwrap_or_default();
    let message = rejection.message.trim_end_matches('.');
    if next.is_empty() { message.to_owned() } else { format!("{message}. {next}{wait}") }
}

pub fn hop(hop: Hop) -> &'static str {
    match hop {
        Hop::App => "app",
        Hop::Proxy => "proxy",
        Hop::Provider => "provider",
        Hop::Key => "key",
        Hop::Model => "model",
    }
}

pub fn key_state(state: KeyState, direct: bool) -> &'static str {
    match state {
        KeyState::Saved if direct => "in this browser",
        KeyState::NotNeeded => "not needed",
        KeyState::Missing => "missing",
        KeyState::FromEnvironment => "from the environment",
        KeyState::Saved => "saved in the proxy",
    }
}

pub fn spent(spent: &SpentRecord) -> String {
    let n_tokens = spent.input_tokens + spent.output_tokens;
    if n_tokens == 0 {
        return String::new();
    }
    match spent.cost_nano {
        0 => format!("{} tokens", count(n_tokens)),
        nano => format!("{} tokens · {}", count(n_tokens), money(nano)),
    }
}

/// Writes 1234 as `1.2k`. Whole numbers only: writing fractions would cost ten kilobytes of code.
pub fn count(n: u64) -> String {
    let tenths = |unit: u64, name: &str| {
        let tenths = n.saturating_add(unit / 20) / (unit / 10);
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    };
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => tenths(1_000, "k"),
        _ => tenths(1_000_000, "M"),
    }
}

/// Writes nano-dollars as dollars, with as many digits as it takes to see something.
pub fn money(nano: u64) -> String {
    const CENT: u64 = 10_000_000;
    const HUNDREDTH: u64 = CENT / 100;
    if nano >= CENT || nano == 0 {
        let cents = nano.saturating_add(CENT / 2) / CENT;
        format!("${}.{:02}", cents / 100, cents % 100)
    } else {
        format!("$0.{:04}", (nano + HUNDREDTH / 2) / HUNDREDTH)
    }
}

pub fn cost(tokens: u64, nano: Option<u64>, estimated: bool) -> String {
    let about = if estimated { "≈ " } else { "" };
    match nano {
        Some(nano) => format!("{about}{} tokens · {}", count(tokens), money(nano)),
        None => format!("{about}{} tokens", count(tokens)),
    }
}

pub fn rewound(title: &str) -> String {
    format!("Rewind to “{title}”")
}

pub fn unwound() -> String {
    "Undo the rewind".to_owned()
}

pub fn conflict_left(paths: &[String]) -> String {
    format!(
        "Not applied: {} changed since the reply was made, in the same lines. Nothing was changed; \
         ask again, or edit by hand",
        paths.join(", ")
    )
}

/// Stands for a line that is not sent.
pub fn left_out_secret(looks_like: &str) -> String {
    format!("(this line looks like it holds {looks_like}; it was left out)")
}

/// Says why changes that would be applied at once wait for a review.
pub fn batch_refused(n: usize, title: &str) -> String {
    format!(
        "Change {n} of the reply did not fit its file ({title}), so nothing was applied. The others \
         wait for your review"
    )
}

pub fn not_applied(why: &str) -> String {
    format!("Not applied: {why}. Nothing was changed")
}

/// What a turn's end means for people; nothing when it ended as it should.
pub fn outcome(
    outcome: &agent::turn::Outcome,
    direct: bool,
) -> Option<(String, agent::chat::Remedy)> {
    use agent::{chat::Remedy, turn::Outcome};
    match outcome {
        Outcome::Answered | Outcome::Cancelled => None,
        // The reply itself offers to go on.
        Outcome::Interrupted => Some((INTERRUPTED.to_owned(), Remedy::Retry)),
        Outcome::CutShort { .. } => Some((CUT_SHORT.to_owned(), Remedy::Retry)),
        Outcome::StepLimit { .. } => Some((STEP_LIMIT.to_owned(), Remedy::Continue)),
        Outcome::Stuck { diagnosis } => Some((
            format!("Stopped: {diagnosis}. Everything so far is kept; say what to try instead"),
            Remedy::Retry,
        )),
        Outcome::Malformed { what } => Some((
            format!("The reply could not be used: {what}. No file was changed"),
            Remedy::Retry,
        )),
        Outcome::Failed(rejected) => {
            let remedy = match rejected.code {
                RejectionCode::NotPaired
                | RejectionCode::NoProvider
                | RejectionCode::BadKey
                | RejectionCode::UnknownModel => Remedy::OpenSettings,
                RejectionCode::NotAllowed
                | RejectionCode::InsufficientBalance
                | RejectionCode::Repeated
                | RejectionCode::Filtered
                | RejectionCode::Busy
                | RejectionCode::PromptTooLong
                | RejectionCode::TooLarge
                | RejectionCode::BadRequest
                | RejectionCode::NotThere
                | RejectionCode::Unreachable
                | RejectionCode::CutOff
                | RejectionCode::ProviderFailed
                | RejectionCode::Broken => Remedy::Retry,
            };
            Some((rejection(rejected, direct), remedy))
        }
    }
}

/// What a request will cost, before it is sent.
pub fn cost_ahead(cost: &agent::context::Cost) -> String {
    format!("≈ {} to {}", money(cost.input_nano), money(cost.most_nano))
}

/// How long something may take: seconds where they can be told apart, else minutes.
pub fn takes(ms: u64) -> String {
    match ms.div_ceil(1_000) {
        secs @ 0..10 => format!("about {} s", secs.max(1)),
        secs @ 10..58 => format!("about {} s", (secs + 2) / 5 * 5),
        secs => format!("about {} min", (secs + 30) / 60),
    }
}

pub fn too_long(why: &agent::context::TooLong) -> Rejection {
    Rejection::new(RejectionCode::PromptTooLong, &why.to_string())
}

/// A prompt about an error of the preview.
pub fn fix_this(text: &str) -> String {
    format!("Fix this error in the preview:\n\n```\n{text}\n```\n")
}

pub fn fix_this_at(text: &str, path: &str, line: u32, around: &str) -> String {
    format!(
        "Fix this error in the preview:\n\n```\n{text}\n```\n\nIt happens in {path}, line {line}:\n\n\
         ```\n{around}\n```\n"
    )
}

/// A setting that a model has set.
pub fn configured(to: &Setting, project: &str) -> String {
    match to {
        Setting::Theme(theme) => format!("The model has set the theme to {}", theme.name()),
        Setting::ProjectName(name) => format!("The model has named the project “{name}”"),
        Setting::ProjectInstructions(_) | Setting::Variable { .. } => {
            format!("The model has changed the instructions of “{project}”")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{count, money, takes};

    #[test]
    fn numbers_are_written_with_the_digits_that_matter() {
        let written = [0, 999, 1_000, 1_234, 1_250, 12_960, 1_500_000, u64::MAX / 2].map(count);
        let expected = ["0", "999", "1.0k", "1.2k", "1.3k", "13.0k", "1.5M", "9223372036854.8M"];
        assert_eq!(written, expected);
    }

    #[test]
    fn times_are_as_exact_as_a_guess_can_be() {
        let written = [0, 3_200, 9_900, 37_000, 57_000, 58_000, 89_000, 90_000, 600_000].map(takes);
        let expected = ["1 s", "4 s", "10 s", "35 s", "55 s", "1 min", "1 min", "2 min", "10 min"];
        assert_eq!(written, expected.map(|it| format!("about {it}")));
    }

    #[test]
    fn small_amounts_have_more_digits() {
        let written = [0, 40_000, 1_234_567, 9_999_999, 10_000_000, 1_234_567_890].map(money);
        assert_eq!(written, ["$0.00", "$0.0000", "$0.0012", "$0.0100", "$0.01", "$1.23"]);
    }
}
