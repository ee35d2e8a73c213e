//! What comes down, and what the signals then hold.

use link::patch::Step;
use serde_json::json;

use super::*;

#[test]
fn a_whole_view_is_shown() {
    with(|mirror, views| {
        assert_eq!(mirror.take(whole(7, "Saved")), []);
        assert!(mirror.is_stale());
        assert_eq!(views.status.get_untracked().spent, "");
        mirror.show(views);
        assert_eq!(views.status.get_untracked().spent, "Saved");
        assert!(!mirror.is_stale());
    });
}

#[test]
fn patches_in_order_are_applied_and_shown_once() {
    with(|mirror, views| {
        assert_eq!(mirror.take(whole(1, "a")), []);
        assert_eq!(mirror.take(append(2, "b")), []);
        assert_eq!(mirror.take(append(3, "c")), []);
        mirror.show(views);
        assert_eq!(views.status.get_untracked().spent, "abc");
    });
}

#[test]
fn a_gap_asks_for_the_whole_view_once() {
    with(|mirror, views| {
        assert_eq!(mirror.take(whole(1, "a")), []);
        mirror.show(views);
        assert_eq!(mirror.take(append(3, "c")), [Panel::Status]);
        assert_eq!(mirror.take(append(4, "d")), []);
        mirror.show(views);
        assert_eq!(views.status.get_untracked().spent, "a", "half a story is not shown");
        assert_eq!(mirror.take(whole(5, "abcde")), []);
        assert_eq!(mirror.take(append(6, "f")), []);
        mirror.show(views);
        assert_eq!(views.status.get_untracked().spent, "abcdef");
    });
}

#[test]
fn a_patch_before_any_view_asks_for_it() {
    with(|mirror, _| assert_eq!(mirror.take(append(1, "x")), [Panel::Status]));
}

#[test]
fn a_patch_that_does_not_fit_asks_for_the_whole_view() {
    with(|mirror, views| {
        assert_eq!(mirror.take(whole(1, "a")), []);
        mirror.show(views);
        let odd = Patch::Append(vec![Step::Field("nowhere".to_owned())], "x".to_owned());
        let odd = DownKind::Patches { panel: Panel::Status, number: 2, patches: vec![odd] };
        assert_eq!(mirror.take(odd), [Panel::Status]);
        mirror.show(views);
        assert_eq!(views.status.get_untracked().spent, "a");
    });
}

#[test]
fn the_largest_number_has_no_successor() {
    with(|mirror, _| {
        assert_eq!(mirror.take(whole(u64::MAX, "a")), []);
        assert_eq!(mirror.take(append(0, "b")), [Panel::Status]);
    });
}

#[test]
fn a_new_core_begins_anew() {
    with(|mirror, _| {
        assert_eq!(mirror.take(whole(1, "a")), []);
        assert_eq!(mirror.take(DownKind::CoreStarted { build: "b".to_owned() }), []);
        assert_eq!(mirror.take(append(2, "b")), [Panel::Status], "it would meet the old text");
    });
}

#[test]
fn a_view_of_another_shape_means_another_build() {
    with(|mirror, views| {
        let odd = DownKind::Whole { panel: Panel::Status, number: 1, view: json!({"spent": 3}) };
        assert_eq!(mirror.take(odd), []);
        mirror.show(views);
        assert!(views.outdated.get_untracked());
    });
}

#[track_caller]
fn with(story: impl FnOnce(&mut Mirror, &Views)) {
    Owner::new().with(|| story(&mut Mirror::default(), &Views::empty()));
}

fn whole(number: u64, spent: &str) -> DownKind {
    let view = link::status::View { spent: spent.to_owned(), ..Default::default() };
    DownKind::Whole { panel: Panel::Status, number, view: serde_json::to_value(view).unwrap() }
}

fn append(number: u64, more: &str) -> DownKind {
    let patch = Patch::Append(vec![Step::Field("spent".to_owned())], more.to_owned());
    DownKind::Patches { panel: Panel::Status, number, patches: vec![patch] }
}
