//! The front door rendered to HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::{
    chat::ModelChoice,
    home::{ProjectCard, Template, View},
};

use super::Home;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn an_empty_list_is_not_shown_before_it_was_read() {
    check(
        View::default(),
        "home__recent",
        expect![[r#"
        section aria-labelledby="recent" class="home__recent"
          h2 id="recent" class="home__heading"
            "Recent"
          p role="status" class="home__hint"
            "Reading your projects…"
    "#]],
    );
    check(
        View { loaded: true, ..View::default() },
        "home__recent",
        expect![[r#"
        section aria-labelledby="recent" class="home__recent"
          h2 id="recent" class="home__heading"
            "Recent"
          div class="empty"
            p class="empty__title"
              "Your projects will be listed here"
    "#]],
    );
}

#[test]
fn projects_can_be_opened_and_have_a_menu() {
    let card = ProjectCard {
        id: "prj_1".to_owned(),
        name: "notes <b>".to_owned(),
        used_at_ms: 0,
        n_files: 3,
    };
    let view = View { projects: vec![card], loaded: true, ..View::default() };
    check(
        view,
        "home__recent",
        expect![[r#"
        section aria-labelledby="recent" class="home__recent"
          h2 id="recent" class="home__heading"
            "Recent"
          ul class="home__projects"
            li class="project"
              button type="button" class="project__open"
                span class="project__name"
                  bdi
                    "notes &lt;b&gt;"
                span class="project__about"
                  "just now · 3 files"
              span class="menu"
                button type="button" aria-label="Actions for notes &lt;b&gt;" title="Actions for notes &lt;b&gt;" aria-haspopup="menu" aria-expanded="false" class="icon-button"
                div popover="auto" role="menu" tabindex="-1" aria-label="Actions for notes &lt;b&gt;" class="menu__list"
                  button type="button" role="menuitem" tabindex="-1" class="menu__item"
                    span class="menu__label"
                      "Open"
                  button type="button" role="menuitem" tabindex="-1" class="menu__item"
                    span class="menu__label"
                      "Rename…"
                  button type="button" role="menuitem" tabindex="-1" class="menu__item"
                    span class="menu__label"
                      "Duplicate"
                  button type="button" role="menuitem" tabindex="-1" class="menu__item"
                    span class="menu__label"
                      "Export as zip"
                  button type="button" role="menuitem" tabindex="-1" data-danger="" class="menu__item"
                    span class="menu__label"
                      "Remove"
    "#]],
    );
}

#[test]
fn the_demo_is_labelled() {
    check(
        View::default(),
        "home__demo",
        expect![[r#"
        span class="home__demo"
          button type="button" class="button button--quiet"
            span class="button__label"
              "Try the scripted demo"
          span class="home__hint"
            "No key needed. The replies are recorded, not made by a model"
    "#]],
    );
}

#[test]
fn the_first_template_is_chosen() {
    let template = |id: &str| Template {
        id: id.to_owned(),
        name: id.to_uppercase(),
        about: "About".to_owned(),
    };
    let view = View { templates: vec![template("web"), template("ts")], ..View::default() };
    check(
        view,
        "home__templates",
        expect![[r#"
        fieldset class="home__templates"
          legend class="home__legend"
            "Start from"
          label class="home__template"
            input type="radio" name="template" value="web" checked
            span class="home__template-name"
              "WEB"
            span class="home__hint"
              "About"
          label class="home__template"
            input type="radio" name="template" value="ts"
            span class="home__template-name"
              "TS"
            span class="home__hint"
              "About"
    "#]],
    );
}

#[test]
fn without_a_model_the_composer_says_so() {
    check(
        View::default(),
        "home__composer",
        expect![[r#"
        div class="home__composer"
          textarea rows="3" aria-label="What do you want to make?" aria-description="Enter makes it, Shift Enter breaks the line" placeholder="A habit tracker with a heat map…" autofocus class="home__prompt"
          div class="home__row"
            button type="button" class="button button--quiet"
              span class="button__label"
                "No model yet"
            button type="button" class="button button--primary"
              span class="button__label"
                "Make it"
    "#]],
    );
}

#[test]
fn a_scripted_model_is_called_that() {
    let html = html(View::default(), |views| {
        let choice = ModelChoice {
            id: "script/demo".to_owned(),
            name: "Demo".to_owned(),
            provider: "script".to_owned(),
            scripted: true,
        };
        views.chat.update(|it| {
            it.composer.model.clone_from(&choice.id);
            it.composer.models = vec![choice];
        });
    });
    assert!(html.contains("Demo (scripted)"), "{html}");
}

#[test]
fn long_work_is_told() {
    let view = View { busy: "Unpacking photos.zip".to_owned(), ..View::default() };
    check(
        view,
        "home__busy",
        expect![[r#"
        p role="status" class="home__busy"
          span
            "Unpacking photos.zip"
    "#]],
    );
}

#[track_caller]
fn check(view: View, class: &str, expected: Expect) {
    expected.assert_eq(&outline(&html(view, |_| ()), class));
}

fn html(view: View, fill: impl FnOnce(&Views)) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.home.set(view);
        fill(&views);
        page::provide(views, Callback::new(|_| ()));
        view! { <Home /> }.into_view().to_html()
    })
}
