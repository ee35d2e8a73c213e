//! Stories of names: which model is asked for one, and when its answer counts.

use link::{Panel, Wish, chat::Status, home, settings};
use wire::{ModelEvent, StopReason, Usage};

use crate::session::{
    ports::{Operation, Purpose},
    testing::{Bench, unreachable},
};

const PROMPT: &str = "Please make me a page for my garden";

#[test]
fn a_project_is_named_once_by_the_model_for_names() {
    let mut bench = begun("script/demo", PROMPT);
    assert_eq!(name(&bench), PROMPT, "it has a name at once");
    let asked: Vec<String> =
        bench.gateway.requests.borrow().iter().map(|it| it.model.clone()).collect();
    assert_eq!(asked, ["test/model", "script/demo"]);
    let session = bench.view::<home::View>(Panel::Home).open.expect("the project is open");
    let purposes = [Operation::Chat, Operation::Naming]
        .map(|operation| Purpose { operation, session: session.clone() });
    assert_eq!(*bench.gateway.purposes.borrow(), purposes);

    let usage = Usage { input_tokens: 90, output_tokens: 10, ..Usage::default() };
    say(&mut bench, 1, &[text("**Garden"), text(" Planner**"), ModelEvent::Usage(usage), end()]);
    assert_eq!(name(&bench), "Garden Planner");
    assert_eq!(bench.view::<link::status::View>(Panel::Status).spent, "100 tokens");
    assert!(matches!(bench.chat().status, Status::Working { .. }), "the turn goes on");
    say(&mut bench, 0, &[text("Here it is."), end()]);
    bench.send("And now a pond");
    assert_eq!(bench.gateway.requests.borrow().len(), 3);
    assert_eq!(bench.gateway.requests.borrow()[2].model, "test/model");
    assert_eq!(name(&bench), "Garden Planner");
}

#[test]
fn a_name_that_was_chosen_by_hand_is_kept() {
    let mut bench = begun("script/demo", PROMPT);
    let project = bench.view::<home::View>(Panel::Home).open.expect("the project is open");
    let name_by_hand = "Mine".to_owned();
    bench.wish(Wish::Home(home::Wish::Rename { project, name: name_by_hand }));
    say(&mut bench, 1, &[text("Garden Planner"), end()]);
    assert_eq!(name(&bench), "Mine");

    // A project that was given a name asks for none.
    bench.project("web");
    bench.send(PROMPT);
    assert_eq!(bench.gateway.requests.borrow().len(), 3);
}

#[test]
fn without_an_answer_the_first_words_stay_and_nobody_is_told() {
    let refused = ModelEvent::Finish { reason: StopReason::Refused, stopped_by: None };
    for answer in [
        vec![text("I cannot"), refused],
        vec![text("Garden"), ModelEvent::Error(unreachable())],
        vec![text("{}"), end()],
    ] {
        let mut bench = begun("script/demo", PROMPT);
        say(&mut bench, 1, &answer);
        say(&mut bench, 0, &[text("Here it is."), end()]);
        assert_eq!((name(&bench), bench.chat().status), (PROMPT.to_owned(), Status::Ready));
        assert_eq!(bench.notices(), Vec::<String>::new());
        assert_eq!(bench.chat().entries.len(), 2, "the turn was as ever");
    }

    let mut bench = Bench::new();
    *bench.gateway.rejection.borrow_mut() = Some(unreachable());
    begin(&mut bench, "script/demo", PROMPT);
    assert_eq!(name(&bench), PROMPT);
    assert_eq!(bench.notices(), Vec::<String>::new(), "the chat has its row, and that is all");
}

#[test]
fn a_prompt_with_a_secret_goes_to_no_other_model() {
    let prompt = "Use AKIAIOSFODNN7EXAMPLQ for my garden";
    let mut bench = begun("script/demo", prompt);
    assert!(bench.gateway.requests.borrow().is_empty());
    let text = prompt.to_owned();
    bench.wish(Wish::Chat(link::chat::Wish::Send { text, despite_secrets: true }));
    let requests = bench.gateway.requests.borrow();
    assert_eq!(requests.iter().map(|it| &*it.model).collect::<Vec<_>>(), ["test/model"]);
}

#[test]
fn without_a_model_for_names_nobody_is_asked() {
    for chosen in ["", "gone/model"] {
        let bench = begun(chosen, PROMPT);
        assert_eq!(bench.gateway.requests.borrow().len(), 1);
        assert_eq!(name(&bench), PROMPT);
    }
}

/// A project that begins with a prompt, for the chat's model and with this one for names.
fn begun(names_model: &str, prompt: &str) -> Bench {
    let mut bench = Bench::new();
    begin(&mut bench, names_model, prompt);
    bench
}

fn begin(bench: &mut Bench, names_model: &str, prompt: &str) {
    bench.wish(Wish::Chat(link::chat::Wish::SetModel { model: "test/model".to_owned() }));
    let model = names_model.to_owned();
    bench.wish(Wish::Settings(settings::Wish::SetNamesModel { model }));
    assert_eq!(bench.view::<settings::View>(Panel::Settings).names_model, names_model);
    bench.wish(Wish::Home(home::Wish::Create {
        name: None,
        template: "web".to_owned(),
        prompt: Some(prompt.to_owned()),
        demo: false,
    }));
}

fn name(bench: &Bench) -> String {
    bench.view::<link::workbench::View>(Panel::Workbench).name
}

/// The model that was asked in this place says something.
fn say(bench: &mut Bench, asked: usize, events: &[ModelEvent]) {
    let reply = bench.gateway.replies.borrow()[asked].clone();
    for event in events {
        reply.unbounded_send(event.clone()).expect("somebody listens");
    }
    bench.run();
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::TextDelta { text: text.to_owned() }
}

fn end() -> ModelEvent {
    ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None }
}
