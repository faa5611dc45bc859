//! Who gets the task: the table of reference wecom 7.1 and the conditions of 5.4.

use std::collections::HashSet;

use serde_json::Value;

use crate::ids::mix;
use crate::wecom::call::{number_list, text_list, wrong_type};
use crate::wecom::corp::{Corp, Members};
use crate::wecom::people::Departments;
use crate::wecom::post::{Invalid, Sender, share_of};
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::{CorpSettings, MemberSeed};

const MAX_USERS: usize = 100_000;

/// `visible_range` as sent; an empty list is no list.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    users: Option<Vec<&'a str>>,
    departments: Option<Vec<u64>>,
    tags: Option<Vec<&'a str>>,
}

/// `visible_range` applied to the corp.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) senders: Box<[Sender]>,
    pub(crate) invalid: Invalid,
    pub(crate) tags: Option<Box<[String]>>,
    /// Whether anybody named was a member at all.
    pub(crate) anyone: bool,
}

impl<'a> Target<'a> {
    pub(crate) fn read(body: &'a Value) -> Result<Self, Refusal> {
        let range = match body.get("visible_range") {
            None | Some(Value::Null) => None,
            Some(range @ Value::Object(_)) => Some(range),
            Some(_) => return Err(wrong_type()),
        };
        let senders = range.and_then(|range| range.get("sender_list"));
        let users = text_list(senders, "user_list")?;
        if users.as_ref().is_some_and(|users| users.len() > MAX_USERS) {
            return Err(Refusal::parameter("user_list too long"));
        }
        let contacts = range.and_then(|range| range.get("external_contact_list"));
        Ok(Self {
            users,
            departments: number_list(senders, "department_list")?,
            tags: text_list(contacts, "tag_list")?,
        })
    }

    /// Names nobody, so the platform takes everybody. A tag alone narrows customers, not members: that is a choice.
    pub(crate) fn is_everyone(&self) -> bool {
        self.users.is_none() && self.departments.is_none() && self.tags.is_none()
    }

    /// What the caller named, for telling one intent from another.
    pub(crate) fn named(&self) -> Vec<String> {
        let users = self.users.iter().flatten().map(|user| user.to_lowercase());
        let departments = self.departments.iter().flatten().map(|id| format!("d{id}"));
        let tags = self.tags.iter().flatten().map(|tag| format!("t{tag}"));
        let mut named: Vec<String> = users.chain(departments).chain(tags).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Everybody who gets the task. `chance` is different for each post.
    pub(crate) fn resolve(&self, corp: &Corp, settings: &CorpSettings, chance: u64) -> Resolved {
        let members = corp.members();
        let mut invalid = Invalid::default();
        let numbers = self.numbers(&members, &mut invalid);
        let tags = self.known_tags(corp, &mut invalid);
        let anyone = !numbers.is_empty();
        let has_task = |no: &u32| {
            members
                .get(*no)
                .is_some_and(|member| gets_task(member, settings, tags.as_deref(), mix(chance) ^ u64::from(*no)))
        };
        let sender = |no: u32| {
            members
                .get(no)
                .map(|member| Sender::new(no, member, settings.confirm, mix(chance ^ u64::from(no))))
        };
        let senders = numbers.into_iter().filter(has_task).filter_map(sender).collect();
        Resolved {
            senders,
            invalid,
            tags,
            anyone,
        }
    }

    /// The members named, each once, in the order named.
    fn numbers(&self, members: &Members, invalid: &mut Invalid) -> Vec<u32> {
        if self.users.is_none() && self.departments.is_none() {
            return members
                .iter()
                .filter(|(_, member)| member.visible)
                .map(|(no, _)| no)
                .collect();
        }
        let mut seen = HashSet::new();
        let mut numbers = Vec::new();
        for userid in self.users.iter().flatten() {
            match members.visible(userid) {
                Some((no, _)) if seen.insert(no) => numbers.push(no),
                Some(_) => (),
                None => invalid.users.push((*userid).to_owned()),
            }
        }
        if let Some(departments) = &self.departments {
            let tree = members.departments();
            for department in departments {
                let inside = inside(members, &tree, *department);
                if inside.is_empty() {
                    invalid.departments.push(*department);
                }
                numbers.extend(inside.into_iter().filter(|no| seen.insert(*no)));
            }
        }
        numbers
    }

    /// `None`: no tags were asked for. Unknown ones are reported and do not count.
    fn known_tags(&self, corp: &Corp, invalid: &mut Invalid) -> Option<Box<[String]>> {
        let asked = self.tags.as_ref()?;
        let (known, unknown): (Vec<&str>, Vec<&str>) = asked
            .iter()
            .partition(|tag| corp.tags.iter().any(|known| known.id == **tag));
        invalid.tags = unknown.into_iter().map(str::to_owned).collect();
        Some(known.into_iter().map(str::to_owned).collect())
    }
}

/// Conditions that fail silently: the member is simply not in the task list (reference wecom 5.4, 3 to 6).
fn gets_task(member: &MemberSeed, settings: &CorpSettings, tags: Option<&[String]>, chance: u64) -> bool {
    let addressed = tags.is_none_or(|tags| !member.audience(Some(tags)).is_empty());
    let left_out = settings
        .undispatched
        .iter()
        .any(|userid| userid.eq_ignore_ascii_case(&member.userid))
        || (settings.undispatched_share > 0.0 && share_of(chance) < settings.undispatched_share);
    member.follow && member.moments && member.has_customers() && addressed && !left_out
}

fn inside(members: &Members, tree: &Departments, department: u64) -> Vec<u32> {
    let Some(top) = u32::try_from(department).ok().filter(|id| tree.has(*id)) else {
        return Vec::new();
    };
    members
        .iter()
        .filter(|(_, member)| member.visible && tree.holds(member, top))
        .map(|(no, _)| no)
        .collect()
}
