//! Where a page's main part begins and ends: `main`, or the one `article`.
//!
//! It counts elements of one name, so that those within another one end nothing.

use html5gum::StartTag;

use super::element::attribute;

/// An element of which only the end matters, and those of its name within it.
#[derive(Debug)]
pub(super) struct Within {
    name: Vec<u8>,
    n_open: usize,
    at: usize,
}

/// Places are counted in what is written of the page.
#[derive(Debug, Default)]
pub(super) struct MainPart {
    main: Option<Within>,
    main_found: Option<(usize, usize)>,
    article: Option<Within>,
    articles: Vec<(usize, usize)>,
}

impl Within {
    pub(super) fn new(name: &[u8], at: usize) -> Self {
        Self { name: name.to_vec(), n_open: 1, at }
    }

    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.name == name
    }

    pub(super) fn enter(&mut self, name: &[u8]) {
        if self.is(name) {
            self.n_open += 1;
        }
    }

    /// Whether it has ended.
    pub(super) fn leave(&mut self, name: &[u8]) -> bool {
        if self.is(name) {
            self.n_open -= 1;
        }
        self.n_open == 0
    }
}

impl MainPart {
    pub(super) fn enter(&mut self, tag: &StartTag<()>, place: impl FnOnce() -> usize) {
        let name = &**tag.name;
        let is_main = name == b"main" || attribute(tag, b"role").is_some_and(|it| it == "main");
        let begins_main = is_main && self.main.is_none() && self.main_found.is_none();
        // More than one are a list of them.
        let begins_article =
            name == b"article" && self.article.is_none() && self.articles.len() < 2;
        self.main.iter_mut().chain(&mut self.article).for_each(|it| it.enter(name));
        if begins_main || begins_article {
            let at = place();
            if begins_main {
                self.main = Some(Within::new(name, at));
            }
            if begins_article {
                self.article = Some(Within::new(name, at));
            }
        }
    }

    pub(super) fn leave(&mut self, name: &[u8], place: impl FnOnce() -> usize) {
        let main = self.main.take_if(|it| it.leave(name));
        let article = self.article.take_if(|it| it.leave(name));
        if main.is_some() || article.is_some() {
            let end = place();
            self.main_found = self.main_found.or(main.map(|it| (it.at, end)));
            self.articles.extend(article.map(|it| (it.at, end)));
        }
    }

    pub(super) fn in_article(&self) -> bool {
        self.article.is_some()
    }

    /// Returns from where to where it goes, if there is one; `end` is the page's.
    pub(super) fn range(mut self, end: usize) -> Option<(usize, usize)> {
        let main = self.main_found.or(self.main.map(|it| (it.at, end)));
        self.articles.extend(self.article.map(|it| (it.at, end)));
        let only = self.articles.first().filter(|_| self.articles.len() == 1);
        main.or(only.copied())
    }
}
