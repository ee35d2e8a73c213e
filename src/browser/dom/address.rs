//! The page's address: which project it names. The core never sees it.

use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::UrlSearchParams;

use super::window;

const PROJECT: &str = "project";

/// Returns the project that the address names.
pub fn project_in_address() -> Option<String> {
    let query = window().location().search().ok()?;
    UrlSearchParams::new_with_str(&query).ok()?.get(PROJECT)
}

/// Makes the address name a project, or the front door. A new name is a step that Back undoes.
pub fn put_project_in_address(project: Option<&str>) {
    if project_in_address().as_deref() == project {
        return;
    }
    let window = window();
    let Ok(path) = window.location().pathname() else { return };
    let address = project.map_or_else(|| path.clone(), |it| format!("{path}?{PROJECT}={it}"));
    if let Ok(history) = window.history() {
        // Browsers refuse only floods of these; the address is then behind, which harms nothing.
        history.push_state_with_url(&JsValue::NULL, "", Some(&address)).ok();
    }
}

/// Calls with the project of the address when the person went back or forward.
pub fn on_back(call: impl Fn(Option<String>) + 'static) {
    let call = Closure::<dyn Fn()>::new(move || call(project_in_address()));
    let added =
        window().add_event_listener_with_callback("popstate", call.as_ref().unchecked_ref());
    added.expect("the window takes listeners");
    call.forget();
}

/// Loads the page anew, with the newest build that is here.
pub fn reload() {
    crate::browser::offline::reload();
}

/// Opens an address of the web in a tab of its own, which learns nothing of this one.
pub fn open_tab(address: &str) {
    if address.starts_with("https://") || address.starts_with("http://") {
        // A browser that forbids it has told the person.
        window()
            .open_with_url_and_target_and_features(address, "_blank", "noopener,noreferrer")
            .ok();
    }
}
