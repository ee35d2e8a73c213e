//! The request inspector: what will be sent, section by section, with why and how much. Style:
//! `style/workbench/request.css`.

use leptos::prelude::*;
use link::chat::{Meter, Request, Section, Wish};

use crate::{
    i18n::{chat::short, texts},
    page::{Desk, Views},
    ui::{self, Dialog, DialogSize},
};

#[component]
pub fn RequestDialog(views: Views) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().request;
    let request = Memo::new(move |_| views.chat.with(|it| it.request.clone()));
    let estimate = Memo::new(move |_| views.chat.with(|it| it.composer.estimate.clone()));
    let open = Memo::new(move |_| request.read().is_some());
    view! {
        <Dialog
            open
            title=text.title
            close_label=text.close
            size=DialogSize::Large
            on_close=move |()| desk.wish(link::Wish::Chat(Wish::HideRequest))
        >
            <div class="request">
                <p>{text.about}</p>
                <ul class="request__meters" aria-label=text.meters>
                    {move || {
                        let meters = estimate.get().meters.into_iter();
                        meters.map(|meter| view! { <MeterRow meter /> }).collect_view()
                    }}
                </ul>
                <LeftOut left_out=Signal::derive(move || estimate.get().left_out) />
                {move || request.get().map(|request| {
                    let window = estimate.get().window;
                    view! { <Sections request window /> }
                })}
                <p class="request__note">{text.estimated}</p>
            </div>
        </Dialog>
    }
}

#[component]
fn MeterRow(meter: Meter) -> impl IntoView {
    let text = &texts().request;
    let Meter { name, tokens, limit } = meter;
    let said = (text.of_window)(&short(tokens), &short(limit));
    view! {
        <li class="request__meter">
            <span>{name.clone()}</span>
            <ui::Meter
                label=format!("{name}: {said}")
                value=Signal::stored(f64::from(tokens))
                limit=Signal::stored(f64::from(limit))
            />
            <span class="request__amount">{said}</span>
        </li>
    }
    .into_any()
}

#[component]
fn LeftOut(left_out: Signal<Vec<String>>) -> impl IntoView {
    view! {
        <Show when=move || !left_out.read().is_empty()>
            <section class="request__left-out">
                <p>{texts().request.left_out}</p>
                <ul>{move || left_out.get().into_iter().map(|it| view! { <li>{it}</li> }).collect_view()}</ul>
            </section>
        </Show>
    }
    .into_any()
}

#[component]
fn Sections(request: Request, window: u32) -> impl IntoView {
    let text = &texts().request;
    let total = match window {
        0 => short(request.total_tokens),
        window => (text.of_window)(&short(request.total_tokens), &short(window)),
    };
    view! {
        <table class="request__sections">
            <thead>
                <tr>
                    <th scope="col">{text.section}</th>
                    <th scope="col">{text.reason}</th>
                    <th scope="col" class="request__amount">{text.tokens}</th>
                </tr>
            </thead>
            <tbody>
                {request.sections.into_iter().map(|section| view! { <SectionRow section /> }).collect_view()}
            </tbody>
            <tfoot>
                <tr>
                    <th scope="row" colspan="2">{text.total}</th>
                    <td class="request__amount">{total}</td>
                </tr>
            </tfoot>
        </table>
    }
    .into_any()
}

#[component]
fn SectionRow(section: Section) -> impl IntoView {
    let Section { name, reason, tokens, text } = section;
    let key = name.clone();
    view! {
        <tr>
            <td>
                <details class="request__section" data-section=key>
                    <summary>{name}</summary>
                    <pre class="request__text" tabindex="0" dir="auto">{text}</pre>
                </details>
            </td>
            <td>{reason}</td>
            <td class="request__amount">{tokens}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
