//! Departments and customer tags of a corp (reference wecom 5.3).

use moments_wecom::WecomClient;

use crate::{CallFailure, ChannelAccess, Department, Directory, Tag, TagGroup};

use super::keeper::TokenKeeper;

/// Both lists, whole: the platform gives them in one answer each.
pub(super) async fn read(
    client: &WecomClient,
    tokens: &TokenKeeper,
    channel: &ChannelAccess,
) -> Result<Directory, CallFailure> {
    let departments = tokens
        .with_token(channel, |token| async move {
            client.department_simplelist(&token, None).await
        })
        .await?;
    let groups = tokens
        .with_token(channel, |token| async move { client.get_corp_tag_list(&token).await })
        .await?;
    Ok(Directory {
        departments: departments.into_iter().map(department).collect(),
        tag_groups: groups.into_iter().map(tag_group).collect(),
    })
}

fn department(department: moments_wecom::Department) -> Department {
    Department {
        id: department.id,
        parent: Some(department.parentid).filter(|parent| *parent > 0),
    }
}

fn tag_group(group: moments_wecom::TagGroup) -> TagGroup {
    let tag = |moments_wecom::Tag { id, name }| Tag { id, name };
    TagGroup {
        id: group.group_id,
        name: group.group_name,
        tags: group.tag.into_iter().map(tag).collect(),
    }
}
