//! What each role may do.
//!
//! One function, without state, so that the whole matrix stands on one page.

/// What a person is in an organisation or in one of its projects. Higher ones may all that lower ones
/// may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Member = 1,
    Admin = 2,
    Owner = 3,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Member, Self::Admin, Self::Owner];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn numbered(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| *it as i64 == number)
    }
}

/// Something that is allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    UseModels,
    SeeOwnUsage,
    MakeOwnKey,
    RevokeOwnKey,
    SeeAllUsage,
    ExportLedger,
    SeeKeys,
    MakeAnyKey,
    RevokeAnyKey,
    SetCapsOfKeys,
    SetCapsOfPeople,
    SeeMembers,
    AddMember,
    RemoveMember,
    MakeProject,
    EndProject,
    TestProviders,
    SetProviders,
    SetCapsOfProjects,
    SetCapsOfOrganisation,
    AppointAdmin,
    AppointOwner,
    SeeAudit,
    EndOrganisation,
}

impl Deed {
    pub const ALL: [Self; 24] = [
        Self::UseModels,
        Self::SeeOwnUsage,
        Self::MakeOwnKey,
        Self::RevokeOwnKey,
        Self::SeeAllUsage,
        Self::ExportLedger,
        Self::SeeKeys,
        Self::MakeAnyKey,
        Self::RevokeAnyKey,
        Self::SetCapsOfKeys,
        Self::SetCapsOfPeople,
        Self::SeeMembers,
        Self::AddMember,
        Self::RemoveMember,
        Self::MakeProject,
        Self::EndProject,
        Self::TestProviders,
        Self::SetProviders,
        Self::SetCapsOfProjects,
        Self::SetCapsOfOrganisation,
        Self::AppointAdmin,
        Self::AppointOwner,
        Self::SeeAudit,
        Self::EndOrganisation,
    ];
}

/// Returns whether a role may do something within what the role is for.
#[must_use]
pub fn may(role: Role, deed: Deed) -> bool {
    let least = match deed {
        Deed::UseModels
        | Deed::SeeOwnUsage
        | Deed::MakeOwnKey
        | Deed::RevokeOwnKey
        | Deed::SeeMembers => Role::Member,
        Deed::SeeAllUsage
        | Deed::ExportLedger
        | Deed::SeeKeys
        | Deed::MakeAnyKey
        | Deed::RevokeAnyKey
        | Deed::SetCapsOfKeys
        | Deed::SetCapsOfPeople
        | Deed::AddMember
        | Deed::RemoveMember
        | Deed::MakeProject
        | Deed::EndProject
        | Deed::TestProviders
        | Deed::SetCapsOfProjects
        | Deed::SeeAudit => Role::Admin,
        // Who pays, who rules, and where the money goes.
        Deed::SetProviders
        | Deed::SetCapsOfOrganisation
        | Deed::AppointAdmin
        | Deed::AppointOwner
        | Deed::EndOrganisation => Role::Owner,
    };
    role >= least
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_matrix_of_roles() {
        let mut table = String::from("deed                   member admin owner\n");
        for deed in Deed::ALL {
            let mark = |role| if may(role, deed) { "yes" } else { "-" };
            let [member, admin, owner] = Role::ALL.map(mark);
            let name = format!("{deed:?}");
            table += format!("{name:22} {member:6} {admin:5} {owner}\n").as_str();
        }
        expect![[r#"
            deed                   member admin owner
            UseModels              yes    yes   yes
            SeeOwnUsage            yes    yes   yes
            MakeOwnKey             yes    yes   yes
            RevokeOwnKey           yes    yes   yes
            SeeAllUsage            -      yes   yes
            ExportLedger           -      yes   yes
            SeeKeys                -      yes   yes
            MakeAnyKey             -      yes   yes
            RevokeAnyKey           -      yes   yes
            SetCapsOfKeys          -      yes   yes
            SetCapsOfPeople        -      yes   yes
            SeeMembers             yes    yes   yes
            AddMember              -      yes   yes
            RemoveMember           -      yes   yes
            MakeProject            -      yes   yes
            EndProject             -      yes   yes
            TestProviders          -      yes   yes
            SetProviders           -      -     yes
            SetCapsOfProjects      -      yes   yes
            SetCapsOfOrganisation  -      -     yes
            AppointAdmin           -      -     yes
            AppointOwner           -      -     yes
            SeeAudit               -      yes   yes
            EndOrganisation        -      -     yes
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn a_higher_role_may_all_that_a_lower_one_may() {
        for deed in Deed::ALL {
            for pair in Role::ALL.windows(2) {
                assert!(may(pair[1], deed) || !may(pair[0], deed), "{deed:?}");
            }
        }
        for role in Role::ALL {
            assert_eq!(Role::numbered(role as i64), Some(role));
            assert_eq!(Role::named(role.name()), Some(role));
        }
    }
}
