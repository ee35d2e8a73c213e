//! The accounts of somebody who works alone: one organisation, one project, one person, no sign-in.

use std::sync::Arc;

use super::{Accounts, Client, NotChanged, OrganisationId, PersonId, ProjectId, Role, Who};

const NAME: &str = "Local";
const PERSON: &str = "You";

/// Whom keys and the app belong to where there are no accounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local {
    pub(super) organisation: OrganisationId,
    pub(super) project: ProjectId,
    pub(super) person: PersonId,
}

impl Accounts {
    /// Returns who asks when this installation's own app does. Accounts are made if there are none.
    pub async fn local(&self, now_ms: u64) -> Result<Arc<Client>, NotChanged> {
        let Local { organisation, project, person } = self.local_place(now_ms).await?;
        let key = self.seat(person, organisation, Some(project), now_ms).await?;
        self.client(key).ok_or(NotChanged::Unknown("key"))
    }

    pub(super) async fn local_place(&self, now_ms: u64) -> Result<Local, NotChanged> {
        let by = Who { actor: "easel-proxy", ..Who::default() };
        // Two instances may begin at once; the second one finds what the first one made.
        for _ in 0..3 {
            if let Some(local) = self.found() {
                return Ok(local);
            }
            match self.make_local(by, now_ms).await {
                Ok(()) | Err(NotChanged::Taken) => self.read_directory().await?,
                Err(err) => return Err(err),
            }
        }
        Err(NotChanged::Unknown("organisation of this installation"))
    }

    async fn make_local(&self, by: Who<'_>, now_ms: u64) -> Result<(), NotChanged> {
        let directory = self.directory();
        let known = directory.organisations.iter().find(|it| it.1.name == NAME);
        let organisation = match known {
            Some((id, _)) => *id,
            None => self.make_organisation(NAME, by, now_ms).await?,
        };
        let known = directory
            .projects
            .iter()
            .find(|it| it.1.organisation == organisation && it.1.name == NAME);
        if known.is_none() {
            self.make_project(organisation, NAME, by, now_ms).await?;
        }
        let owned = directory.roles.keys().any(|it| it.0 == organisation && it.1.is_none());
        if !owned {
            let person = self.make_person(PERSON, None, by, now_ms).await?;
            self.set_role(person, organisation, None, Some(Role::Owner), by, now_ms).await?;
        }
        Ok(())
    }

    fn found(&self) -> Option<Local> {
        let directory = self.directory();
        let organisation = *directory.organisations.iter().find(|it| it.1.name == NAME)?.0;
        let mut projects = directory.projects.iter();
        let project =
            *projects.find(|it| it.1.organisation == organisation && it.1.name == NAME)?.0;
        let owner = |it: &(&(OrganisationId, Option<ProjectId>, PersonId), &Role)| {
            it.0.0 == organisation && it.0.1.is_none() && *it.1 == Role::Owner
        };
        let person = directory.roles.iter().find(owner)?.0.2;
        Some(Local { organisation, project, person })
    }
}
