//! Stories of providers: which way is taken, and where a key is afterwards.

use link::{Panel, Wish, chat::EntryKind, settings};

use crate::session::testing::{Bench, unreachable};

#[test]
fn a_model_is_asked_by_the_way_of_its_key() {
    let mut bench = Bench::new();
    save(&mut bench, "here", true);
    save(&mut bench, "there", false);
    bench.project("web");
    for (model, n_direct, n_others) in [("here/m", 1, 0), ("there/m", 1, 1), ("test/model", 1, 2)] {
        choose(&mut bench, model);
        bench.send("Hello");
        let asked = (bench.direct.requests.borrow().len(), bench.gateway.requests.borrow().len());
        assert_eq!(asked, (n_direct, n_others), "{model}");
        bench.wish(Wish::Chat(link::chat::Wish::Stop));
    }
}

#[test]
fn without_a_proxy_the_direct_way_goes_on_after_a_start() {
    let mut bench = Bench::new();
    save(&mut bench, "here", true);
    let project = bench.project("web");
    choose(&mut bench, "here/m");
    let kept = bench.direct.kept.take();

    let shelf = bench.shelf.clone();
    let mut bench = Bench::on(shelf, Some(&project));
    *bench.gateway.rejection.borrow_mut() = Some(unreachable());
    *bench.direct.kept.borrow_mut() = kept;
    bench.wish(Wish::Settings(settings::Wish::RefreshModels));
    assert_eq!(shown(&bench), [("here".to_owned(), true)]);
    assert!(bench.chat().composer.models.iter().any(|it| it.id == "test/model"), "as it was last");
    bench.send("Hello");
    assert!(bench.direct.is_read());
}

#[test]
fn what_a_provider_listed_stays_while_it_is_away() {
    let mut bench = Bench::new();
    save(&mut bench, "here", true);
    bench.direct.kept.borrow_mut().get_mut("here").expect("saved").models.push("n".to_owned());
    bench.wish(Wish::Settings(settings::Wish::RefreshModels));
    *bench.direct.rejection.borrow_mut() = Some(unreachable());
    bench.wish(Wish::Settings(settings::Wish::RefreshModels));
    let chat = bench.chat();
    let of_it = chat.composer.models.iter().filter(|it| it.provider == "here");
    assert_eq!(of_it.map(|it| &*it.id).collect::<Vec<_>>(), ["here/m", "here/n"]);
}

#[test]
fn a_key_that_moves_leaves_none_behind() {
    let mut bench = Bench::new();
    let keys = |bench: &Bench| {
        (
            bench.direct.kept.borrow().contains_key("p"),
            bench.gateway.kept.borrow().contains_key("p"),
        )
    };
    save(&mut bench, "p", false);
    assert_eq!((keys(&bench), shown(&bench)), ((false, true), vec![("p".to_owned(), false)]));
    save(&mut bench, "p", true);
    assert_eq!((keys(&bench), shown(&bench)), ((true, false), vec![("p".to_owned(), true)]));
    save(&mut bench, "p", false);
    assert_eq!((keys(&bench), shown(&bench)), ((false, true), vec![("p".to_owned(), false)]));
    bench.wish(Wish::Settings(settings::Wish::RemoveProvider { id: "p".to_owned() }));
    assert_eq!((keys(&bench), shown(&bench)), ((false, false), Vec::new()));
}

#[test]
fn what_could_not_be_kept_here_stays_at_the_proxy() {
    let mut bench = Bench::new();
    save(&mut bench, "p", false);
    *bench.direct.rejection.borrow_mut() = Some(unreachable());
    save(&mut bench, "p", true);
    assert!(bench.gateway.kept.borrow().contains_key("p"));
    assert_eq!(shown(&bench), [("p".to_owned(), false)]);
    assert!(!bench.notices().is_empty());
}

#[test]
fn no_one_is_sent_to_the_proxy_for_a_direct_provider() {
    let mut bench = Bench::new();
    save(&mut bench, "here", true);
    bench.project("web");
    choose(&mut bench, "here/m");
    *bench.direct.rejection.borrow_mut() =
        Some(wire::Rejection { message: "Start it".to_owned(), ..unreachable() });
    bench.send("Hello");
    let entry = bench.chat().entries.last().cloned().expect("an error row");
    let EntryKind::Error { text, .. } = &entry.kind else { panic!("{entry:?}") };
    assert_eq!(text, "Start it");
}

fn save(bench: &mut Bench, id: &str, direct: bool) {
    bench.wish(Wish::Settings(settings::Wish::SaveProvider {
        id: id.to_owned(),
        kind: "openai-compatible".to_owned(),
        base_url: "http://localhost:1234/v1".to_owned(),
        key: Some("k".to_owned()),
        models: vec!["m".to_owned()],
        direct,
    }));
}

fn choose(bench: &mut Bench, model: &str) {
    bench.wish(Wish::Chat(link::chat::Wish::SetModel { model: model.to_owned() }));
}

fn shown(bench: &Bench) -> Vec<(String, bool)> {
    let view: settings::View = bench.view(Panel::Settings);
    view.providers.into_iter().map(|it| (it.id, it.direct)).collect()
}
