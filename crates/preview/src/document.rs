//! The whole project in one page, for where there is no preview host.
//!
//! Scripts, sheets and pictures that the page names are inside it. What is only asked for while it
//! runs (`fetch`, workers, computed imports) finds nothing: the frame has an opaque origin and
//! nobody answers.

use std::ops::Range;

use project::FilePath;

use crate::address::{self, media_type};
use crate::html::{self, Tag};
use crate::page::{Way, is_sheet};
use crate::script::data_url;
use crate::site::{ALONE, Site};
use crate::source::World;

impl Site {
    /// Returns the page with everything in it, or `None` where the project has no such page.
    ///
    /// It is for a frame with `sandbox="allow-scripts"`, and only for that.
    pub async fn document(
        &self,
        entry: &FilePath,
        generation: u64,
        world: World<'_>,
    ) -> Option<String> {
        let bytes = world.source.read(entry)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let text = self.with_contents(entry, &text, world);
        let way = Way { origin: ALONE, generation, alone: true };
        Some(self.compose(entry, &text, way, world).await.html)
    }

    /// Puts the sheets, classic scripts and pictures of a page into it.
    fn with_contents(&self, page: &FilePath, text: &str, world: World<'_>) -> String {
        let mut parts: Vec<(Range<usize>, String)> = Vec::new();
        for tag in &html::tags(text) {
            let found = |name: &str| {
                let path = self.linked(page, tag.attribute(name, text)?, world)?;
                Some((path.clone(), world.source.read(&path)?))
            };
            if is_sheet(tag, text) {
                let Some((path, body)) = found("href") else { continue };
                let css = self.sheet(&path, &String::from_utf8_lossy(&body), ALONE, world, 0);
                let name = address::encode(path.as_str());
                let css = css.replace("</style", "<\\/style");
                parts.push((
                    tag.open.clone(),
                    format!("<style data-easel=\"/{name}\">{css}</style>"),
                ));
            } else if tag.name == "script" && tag.attribute("type", text).is_none_or(is_classic) {
                let Some((_, body)) = found("src") else { continue };
                let code = String::from_utf8_lossy(&body).replace("</script", "<\\/script");
                parts.push((tag.open.start..tag.end, format!("<script>{code}</script>")));
            } else if let Some(attribute) = picture(tag) {
                let Some((path, body)) = found(attribute) else { continue };
                let place = tag.attributes.iter().find(|it| it.name == attribute);
                let Some(place) = place else { continue };
                parts.push((place.value.clone(), data_url(media_type(path.as_str()), &body)));
            }
        }
        html::replace(text, &parts)
    }
}

fn is_classic(kind: &str) -> bool {
    matches!(kind.to_ascii_lowercase().as_str(), "" | "text/javascript" | "application/javascript")
}

fn picture(tag: &Tag) -> Option<&'static str> {
    match tag.name.as_str() {
        "img" | "source" | "audio" | "video" | "track" | "embed" => Some("src"),
        "link" => Some("href"),
        _ => None,
    }
}
