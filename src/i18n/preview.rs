//! The preview and its console, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub frame: &'static str,
    pub address: &'static str,
    pub reload: &'static str,
    pub stop: &'static str,
    pub start: &'static str,
    pub sizes: &'static str,
    pub phone: &'static str,
    pub tablet: &'static str,
    pub full: &'static str,
    pub own_tab: &'static str,
    pub painted: fn(u32) -> String,
    pub console: &'static str,
    pub console_counts: fn(usize, usize) -> String,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub starting: &'static str,
    pub stopped_title: &'static str,
    pub stopped_text: &'static str,
    pub failed_title: &'static str,
    pub failed_text: &'static str,
    pub refused_title: &'static str,
    pub refused_text: fn(&str) -> String,
    pub fix_this: &'static str,
    pub show_console: &'static str,
    pub hide_console: &'static str,
    pub clear: &'static str,
    pub filter: &'static str,
    pub all: &'static str,
    pub warnings: &'static str,
    pub errors: &'static str,
    pub nothing_said: &'static str,
    pub nothing_found: &'static str,
    pub times: fn(u32) -> String,
    pub console_height: &'static str,
    pub says: &'static str,
    pub asks: &'static str,
    pub answer: &'static str,
    pub ok: &'static str,
    pub cancel: &'static str,
}

pub const EN: Texts = Texts {
    title: "Preview",
    frame: "The running project",
    address: "Path in the preview",
    reload: "Reload the preview",
    stop: "Stop the preview",
    start: "Start the preview",
    sizes: "Width of the preview",
    phone: "Phone, 360 px",
    tablet: "Tablet, 768 px",
    full: "Full width",
    own_tab: "Open in its own tab",
    painted: |ms| format!("painted in {ms} ms"),
    console: "Console",
    console_counts: |errors, warnings| {
        let n = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        format!("{}, {}", n(errors, "error"), n(warnings, "warning"))
    },
    empty_title: "Nothing to run yet",
    empty_text: "The preview shows index.html, in the project's root or in public or src. Ask for a page \
                 in the chat, or make that file.",
    starting: "Starting…",
    stopped_title: "The preview is stopped",
    stopped_text: "Its page is unloaded, whatever it was doing. Your files are as they were.",
    failed_title: "The preview could not start",
    failed_text: "Your files are as they were. The console says why; reload once it is mended.",
    refused_title: "The preview cannot run in this browser",
    refused_text: |why| {
        format!(
            "It needs a service worker on its own address, and got none: {why}. Your project is safe. \
             Allow service workers for this site, or try another browser, then reload the preview"
        )
    },
    fix_this: "Fix this",
    show_console: "Show the console",
    hide_console: "Hide the console",
    clear: "Clear the console",
    filter: "Filter",
    all: "All",
    warnings: "Warnings",
    errors: "Errors",
    nothing_said: "The preview has said nothing yet",
    nothing_found: "Nothing matches the filter",
    times: |n| format!("{n} times"),
    console_height: "Height of the console",
    says: "The preview says",
    asks: "The preview asks",
    answer: "Answer",
    ok: "OK",
    cancel: "Cancel",
};
