//! Whatever a person has put into Easel, none of it is in the file that they give away.

use link::{
    Panel, Wish,
    chat::Wish as Chat,
    files::Wish as Files,
    home::Wish as Home,
    settings::{self, Wish as Settings},
    status::{Page, Wish as Status},
};
use serde_json::{Value, json};
use store::StoreError;
use wire::{ModelEvent, Rejection, RejectionCode, StopReason};

use crate::session::testing::{Bench, unreachable};

/// In every text that is the person's.
const MARK: &str = "zebra";

#[test]
fn a_diagnosis_holds_nothing_of_the_persons() {
    let mut bench = filled();
    let (about, text) = diagnosed(&mut bench);
    assert!(!text.to_lowercase().contains(MARK), "{text}");

    assert_eq!(about["easel"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(about["page"]["user_agent"], "Browser/1");
    assert_eq!(about["storage"], json!({ "used_bytes": 1_000, "quota_bytes": 1_000_000 }));
    assert_eq!(about["proxy"], json!({ "reached": true, "version": "1" }));
    let project = &about["open_project"];
    assert_eq!((&project["commits"], &project["messages"]), (&json!(2), &json!(3)), "{project}");
    let profile = &about["profile"];
    assert_eq!((&profile["projects"], &profile["model"]), (&json!(2), &json!("test/model")));
    let expected = json!([{
        "id": "mine",
        "kind": "openai-compatible",
        "origin": "https://models.example:8443",
        "key": "set",
        "direct": false,
        "own_models": 1,
        "test": "failed at the proxy",
    }]);
    assert_eq!(profile["through_the_proxy"], expected);
    let notices = about["notices"].as_array().expect("a list");
    let not_kept = notices.iter().find(|it| it["group"] == "not-kept").expect("it was told");
    let text = not_kept["text"].as_str().unwrap_or_default();
    assert!(text.contains("the browser has no room left"), "{text}");
    for group in ["files", "import", "provider", "removed", "report", "configured"] {
        let told = notices.iter().find(|it| it["group"] == group);
        let told = told.unwrap_or_else(|| panic!("no {group} in {notices:?}"));
        assert_eq!(told["text"], "", "{group} may name what is the person's");
    }
}

#[test]
fn a_diagnosis_tells_why_the_proxy_refuses_also_without_a_project() {
    let mut bench = Bench::new();
    *bench.gateway.rejection.borrow_mut() =
        Some(Rejection { code: RejectionCode::NotPaired, ..unreachable() });
    let (about, _) = diagnosed(&mut bench);
    assert_eq!(about["proxy"], json!({ "reached": false, "code": "not_paired" }));
    assert_eq!(about["open_project"], Value::Null);
}

fn diagnosed(bench: &mut Bench) -> (Value, String) {
    let page = Page { user_agent: "Browser/1".to_owned(), ..Page::default() };
    bench.wish(Wish::Status(Status::Diagnose { page }));
    let (name, bytes) = bench.downloads.pop().expect("a file");
    assert_eq!(name, "easel-diagnostics.json");
    let text = String::from_utf8(bytes).expect("text");
    (serde_json::from_str(&text).expect("JSON"), text)
}

/// A profile with the mark wherever one can write, and a notice of everything that goes wrong.
fn filled() -> Bench {
    let marked = |text: &str| format!("{text} {MARK}");
    let mut bench = Bench::new();
    bench.wish(Wish::Settings(Settings::SetToken { token: MARK.to_owned() }));
    bench.wish(Wish::Settings(Settings::SetAuthor {
        name: marked("Ada"),
        email: format!("{MARK}@example.org"),
    }));
    bench.wish(Wish::Settings(Settings::SetInstructions { text: marked("Be brief") }));
    bench.wish(Wish::Settings(Settings::SaveProvider {
        id: "mine".to_owned(),
        kind: "openai-compatible".to_owned(),
        base_url: format!("https://{MARK}:{MARK}@models.example:8443/{MARK}/v1?{MARK}#{MARK}"),
        key: Some(MARK.to_owned()),
        models: vec![MARK.to_owned()],
        direct: false,
    }));
    bench.wish(Wish::Chat(Chat::SetModel { model: "test/model".to_owned() }));
    for name in ["First", "Second"] {
        bench.wish(Wish::Home(Home::Create {
            name: Some(marked(name)),
            template: "web".to_owned(),
            prompt: None,
            demo: false,
        }));
    }
    let home: link::home::View = bench.view(Panel::Home);
    let first = home.projects.iter().find(|it| it.name.starts_with("First")).expect("it was made");
    bench.wish(Wish::Home(Home::Remove { project: first.id.clone() }));

    let path = format!("src/{MARK}.ts");
    bench.wish(Wish::Settings(Settings::SetProjectInstructions { text: marked("Mind") }));
    bench.wish(Wish::Files(Files::Create { path: path.clone() }));
    bench.wish(Wish::Files(Files::Commit { message: marked("Add") }));
    bench.wish(Wish::Files(Files::Create { path: format!("../{MARK}") }));
    bench.wish(Wish::Chat(Chat::AddFile { path: path.clone() }));
    bench.wish(Wish::Chat(Chat::AddNote { text: marked("Note") }));
    bench.wish(Wish::Files(Files::Remove { path }));
    let bytes = marked("no zip").into_bytes();
    bench.wish(Wish::Home(Home::ImportZip { name: format!("{MARK}.zip"), bytes }));
    bench.wish(Wish::Status(Status::Report { text: marked("Left out:") }));

    bench.send(&marked("Name it"));
    bench.model_says(&marked("It is"));
    let json = format!(r#"{{"name":"project.name","value":"New {MARK}"}}"#);
    bench.model_calls("c1", "configure", &json);
    bench.model_is_done(StopReason::ToolUse);
    let permission = bench.chat().permission.expect("a setting always asks").id;
    bench.wish(Wish::Chat(Chat::Answer { permission, answer: link::chat::Answer::Always }));
    let refused = Rejection { message: marked("No"), ..unreachable() };
    bench.model(&[ModelEvent::Error(refused.clone())]);
    *bench.gateway.rejection.borrow_mut() = Some(refused);
    bench.wish(Wish::Settings(Settings::RemoveProvider { id: "mine".to_owned() }));
    bench.wish(Wish::Settings(Settings::TestProvider { id: "mine".to_owned() }));
    *bench.gateway.rejection.borrow_mut() = None;

    bench
        .database(&bench.view::<link::home::View>(Panel::Home).open.expect("it is open"))
        .refuse(Some(StoreError::Full));
    bench.send(&marked("And"));
    let shown = bench.view::<settings::View>(Panel::Settings);
    assert!(format!("{shown:?} {:?}", bench.notices()).contains(MARK), "it was filled");
    bench
}
