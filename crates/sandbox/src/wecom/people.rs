//! Departments, and what happens to members after they were seeded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::wecom::corp::{Corp, Members};
use crate::wecom::push::CorpEvent;
use crate::wecom::seed::MemberSeed;

/// The department that every corp has.
pub(crate) const ROOT: u32 = 1;
/// `status` of an activated member (reference wecom 5.2).
const ACTIVATED: u8 = 1;
const DISABLED: u8 = 2;
const LEFT: u8 = 5;

/// A department. Those that members name without one being seeded lie below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentSeed {
    /// From 2; 1 is the root.
    pub id: u32,
    /// The one above.
    #[serde(default = "root")]
    pub parent: u32,
}

/// What happens to one member. JSON: `{"change":"move","department":[2,7]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MemberChange {
    /// Leaves the corp: `user/get` answers 60111 from now on.
    Leave,
    /// Is disabled by an administrator; still listed, never publishes again.
    Disable,
    /// Is activated: again, or for the first time.
    Activate,
    /// Works in other departments from now on.
    Move {
        /// The new departments, the main one first.
        department: Vec<u32>,
    },
    /// Is taken out of 客户联系 使用范围: silently without a task.
    LoseCustomerContact,
    /// Is put back.
    RegainCustomerContact,
    /// Falls out of the app's visible range: an invalid sender.
    Hide,
    /// Is visible to the app again.
    Show,
    /// Has another name.
    Rename {
        /// The new name.
        name: String,
    },
}

impl Corp {
    pub(crate) fn change_member(&self, userid: &str, change: &MemberChange) -> Result<(), SandboxError> {
        self.members_mut()
            .find_mut(userid)
            .map(|member| change.apply(member))
            .ok_or_else(|| SandboxError::UnknownMember(userid.to_owned()))
    }

    /// Adds a department, or hangs the one with this id elsewhere.
    pub(crate) fn put_department(&self, department: &DepartmentSeed) -> Result<(), SandboxError> {
        let DepartmentSeed { id, parent } = *department;
        let mut members = self.members_mut();
        if id <= ROOT || members.departments().is_below(parent, id) {
            return Err(SandboxError::NotNow(
                "a department needs an id above 1 and a parent that is not below it",
            ));
        }
        members.parents.insert(id, parent);
        Ok(())
    }
}

impl Members {
    /// The tree as it is now: what was seeded, and what members name.
    pub(crate) fn departments(&self) -> Departments {
        let mut parents = self.parents.clone();
        for (_, member) in self.iter() {
            for id in &member.department {
                parents.entry(*id).or_insert(ROOT);
            }
        }
        let named: Vec<u32> = parents.values().copied().collect();
        for id in named {
            parents.entry(id).or_insert(ROOT);
        }
        parents.insert(ROOT, 0);
        Departments(parents)
    }
}

/// Every department with the one above it; the root has 0 above it.
#[derive(Debug)]
pub(crate) struct Departments(BTreeMap<u32, u32>);

impl Departments {
    pub(crate) fn has(&self, id: u32) -> bool {
        self.0.contains_key(&id)
    }

    /// The department itself and all below it, with their parents, by id.
    pub(crate) fn subtree(&self, top: u32) -> impl Iterator<Item = (u32, u32)> {
        self.0
            .iter()
            .map(|(id, parent)| (*id, *parent))
            .filter(move |(id, _)| self.is_below(*id, top))
    }

    /// Whether the member works in `top` or below it.
    pub(crate) fn holds(&self, member: &MemberSeed, top: u32) -> bool {
        top == ROOT || member.department.iter().any(|id| self.is_below(*id, top))
    }

    /// Whether going up from `id` comes to `top`. A department is below itself.
    fn is_below(&self, id: u32, top: u32) -> bool {
        let mut place = id;
        for _ in 0..=self.0.len() {
            if place == top {
                return true;
            }
            let Some(parent) = self.0.get(&place) else {
                return false;
            };
            place = *parent;
        }
        false
    }
}

impl MemberChange {
    /// How the corp's apps are told of it.
    pub(crate) fn event(&self, userid: &str) -> CorpEvent {
        let change = if *self == Self::Leave {
            "delete_user"
        } else {
            "update_user"
        };
        CorpEvent::Contact {
            change: change.to_owned(),
            userid: userid.to_owned(),
        }
    }

    fn apply(&self, member: &mut MemberSeed) {
        match self {
            Self::Leave => {
                member.status = LEFT;
                member.visible = false;
                member.follow = false;
            }
            Self::Disable => member.status = DISABLED,
            Self::Activate => member.status = ACTIVATED,
            Self::Move { department } => member.department.clone_from(department),
            Self::LoseCustomerContact => member.follow = false,
            Self::RegainCustomerContact => member.follow = true,
            Self::Hide => member.visible = false,
            Self::Show => member.visible = true,
            Self::Rename { name } => member.name.clone_from(name),
        }
    }
}

fn root() -> u32 {
    ROOT
}
