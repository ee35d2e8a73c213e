//! Where panels are: kept with the project, for every tab that opens it.

use link::{TabId, workbench::Layout};
use store::schema::{self, key};

use super::Session;

impl Session {
    pub(super) async fn keep_layout(&self, tab: &TabId, layout: Layout) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let mut writing = workspace.write().await;
        writing.batch.put(key::LAYOUT, schema::encode(&layout));
        workspace.state.borrow_mut().layout = Some(layout);
        // A layout that was not kept is shown as "not saved" like everything else.
        writing.finish().await.ok();
    }

    pub(super) fn workbench_view(&self, tab: &TabId) -> link::workbench::View {
        let Some(workspace) = self.workspace_of(tab) else { return Default::default() };
        let layout = workspace.state.borrow().layout.clone().unwrap_or_default();
        let name = self.profile(|it| it.projects.get(&workspace.id).map(|it| it.name.clone()));
        link::workbench::View {
            layout: Some(layout),
            project: workspace.id.clone(),
            name: name.unwrap_or_default(),
        }
    }
}
