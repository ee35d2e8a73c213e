//! The status line: branch, errors, what runs, tokens, money, and what to worry about. Style:
//! `style/workbench/status.css`.

use leptos::prelude::*;
use link::{preview::Level, status::Task};

use crate::{
    i18n::texts,
    page::{self, Desk, Section},
    ui::{Icon, IconButton, Pictogram, Progress},
};

#[component]
pub fn StatusLine() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let branch = Memo::new(move |_| desk.views.history.with(|it| it.branch.clone()));
    view! {
        <footer class="status" aria-label=text.status_line data-part="status" tabindex="-1">
            <Show when=move || !branch.read().is_empty()>
                <span class="status__item" title=move || (text.branch)(&branch.read())>
                    <Pictogram icon=Icon::GitBranch />
                    <bdi>{branch}</bdi>
                </span>
            </Show>
            <Errors />
            <Tasks />
            <span class="status__space"></span>
            <Cost />
            <Worries />
        </footer>
    }
}

#[component]
fn Errors() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let n = Memo::new(move |_| {
        desk.views.preview.with(|view| {
            let lines = view.console.iter().filter(|it| it.level == Level::Error);
            lines.map(|it| it.n as usize).sum::<usize>()
        })
    });
    let open = move |_| {
        desk.show("preview");
        desk.layout.update(|it| it.console_open = true);
    };
    view! {
        <button
            type="button"
            class="status__item"
            data-tone=move || (n.get() > 0).then_some("bad")
            on:click=open
        >
            <Pictogram icon=Icon::Error />
            {move || (text.n_errors)(n.get())}
        </button>
    }
}

#[component]
fn Tasks() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let tasks = move || desk.views.status.with(|it| it.tasks.clone());
    view! {
        <For each=tasks key=|it| it.id.clone() let:task>
            <TaskItem task />
        </For>
    }
}

/// One entry per work, updated in place.
#[component]
fn TaskItem(task: Task) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let id = StoredValue::new(task.id.clone());
    let task = Memo::new(move |_| {
        desk.views.status.with(|it| {
            let found = it.tasks.iter().find(|it| id.with_value(|id| it.id == *id));
            found.unwrap_or(&task).clone()
        })
    });
    let title = Signal::derive(move || task.read().title.clone());
    let cancel = move |()| {
        desk.wish(link::Wish::Status(link::status::Wish::Cancel { task: id.get_value() }));
    };
    view! {
        <span class="status__item status__task">
            <span>{title}</span>
            <Progress
                label=title
                value=Signal::derive(move || task.read().progress.map(f64::from))
            />
            <Show when=move || task.read().can_cancel>
                <IconButton
                    icon=Icon::Close
                    label=Signal::derive(move || (text.cancel_task)(&title.read()))
                    on_press=cancel
                />
            </Show>
        </span>
    }
}

#[component]
fn Cost() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let tokens = Memo::new(move |_| {
        desk.views.chat.with(|it| {
            let it = &it.composer.estimate;
            (it.window > 0).then(|| (text.tokens)(&thousands(it.tokens), &thousands(it.window)))
        })
    });
    let spent = Memo::new(move |_| desk.views.status.with(|it| it.spent.clone()));
    let show = move |_| desk.wish(link::Wish::Chat(link::chat::Wish::ShowRequest));
    view! {
        <Show when=move || tokens.read().is_some()>
            <button
                type="button"
                class="status__item"
                title=text.tokens_title
                on:click=show
            >
                {tokens}
            </button>
        </Show>
        <Show when=move || !spent.read().is_empty()>
            <span class="status__item" title=text.spent_title>{spent}</span>
        </Show>
    }
}

/// What is not as it should be, and the one thing that helps.
#[component]
fn Worries() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let ready = Memo::new(move |_| desk.views.status.with(|it| it.offline_ready));
    let away = Memo::new(move |_| desk.views.status.with(|it| !it.proxy_reached));
    let backed_up = Memo::new(move |_| desk.views.settings.with(|it| it.storage.backed_up));
    let export = move |_| {
        if let Some(project) = desk.views.home.with_untracked(|it| it.open.clone()) {
            desk.wish(link::Wish::Home(link::home::Wish::Export { project }));
        }
    };
    let settings = move |_| desk.dialog.set(Some(page::Dialog::Settings(Section::Proxy)));
    view! {
        <Show when=move || !desk.online.get()>
            <span class="status__item" data-tone="warning" title=text.offline_title>
                <Pictogram icon=Icon::WifiOff />
                {text.offline}
            </span>
        </Show>
        <Show when=move || away.get() && desk.online.get()>
            <button
                type="button"
                class="status__item"
                data-tone="warning"
                title=text.proxy_away_title
                on:click=settings
            >
                <Pictogram icon=Icon::Warning />
                {text.proxy_away}
            </button>
        </Show>
        <Show when=move || !backed_up.get()>
            <button
                type="button"
                class="status__item"
                title=text.not_backed_up_title
                on:click=export
            >
                <Pictogram icon=Icon::Download />
                {text.not_backed_up}
            </button>
        </Show>
        <Show when=move || ready.get()>
            <span class="status__item" title=text.offline_ready_title>
                <Pictogram icon=Icon::Check />
                {text.offline_ready}
            </span>
        </Show>
    }
}

/// Returns a count as people say it: "950", "12.4k".
fn thousands(n: u32) -> String {
    match n {
        0..1000 => n.to_string(),
        1000..100_000 => format!("{}.{}k", n / 1000, n % 1000 / 100),
        _ => format!("{}k", n / 1000),
    }
}
