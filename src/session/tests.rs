//! Stories of a session: what a person asks for, what the model says, what is shown and what is kept.

use expect_test::expect_file;
use link::{
    Panel, Wish,
    changes::Wish as Changes,
    chat::{
        ChangeState, EntryKind, ExportFormat, Kept, Part, Remedy, ReplyState, Status, Wish as Chat,
    },
    editor::{TextChange, Wish as Editor},
    files::{Mark, Wish as Files},
    history::{CommitKind, Wish as History},
    home::Wish as Home,
    settings::Wish as Settings,
};
use store::StoreError;
use wire::{ModelEvent, Rejection, RejectionCode, StopReason};

use super::{
    ports::{Operation, Purpose, Ran},
    testing::{Bench, TAB, unreachable},
};

const WRITE: &str = r#"{"path":"hello.txt","content":"Hello\n"}"#;

#[test]
fn a_reply_is_reviewed_and_applied_as_one_commit() {
    let mut bench = with_model("web");
    bench.send("Say hello");

    let chat = bench.chat();
    assert!(
        matches!(&chat.entries[0].kind, EntryKind::User { text, state: Kept::Saved } if text == "Say hello")
    );
    assert!(matches!(chat.status, Status::Working { .. }));

    bench.model_says("Here it is.");
    bench.model_calls("c1", "write", WRITE);
    bench.model_is_done(StopReason::ToolUse);
    bench.model_says("Done.");
    bench.model_is_done(StopReason::EndOfTurn);

    assert_eq!(bench.chat().status, Status::Ready);
    assert_eq!(card(&bench), ChangeState::Pending);
    assert_eq!(file(&mut bench, "hello.txt"), None, "nothing is written before Apply");

    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(card(&bench), ChangeState::Applied, "{:?}", bench.notices());
    assert_eq!(file(&mut bench, "hello.txt").as_deref(), Some("Hello\n"));
    let history: link::history::View = bench.view(Panel::History);
    assert!(history.commits[0].title.starts_with("feat(ai): ["), "{}", history.commits[0].title);
    assert!(history.commits[0].current);
}

#[test]
fn a_turn_of_many_steps_is_one_task_that_can_be_cancelled() {
    let mut bench = with_model("web");
    let tasks = |bench: &Bench| bench.view::<link::status::View>(Panel::Status).tasks;
    bench.send("Look around");
    for step in 1..=5 {
        let found = tasks(&bench);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].title.starts_with(&format!("Step {step}: ")), "{found:?}");
        bench.model_calls(&format!("c{step}"), "list", r#"{"path":""}"#);
        bench.model_is_done(StopReason::ToolUse);
    }
    let purpose = Purpose { operation: Operation::Chat, session: open(&bench) };
    assert_eq!(*bench.gateway.purposes.borrow(), vec![purpose; 6], "the proxy's books have it");
    let task = tasks(&bench).remove(0);
    assert!(task.can_cancel);
    bench.wish(Wish::Status(link::status::Wish::Cancel { task: task.id }));
    assert_eq!(tasks(&bench), []);
    assert_eq!(bench.chat().status, Status::Ready);
}

#[test]
fn everything_is_there_after_a_new_start() {
    let mut bench = with_model("web");
    let project = open(&bench);
    bench.send("Say hello");
    bench.model_calls("c1", "write", WRITE);
    bench.model_is_done(StopReason::ToolUse);
    bench.model_is_done(StopReason::EndOfTurn);
    let before: (link::chat::View, link::changes::View) =
        (bench.chat(), bench.view(Panel::Changes));

    let mut bench = Bench::on(bench.shelf.clone(), Some(&project));
    let after: (link::chat::View, link::changes::View) = (bench.chat(), bench.view(Panel::Changes));
    assert_eq!(after.0.entries, before.0.entries);
    assert_eq!(after.1, before.1);

    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(file(&mut bench, "hello.txt").as_deref(), Some("Hello\n"), "{:?}", bench.notices());
}

#[test]
fn a_tab_that_comes_with_a_project_sees_nothing_before_it() {
    let bench = with_model("web");
    let project = open(&bench);
    let bench = Bench::on(bench.shelf.clone(), Some(&project));
    let first = bench.first_home.clone().expect("the front door's view was sent");
    assert_eq!(first["open"], serde_json::json!(project));

    // One that is not there leads to the front door.
    let bench = Bench::on(bench.shelf.clone(), Some("prj_none"));
    let home: link::home::View = bench.view(Panel::Home);
    assert_eq!(home.open, None);
    assert!(!home.projects.is_empty());
    assert!(bench.revealed.contains(&link::Reveal::Home), "{:?}", bench.revealed);
}

#[test]
fn a_reply_that_was_streaming_when_the_core_died_can_be_continued() {
    let mut bench = with_model("web");
    let project = open(&bench);
    bench.send("Tell me a story");
    bench.model_says("Once upon");
    bench.world.now_ms.set(bench.world.now_ms.get() + 10_000);
    bench.model_says(" a time");

    let mut bench = Bench::on(bench.shelf.clone(), Some(&project));
    let EntryKind::Assistant(reply) = &bench.chat().entries[1].kind else { panic!("no reply") };
    assert_eq!(reply.state, ReplyState::Interrupted);
    assert_eq!(format!("{:?}", reply.parts).matches("Once upon a time").count(), 1);
    assert_eq!(bench.chat().status, Status::Ready);

    let entry = bench.chat().entries[1].id.clone();
    bench.wish(Wish::Chat(Chat::Continue { entry }));
    let request = bench.gateway.requests.borrow().last().cloned().expect("it asks again");
    assert!(format!("{:?}", request.messages).contains("Once upon a time"));
    bench.model_says("there was a comma.");
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(bench.chat().status, Status::Ready);
}

#[test]
fn a_stopped_reply_changes_nothing_and_frees_the_provider() {
    let mut bench = with_model("web");
    bench.send("Say hello");
    bench.model_says("Well,");
    bench.model_calls("c1", "write", WRITE);
    bench.wish(Wish::Chat(Chat::Stop));

    assert!(!bench.gateway.is_read(), "the request is dropped");
    let EntryKind::Assistant(reply) = &bench.chat().entries[1].kind else { panic!("no reply") };
    assert_eq!(reply.state, ReplyState::Stopped);
    assert!(bench.view::<link::changes::View>(Panel::Changes).files.is_empty());

    bench.send("Once more");
    assert!(matches!(bench.chat().status, Status::Working { .. }));
}

#[test]
fn what_the_store_refuses_is_not_shown_as_saved() {
    let mut bench = with_model("web");
    let project = open(&bench);
    let version = document(&mut bench, "script.js").version;
    bench.database(&project).refuse(Some(StoreError::Full));

    bench.wish(save("script.js", &version, 0, 0, "// mine\n"));
    let status: link::status::View = bench.view(Panel::Status);
    assert!(matches!(status.saved, link::status::Saved::NotSaved { .. }), "{:?}", status.saved);
    assert_eq!(document(&mut bench, "script.js").version, version, "memory is as the store is");
    assert!(bench.notices().iter().any(|it| it.contains("no room left")), "{:?}", bench.notices());

    bench.send("Hello");
    assert!(bench.chat().entries.is_empty());
    assert_eq!(bench.chat().composer.draft, "Hello", "the message is kept in the composer");

    bench.database(&project).refuse(None);
    bench.wish(save("script.js", &version, 0, 0, "// mine\n"));
    let status: link::status::View = bench.view(Panel::Status);
    assert_eq!(status.saved, link::status::Saved::Saved);
    assert!(document(&mut bench, "script.js").text.starts_with("// mine\n"));
}

#[test]
fn a_project_keeps_its_model_and_a_new_one_begins_with_the_last_chosen() {
    let mut bench = Bench::new();
    let choose = |bench: &mut Bench, model: &str| {
        bench.wish(Wish::Chat(Chat::SetModel { model: model.to_owned() }));
    };
    let model = |bench: &Bench| bench.chat().composer.model;
    choose(&mut bench, "test/model");
    let begun = bench.project("web");
    assert_eq!(model(&bench), "test/model", "as chosen at the front door");
    let chosen = bench.project("web");
    choose(&mut bench, "script/demo");
    bench.project("web");
    assert_eq!(model(&bench), "script/demo");

    for (project, expected) in [(begun, "test/model"), (chosen, "script/demo")] {
        bench.wish(Wish::Home(Home::Open { project: project.clone() }));
        assert_eq!(model(&bench), expected);
        bench.send("Hello");
        let asked = bench.gateway.requests.borrow().last().map(|it| it.model.clone());
        assert_eq!(asked.as_deref(), Some(expected));
        let again = Bench::on(bench.shelf.clone(), Some(&project));
        assert_eq!(model(&again), expected, "also after a new start");
    }
}

#[test]
fn how_long_a_reply_may_take_is_what_the_last_ones_took() {
    let mut bench = with_model("web");
    let takes = |bench: &Bench| {
        let estimate = bench.chat().composer.estimate;
        (estimate.takes, estimate.measured)
    };
    for secs in [4, 300, 20] {
        assert_eq!(takes(&bench), ("about 1 min".to_owned(), false), "a guess");
        bench.send("Hello");
        bench.world.now_ms.set(bench.world.now_ms.get() + secs * 1_000);
        bench.model_says("Hello.");
        bench.model_is_done(StopReason::EndOfTurn);
    }
    let measured = ("about 20 s".to_owned(), true);
    assert_eq!(takes(&bench), measured);
    let mut bench = Bench::on(bench.shelf.clone(), Some(&open(&bench)));
    assert_eq!(takes(&bench), measured);
    bench.wish(Wish::Chat(Chat::SetModel { model: "script/demo".to_owned() }));
    assert_eq!(takes(&bench), ("about 1 min".to_owned(), false), "of this one nothing is known");
}

#[test]
fn own_edits_reach_the_model_once() {
    let mut bench = with_model("web");
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "// by hand\n"));

    bench.send("What did I do?");
    let told = |bench: &Bench| {
        let requests = bench.gateway.requests.borrow();
        format!("{:?}", requests.last().expect("a request")).contains("+// by hand")
    };
    assert!(told(&bench));
    bench.model_says("You wrote a comment.");
    bench.model_is_done(StopReason::EndOfTurn);

    bench.send("And now?");
    assert!(!told(&bench), "it is no news any more");
}

#[test]
fn a_rewind_is_a_new_commit_and_can_be_undone() {
    let mut bench = with_model("web");
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "// second\n"));
    bench.wish(Wish::Files(Files::Commit { message: "Second".to_owned() }));
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "// unsaved work\n"));
    let before = document(&mut bench, "script.js").text;
    let history: link::history::View = bench.view(Panel::History);
    let first = history.commits.last().expect("the first commit").id.clone();

    bench.wish(Wish::History(History::Rewind { commit: first }));
    assert!(!document(&mut bench, "script.js").text.contains("second"), "{:?}", bench.notices());
    let after: link::history::View = bench.view(Panel::History);
    assert_eq!(after.commits.len(), history.commits.len() + 2, "the rewind, and the own work");
    let kinds: Vec<CommitKind> = after.commits.iter().map(|it| it.kind).collect();
    assert_eq!(kinds[..2], [CommitKind::Rewind, CommitKind::Safety]);
    assert!(after.can_undo);

    bench.wish(Wish::History(History::UndoRewind));
    assert_eq!(document(&mut bench, "script.js").text, before);
}

#[test]
fn two_edits_of_one_file_are_merged_or_both_kept() {
    let mut bench = with_model("web");
    bench.hello("tab-2", Some(&open(&bench)));
    let base = document(&mut bench, "script.js");
    let end = base.text.encode_utf16().count() as u32;

    bench.wish(save("script.js", &base.version, 0, 0, "// one\n"));
    bench.wish_in("tab-2", save("script.js", &base.version, end, end, "// two\n"));
    let merged = document(&mut bench, "script.js").text;
    assert!(merged.starts_with("// one\n") && merged.ends_with("// two\n"), "{merged}");

    bench.wish_in("tab-2", save("script.js", &base.version, 0, 0, "// three\n"));
    let files: link::files::View = bench.view(Panel::Files);
    let beside = files.files.iter().find(|it| it.path.starts_with("script.typed-"));
    assert!(beside.is_some(), "the text that could not be merged is beside it");
    assert_eq!(document(&mut bench, "script.js").text, merged);
}

#[test]
fn a_proxy_that_is_down_is_said_and_can_be_tried_again() {
    let mut bench = with_model("web");
    *bench.gateway.rejection.borrow_mut() = Some(unreachable());
    bench.send("Hello");
    let entry = bench.chat().entries.last().cloned().expect("an error row");
    let EntryKind::Error { text, remedy } = &entry.kind else { panic!("{entry:?}") };
    assert!(text.contains("The proxy cannot be reached"), "{text}");
    assert_eq!(*remedy, Remedy::Retry);

    *bench.gateway.rejection.borrow_mut() = None;
    bench.wish(Wish::Chat(Chat::Retry { entry: entry.id }));
    bench.model_says("Hello.");
    bench.model_is_done(StopReason::EndOfTurn);
    let kinds: Vec<&str> = bench.chat().entries.iter().map(|it| kind(&it.kind)).collect();
    assert_eq!(kinds, ["user", "assistant"]);
}

#[test]
fn a_refused_key_leads_to_the_settings() {
    let mut bench = with_model("web");
    bench.send("Hello");
    let refused = Rejection::new(RejectionCode::BadKey, "The provider refused the key");
    bench.model(&[ModelEvent::Error(refused)]);
    let last = bench.chat().entries.last().cloned().expect("an error row");
    assert!(
        matches!(last.kind, EntryKind::Error { remedy: Remedy::OpenSettings, .. }),
        "{:?}",
        last.kind
    );
}

#[test]
fn auto_apply_asks_first_and_remembers_always() {
    let mut bench = with_model("web");
    bench.wish(Wish::Chat(Chat::SetAutoApply { on: true }));
    bench.send("Say hello");
    bench.model_calls("c1", "write", WRITE);
    bench.model_is_done(StopReason::ToolUse);
    let asked = bench.chat().permission.expect("the rules ask");
    bench.wish(Wish::Chat(Chat::Answer {
        permission: asked.id,
        answer: link::chat::Answer::Always,
    }));
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(file(&mut bench, "hello.txt").as_deref(), Some("Hello\n"), "{:?}", bench.notices());

    bench.send("Say more");
    bench.model_calls("c2", "write", r#"{"path":"hello.txt","content":"More\n"}"#);
    bench.model_is_done(StopReason::ToolUse);
    assert_eq!(bench.chat().permission, None);
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(file(&mut bench, "hello.txt").as_deref(), Some("More\n"));
}

#[test]
fn a_script_is_shown_before_it_runs_and_its_output_goes_back() {
    let mut bench = with_model("web");
    let printed =
        Ran { output: "3\nkey = sk-abcdefghijklmnopqrstuvwxyz123456".into(), error: None };
    bench.sandbox.ends.borrow_mut().push_back(printed);
    bench.send("Check the sum");
    bench.model_calls("c1", "run", r#"{"code":"console.log(1 + 2)"}"#);
    bench.model_is_done(StopReason::ToolUse);
    let asked = bench.chat().permission.expect("running always asks");
    assert_eq!(
        (asked.detail.as_str(), asked.pattern.as_str()),
        ("console.log(1 + 2)", "run scripts")
    );
    assert!(bench.sandbox.programs.borrow().is_empty(), "it ran without permission");
    let allow =
        |permission| Wish::Chat(Chat::Answer { permission, answer: link::chat::Answer::Always });
    bench.wish(allow(asked.id));

    let heard =
        format!("{:?}", bench.gateway.requests.borrow().last().expect("the model hears").messages);
    assert!(heard.contains("3\\n") && !heard.contains("sk-abc"), "{heard}");
    let program = bench.sandbox.programs.borrow()[0].clone();
    assert!(program.modules[&program.entry].contains("1 + 2"), "{program:?}");

    let secret = "Error: no\nkey = sk-abcdefghijklmnopqrstuvwxyz123456";
    let failed = Ran { output: "before".into(), error: Some(secret.into()) };
    bench.sandbox.ends.borrow_mut().push_back(failed);
    bench.model_calls("c2", "run", r#"{"code":"throw new Error(\"no\")"}"#);
    bench.model_is_done(StopReason::ToolUse);
    let heard =
        format!("{:?}", bench.gateway.requests.borrow().last().expect("it was granted").messages);
    assert!(heard.contains("before\\nError: no") && !heard.contains("sk-abc"), "{heard}");
    bench.model_says("It fails.");
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(bench.chat().status, Status::Ready);
}

#[test]
fn a_script_that_does_not_end_can_be_stopped() {
    let mut bench = with_model("web");
    bench.send("Run for ever");
    bench.model_calls("c1", "run", r#"{"code":"for (;;);"}"#);
    bench.model_is_done(StopReason::ToolUse);
    let permission = bench.chat().permission.expect("running always asks").id;
    bench.wish(Wish::Chat(Chat::Answer { permission, answer: link::chat::Answer::Once }));
    assert!(matches!(bench.chat().status, Status::Working { .. }));
    bench.wish(Wish::Chat(Chat::Stop));
    assert_eq!(bench.chat().status, Status::Ready);
}

#[test]
fn a_setting_asks_is_set_and_can_be_undone() {
    let mut bench = with_model("web");
    let settings = |bench: &Bench| bench.view::<link::settings::View>(Panel::Settings);
    let name = |bench: &Bench| bench.view::<link::workbench::View>(Panel::Workbench).name;
    for (call, setting, value) in [
        ("c1", "project.instructions", "Be brief."),
        ("c2", "theme", "dark"),
        ("c3", "project.name", "Garden"),
    ] {
        bench.send("Set it");
        let json = format!(r#"{{"name":"{setting}","value":"{value}"}}"#);
        bench.model_calls(call, "configure", &json);
        bench.model_is_done(StopReason::ToolUse);
        let asked = bench.chat().permission.expect("a setting always asks");
        assert_eq!(asked.pattern, format!("configure {setting}"));
        assert_eq!(asked.detail, value);
        let answer = link::chat::Answer::Once;
        bench.wish(Wish::Chat(Chat::Answer { permission: asked.id, answer }));
        bench.model_is_done(StopReason::EndOfTurn);
    }
    assert_eq!(settings(&bench).project_instructions, "Be brief.");
    assert_eq!(settings(&bench).theme, link::settings::Theme::Dark);
    assert_eq!(name(&bench), "Garden");
    let undo = |bench: &mut Bench, setting: &str| {
        let status: link::status::View = bench.view(Panel::Status);
        let notice = status.notices.iter().find(|it| it.id.ends_with(setting));
        let notice = notice.expect("a setting is told").id.clone();
        bench.wish(Wish::Status(link::status::Wish::Act { notice }));
    };
    undo(&mut bench, "project.name");
    assert_eq!(name(&bench), "Test");
    assert_eq!(settings(&bench).theme, link::settings::Theme::Dark, "each by itself");

    let text = "Mine.".to_owned();
    bench.wish(Wish::Settings(Settings::SetProjectInstructions { text }));
    undo(&mut bench, "project.instructions");
    assert_eq!(settings(&bench).project_instructions, "Mine.", "what was changed since stays");
    assert!(bench.notices()[0].contains("changed since"), "{:?}", bench.notices());
    undo(&mut bench, "theme");
    assert_eq!(settings(&bench).theme, link::settings::Theme::System);
}

#[test]
fn an_environment_variable_is_a_change_like_any_other() {
    let mut bench = with_model("web");
    bench.send("Set the title");
    bench.model_calls("c1", "configure", r#"{"name":"env.VITE_TITLE","value":"My garden"}"#);
    bench.model_is_done(StopReason::ToolUse);
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(card(&bench), ChangeState::Pending);
    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(file(&mut bench, ".env").as_deref(), Some("VITE_TITLE='My garden'\n"));
}

#[test]
fn a_file_that_changed_meanwhile_is_never_overwritten() {
    let mut bench = with_model("web");
    bench.send("Change it");
    bench.model_calls("c1", "write", r#"{"path":"script.js","content":"let b = 2;\n"}"#);
    bench.model_is_done(StopReason::ToolUse);
    bench.model_is_done(StopReason::EndOfTurn);
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "let mine = 0;\n"));
    let mine = document(&mut bench, "script.js").text;

    let review: link::changes::View = bench.view(Panel::Changes);
    assert!(review.files[0].conflict);
    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(document(&mut bench, "script.js").text, mine);
    assert!(
        bench.notices().iter().any(|it| it.contains("script.js changed")),
        "{:?}",
        bench.notices()
    );
    assert_eq!(card(&bench), ChangeState::Pending, "nothing is lost");
}

#[test]
fn changes_taken_in_part_are_told_to_the_model_as_such() {
    let mut bench = with_model("web");
    bench.send("Make two");
    bench.model_calls("c1", "write", r#"{"path":"a.txt","content":"a\n"}"#);
    bench.model_calls("c2", "write", r#"{"path":"b.txt","content":"b\n"}"#);
    bench.model_is_done(StopReason::ToolUse);
    bench.model_is_done(StopReason::EndOfTurn);
    let (path, accepted) = ("b.txt".to_owned(), false);
    bench.wish(Wish::Changes(Changes::SetAccepted { path, accepted }));
    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(file(&mut bench, "a.txt").as_deref(), Some("a\n"));
    assert_eq!(file(&mut bench, "b.txt"), None);

    bench.send("What now?");
    let asked = format!("{:?}", bench.gateway.requests.borrow().last());
    assert!(asked.contains("Some of the changes you proposed were applied"), "{asked}");
}

#[test]
fn a_block_of_code_becomes_a_change_under_review() {
    let mut bench = with_model("web");
    bench.send("Show me");
    bench.model_says("```js\nlet a = 1;\n```\n");
    bench.model_is_done(StopReason::EndOfTurn);
    let (text, path) = ("let a = 1;\n".to_owned(), "a.js".to_owned());
    bench.wish(Wish::Chat(Chat::ApplyBlock { text, path }));
    assert_eq!(card(&bench), ChangeState::Pending);
    assert_eq!(file(&mut bench, "a.js"), None, "nothing is written before Apply");
    bench.wish(Wish::Changes(Changes::Apply));
    assert_eq!(file(&mut bench, "a.js").as_deref(), Some("let a = 1;\n"));

    let (text, path) = ("no".to_owned(), "../a.js".to_owned());
    bench.wish(Wish::Chat(Chat::ApplyBlock { text, path }));
    assert!(bench.notices().iter().any(|it| it.contains("../a.js")), "{:?}", bench.notices());
}

#[test]
fn a_batch_with_a_change_that_does_not_fit_waits_for_a_review() {
    let mut bench = with_model("web");
    bench.wish(Wish::Chat(Chat::SetAutoApply { on: true }));
    bench.send("Change it");
    bench.model_calls("c1", "write", WRITE);
    bench.model_calls("c2", "edit", r#"{"path":"script.js","search":"not there","replace":"x"}"#);
    bench.model_is_done(StopReason::ToolUse);
    while let Some(asked) = bench.chat().permission {
        let (permission, answer) = (asked.id, link::chat::Answer::Once);
        bench.wish(Wish::Chat(Chat::Answer { permission, answer }));
    }
    bench.model_is_done(StopReason::EndOfTurn);
    assert_eq!(file(&mut bench, "hello.txt"), None, "half of a batch is never applied");
    assert_eq!(card(&bench), ChangeState::Pending);
    let told = bench.notices().iter().any(|it| it.contains("Change 2 of the reply"));
    assert!(told, "{:?}", bench.notices());
}

#[test]
fn a_file_of_secrets_is_left_out_until_it_is_confirmed() {
    let mut bench = with_model("web");
    bench.wish(Wish::Files(Files::Create { path: ".env".to_owned() }));
    let version = document(&mut bench, ".env").version;
    bench.wish(save(".env", &version, 0, 0, "MODE=quiet\n"));
    bench.wish(Wish::Chat(Chat::AddFile { path: ".env".to_owned() }));
    bench.send("Read my settings");
    assert!(bench.gateway.requests.borrow().is_empty());
    let secrets = bench.chat().composer.secrets;
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    assert_eq!(secrets[0].place, ".env");

    let text = "Read my settings".to_owned();
    bench.wish(Wish::Chat(Chat::Send { text, despite_secrets: true }));
    let asked = format!("{:?}", bench.gateway.requests.borrow().last());
    assert!(asked.contains("MODE=quiet"), "{asked}");
}

#[test]
fn what_a_tool_reads_goes_out_without_its_secrets() {
    let mut bench = with_model("web");
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "let a = \"AKIAIOSFODNN7EXAMPLQ\";\n"));
    let text = "Read it".to_owned();
    bench.wish(Wish::Chat(Chat::Send { text, despite_secrets: true }));
    let n_before = bench.gateway.requests.borrow().len();
    bench.model_calls("c1", "read", r#"{"path":"script.js"}"#);
    bench.model_is_done(StopReason::ToolUse);
    let requests = bench.gateway.requests.borrow();
    assert_eq!(requests.len(), n_before + 1);
    let answer = format!("{:?}", requests.last().and_then(|it| it.messages.last()));
    assert!(answer.contains("it was left out") && !answer.contains("AKIAIOSF"), "{answer}");
}

#[test]
fn instructions_of_a_project_reach_only_its_own_requests() {
    let mut bench = with_model("web");
    let text = "Speak like a gardener".to_owned();
    bench.wish(Wish::Settings(Settings::SetProjectInstructions { text }));
    let text = "Be brief".to_owned();
    bench.wish(Wish::Settings(Settings::SetInstructions { text }));
    bench.send("Hello");
    let said = |bench: &Bench| format!("{:?}", bench.gateway.requests.borrow().last());
    assert!(said(&bench).contains("like a gardener") && said(&bench).contains("Be brief"));

    bench.project("typescript");
    bench.send("Hello");
    assert!(!said(&bench).contains("like a gardener") && said(&bench).contains("Be brief"));
}

#[test]
fn an_exported_conversation_is_the_same_in_an_empty_profile() {
    let mut bench = with_model("web");
    bench.send("Say hello");
    bench.model_says("Hello.");
    bench.model_is_done(StopReason::EndOfTurn);
    bench.wish(Wish::Chat(Chat::Export { format: ExportFormat::Json }));
    let (_, bytes) = bench.downloads.pop().expect("a file");
    let text = String::from_utf8(bytes).expect("text");

    let mut other = with_model("web");
    other.wish(Wish::Chat(Chat::Import { text: text.clone() }));
    assert_eq!(other.chat().entries, bench.chat().entries);
    let other = Bench::on(other.shelf.clone(), Some(&open(&other)));
    assert_eq!(other.chat().entries, bench.chat().entries);

    bench.wish(Wish::Chat(Chat::Import { text }));
    assert!(bench.notices().iter().any(|it| it.contains("already")), "{:?}", bench.notices());
}

#[test]
fn only_the_newest_reply_can_be_asked_for_again() {
    let mut bench = with_model("web");
    *bench.gateway.rejection.borrow_mut() = Some(unreachable());
    bench.send("Hello");
    let old = bench.chat().entries.last().cloned().expect("an error row");
    *bench.gateway.rejection.borrow_mut() = None;
    bench.send("Hello again");
    bench.model_says("Hello.");
    bench.model_is_done(StopReason::EndOfTurn);

    let before = bench.chat().entries;
    let remedy = before.iter().find(|it| it.id == old.id).map(|it| it.kind.clone());
    assert!(matches!(remedy, Some(EntryKind::Error { remedy: Remedy::None, .. })), "{remedy:?}");
    bench.wish(Wish::Chat(Chat::Retry { entry: old.id }));
    assert_eq!(bench.chat().entries, before, "nothing that was said since is taken away");
}

#[test]
fn a_host_that_is_refused_gives_way_to_a_document_of_its_own() {
    let mut bench = with_model("web");
    let why = "no service workers here".to_owned();
    bench.wish(Wish::Preview(link::preview::Wish::HostRefused { why }));
    let preview: link::preview::View = bench.view(Panel::Preview);
    assert_eq!(preview.host, "");
    let document = preview.document.expect("a document");
    assert!(document.contains("<html"), "{document}");
}

#[test]
fn a_page_that_is_painted_is_shown_also_when_nothing_has_changed() {
    let bench = with_model("web");
    let mut bench = Bench::on(bench.shelf.clone(), Some(&open(&bench)));
    let preview: link::preview::View = bench.view(Panel::Preview);
    assert_eq!(preview.stage, link::preview::Stage::Starting);
    let report = link::preview::Report::Painted { generation: 0 };
    bench.wish(Wish::Preview(link::preview::Wish::Said(report)));
    let preview: link::preview::View = bench.view(Panel::Preview);
    assert_eq!(preview.stage, link::preview::Stage::Running);
    assert_eq!(preview.painted_after_ms, None);
}

#[test]
fn a_page_that_came_too_late_for_a_change_hears_of_it_again() {
    use preview::protocol::{FromWorker, Report, ToWorker};
    let mut bench = with_model("web");
    let host = bench.view::<link::preview::View>(Panel::Preview).host;
    bench.session.preview_connected(&host, "p1");
    let told = |bench: &Bench| std::mem::take(&mut *bench.world.told_previews.borrow_mut());
    assert_eq!(told(&bench), [("p1".to_owned(), ToWorker::Hello { dialogs: true })]);

    bench.wish(Wish::Preview(link::preview::Wish::Reload));
    let changed = [("p1".to_owned(), ToWorker::Changed { generation: 2, styles: None })];
    assert_eq!(told(&bench), changed);
    // It was made before the change, and its page was not there when the change was told.
    for (generation, expected) in [(1, &changed[..]), (2, &[])] {
        let report = Report::Painted { generation };
        let said = FromWorker::Report { client: "c1".to_owned(), report };
        bench.session.preview_said(&host, "p1", said);
        assert_eq!(told(&bench), expected);
    }
}

#[test]
fn a_project_can_be_made_before_the_templates_are_shown() {
    let mut bench = Bench::new();
    bench.project("");
    assert!(paths(&bench).contains(&"index.html".to_owned()));
}

#[test]
fn a_likely_secret_is_shown_before_it_is_sent() {
    let mut bench = with_model("web");
    let text = "use AKIAIOSFODNN7EXAMPLQ please";
    bench.send(text);
    assert!(bench.gateway.requests.borrow().is_empty());
    let composer = bench.chat().composer;
    assert_eq!(composer.secrets.len(), 1);
    assert_eq!(composer.draft, text);
    bench.wish(Wish::Chat(Chat::Send { text: text.to_owned(), despite_secrets: true }));
    assert_eq!(bench.gateway.requests.borrow().len(), 1);
}

#[test]
fn files_are_made_moved_and_removed_with_a_way_back() {
    let mut bench = with_model("web");
    bench.wish(Wish::Files(Files::Create { path: "src/a.ts".to_owned() }));
    bench.wish(Wish::Files(Files::Move { from: "src".to_owned(), to: "lib".to_owned() }));
    assert!(paths(&bench).contains(&"lib/a.ts".to_owned()), "{:?}", bench.notices());
    bench.wish(Wish::Files(Files::Remove { path: "lib".to_owned() }));
    assert!(!paths(&bench).contains(&"lib/a.ts".to_owned()));
    bench.wish(Wish::Files(Files::Undo));
    let view: link::files::View = bench.view(Panel::Files);
    let back = view.files.iter().find(|it| it.path == "lib/a.ts").expect("it is back");
    assert_eq!(back.mark, Mark::Added);
}

#[test]
fn bad_paths_change_nothing_and_say_so() {
    let mut bench = with_model("web");
    let before = paths(&bench);
    for path in ["", "/etc/passwd", "../x", "a/../b", ".git/config", "a\\b", "a//b"] {
        bench.wish(Wish::Files(Files::Create { path: path.to_owned() }));
        assert_eq!(paths(&bench), before, "{path:?}");
        assert!(!bench.notices().is_empty(), "{path:?}");
    }
}

#[test]
fn a_removed_project_comes_back_until_the_next_is_removed() {
    let mut bench = with_model("web");
    let first = open(&bench);
    bench.wish(Wish::Home(Home::Remove { project: first.clone() }));
    let home: link::home::View = bench.view(Panel::Home);
    assert!(home.projects.is_empty() && home.open.is_none());
    assert_eq!(home.removed.as_ref().map(|it| &it.id), Some(&first));
    bench.wish(Wish::Home(Home::Restore { project: first.clone() }));
    bench.wish(Wish::Home(Home::Open { project: first.clone() }));
    assert!(paths(&bench).contains(&"script.js".to_owned()));
}

#[test]
fn a_project_takes_a_preview_host_that_was_visited_ahead() {
    let mut bench = Bench::new();
    let visit = |bench: &Bench| bench.view::<link::home::View>(Panel::Home).visit;
    let mut visited = Vec::new();
    while !visit(&bench).is_empty() {
        visited.push(visit(&bench));
        let host = visit(&bench);
        bench.wish(Wish::Home(Home::Visited { host }));
    }
    assert_eq!(visited.len(), 3);

    *bench.gateway.rejection.borrow_mut() = Some(unreachable());
    bench.project("web");
    let preview: link::preview::View = bench.view(Panel::Preview);
    assert_eq!(preview.host, visited[0]);
}

#[test]
fn an_export_comes_back_with_its_history() {
    let mut bench = with_model("web");
    let project = open(&bench);
    bench.wish(Wish::Home(Home::Export { project }));
    let (name, bytes) = bench.downloads.pop().expect("a zip");
    assert_eq!(name, "Test.zip");
    let history: link::history::View = bench.view(Panel::History);

    let mut other = Bench::new();
    other.wish(Wish::Home(Home::ImportZip { name, bytes }));
    assert_eq!(paths(&other), paths(&bench));
    let there: link::history::View = other.view(Panel::History);
    assert_eq!(there.commits, history.commits);
    assert!(!there.uncommitted);

    let imported = open(&other);
    let again = Bench::on(other.shelf.clone(), Some(&imported));
    let there: link::history::View = again.view(Panel::History);
    assert_eq!(there.commits, history.commits);
}

#[test]
fn many_small_writes_are_folded_and_nothing_is_lost() {
    let mut bench = with_model("web");
    let project = open(&bench);
    for n in 0..200 {
        let version = document(&mut bench, "script.js").version;
        bench.wish(save("script.js", &version, 0, 0, &format!("// {n}\n")));
    }
    let text = document(&mut bench, "script.js").text;
    let segments = futures::executor::block_on(async {
        use store::Store as _;
        bench.database(&project).scan("segment/").await.map(|it| it.len())
    });
    assert!(segments.clone().is_ok_and(|it| it <= 65), "{segments:?}");

    let mut again = Bench::on(bench.shelf.clone(), Some(&project));
    assert_eq!(document(&mut again, "script.js").text, text);
}

#[test]
fn a_core_that_was_superseded_cannot_write() {
    let mut old = with_model("web");
    let project = open(&old);
    let mut new = Bench::on(old.shelf.clone(), Some(&project));
    let version = document(&mut old, "script.js").version;
    old.wish(save("script.js", &version, 0, 0, "// stale\n"));

    let status: link::status::View = old.view(Panel::Status);
    assert!(matches!(status.saved, link::status::Saved::NotSaved { .. }), "{:?}", status.saved);
    assert!(!document(&mut new, "script.js").text.contains("stale"));
    let mut again = Bench::on(old.shelf.clone(), Some(&project));
    assert!(!document(&mut again, "script.js").text.contains("stale"));
}

fn with_model(template: &str) -> Bench {
    let mut bench = Bench::new();
    bench.project(template);
    bench.wish(Wish::Chat(Chat::SetModel { model: "test/model".to_owned() }));
    bench
}

fn open(bench: &Bench) -> String {
    bench.view::<link::home::View>(Panel::Home).open.expect("a project is open")
}

fn paths(bench: &Bench) -> Vec<String> {
    bench.view::<link::files::View>(Panel::Files).files.into_iter().map(|it| it.path).collect()
}

fn document(bench: &mut Bench, path: &str) -> link::editor::Document {
    bench.wish_in(TAB, Wish::Editor(Editor::Show { paths: vec![path.to_owned()] }));
    bench.view::<link::editor::View>(Panel::Editor).documents.remove(0)
}

fn file(bench: &mut Bench, path: &str) -> Option<String> {
    let document = document(bench, path);
    document.note.is_empty().then_some(document.text)
}

fn save(path: &str, base: &str, from: u32, to: u32, insert: &str) -> Wish {
    let change = TextChange { from, to, insert: insert.to_owned() };
    let (path, base) = (path.to_owned(), base.to_owned());
    Wish::Editor(Editor::Save { path, base, changes: vec![change] })
}

fn card(bench: &Bench) -> ChangeState {
    let mut cards = bench.chat().entries.into_iter().filter_map(|it| match it.kind {
        EntryKind::Assistant(reply) => reply.parts.into_iter().find_map(|it| match it {
            Part::Changes(card) => Some(card.state),
            Part::Text { .. } | Part::Reasoning { .. } | Part::Tool(_) => None,
        }),
        EntryKind::User { .. } | EntryKind::Checkpoint(_) | EntryKind::Error { .. } => None,
    });
    cards.next_back().expect("a change card")
}

fn kind(kind: &EntryKind) -> &'static str {
    match kind {
        EntryKind::User { .. } => "user",
        EntryKind::Assistant(_) => "assistant",
        EntryKind::Checkpoint(_) => "checkpoint",
        EntryKind::Error { .. } => "error",
    }
}

/// One record of every kind: what was decided, what waits, what was typed and what was granted.
fn everything_that_is_kept() -> (Bench, String) {
    // The end of a reply looks at the clock, and did not when the first layout was frozen: what comes
    // after it has the ids and times of then.
    let end = |bench: &mut Bench| {
        bench.model_is_done(StopReason::EndOfTurn);
        bench.world.now_ms.set(bench.world.now_ms.get() - 1);
    };
    let mut bench = with_model("web");
    let project = open(&bench);
    let visit = bench.view::<link::home::View>(Panel::Home).visit;
    bench.wish(Wish::Home(Home::Visited { host: visit }));
    bench.wish(Wish::Chat(Chat::SetAutoApply { on: true }));
    bench.send("Say hello");
    bench.model_calls("c1", "write", WRITE);
    bench.model_is_done(StopReason::ToolUse);
    let permission = bench.chat().permission.expect("the rules ask").id;
    bench.wish(Wish::Chat(Chat::Answer { permission, answer: link::chat::Answer::Always }));
    end(&mut bench);
    bench.wish(Wish::Chat(Chat::SetAutoApply { on: false }));
    let version = document(&mut bench, "script.js").version;
    bench.wish(save("script.js", &version, 0, 0, "// by hand\n"));
    bench.send("Once more");
    bench.model_says("Here it is.");
    bench.model_calls("c2", "write", r#"{"path":"more.txt","content":"More\n"}"#);
    bench.model_is_done(StopReason::ToolUse);
    end(&mut bench);
    bench.wish(Wish::Chat(Chat::AddNote { text: "Mind the gap".to_owned() }));
    bench.wish(Wish::Chat(Chat::Draft { text: "And then".to_owned() }));
    bench.wish(Wish::Workbench(link::workbench::Wish::Keep(Box::default())));
    (bench, project)
}

fn shown(bench: &Bench) -> [serde_json::Value; 5] {
    [Panel::Chat, Panel::Changes, Panel::Files, Panel::History, Panel::Workbench]
        .map(|it| bench.view(it))
}

/// Whoever changes what is written sees here what: then the old layout is frozen as well.
#[test]
fn the_layout_that_is_written_is_known() {
    let (bench, project) = everything_that_is_kept();
    expect_file!["../../tests/schema/latest/profile.json"].assert_eq(&dump(
        &bench.shelf,
        "easel",
        false,
    ));
    expect_file!["../../tests/schema/latest/project.json"].assert_eq(&dump(
        &bench.shelf,
        &store::schema::project_database(&project),
        false,
    ));
}

#[test]
fn what_the_first_layout_kept_opens_for_ever() {
    let frozen = [
        include_str!("../../tests/schema/v1/profile.json"),
        include_str!("../../tests/schema/v1/project.json"),
    ];
    let (now, project) = everything_that_is_kept();
    let shelf = store::MemoryShelf::default();
    fill(&shelf, "easel", frozen[0]);
    fill(&shelf, &store::schema::project_database(&project), frozen[1]);
    let mut bench = Bench::on(shelf, Some(&project));
    document(&mut bench, "script.js");
    assert_eq!(bench.notices(), Vec::<String>::new());
    for (then, now) in shown(&bench).iter().zip(&shown(&now)) {
        assert_eq!(then, now);
    }
}

/// A database as text: records as they are, segments and contents in hex, or only that they are.
fn dump(shelf: &store::MemoryShelf, database: &str, bytes_too: bool) -> String {
    use store::Store as _;
    let records = futures::executor::block_on(shelf.store(database).scan(""));
    let records = records.expect("memory can be read").into_iter().map(|(key, bytes)| {
        let record = match serde_json::from_slice(&bytes) {
            Ok(record) => record,
            Err(_) if bytes_too => {
                let hex: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
                hex.into()
            }
            Err(_) => serde_json::Value::from("bytes"),
        };
        (key, record)
    });
    let records: serde_json::Map<_, _> = records.collect();
    serde_json::to_string_pretty(&records).expect("plain data") + "\n"
}

fn fill(shelf: &store::MemoryShelf, database: &str, dumped: &str) {
    use store::Store as _;
    let records: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(dumped).expect("a dump");
    let mut batch = store::Batch::default();
    for (key, record) in records {
        let bytes = match record.as_str() {
            Some(hex) => (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
                .collect(),
            None => serde_json::to_vec(&record).expect("plain data"),
        };
        batch.put(key, bytes);
    }
    futures::executor::block_on(shelf.store(database).commit(batch)).expect("memory takes all");
}
