//! The calls that read an app's rights and a corp's people and tags (reference wecom 3.3, 4.6, 5.3).

use moments_wire::CallError;
use serde::Serialize;

use crate::directory::{
    Agent, CallbackAddresses, Department, Departments, ListedMember, ListedMembers, TagGroup, TagGroups,
};
use crate::suites::Permissions;
use crate::token::AccessToken;

use super::WecomClient;

/// A POST without parameters still wants a JSON object.
#[derive(Serialize)]
struct Nothing {}

impl WecomClient {
    /// `agent/get_permissions`: what the corp lets the app do, such as `externalcontact:moment:post`.
    pub async fn get_permissions(&self, token: &AccessToken) -> Result<Vec<String>, CallError> {
        self.post_json::<Permissions>("/cgi-bin/agent/get_permissions", token, &Nothing {})
            .await
            .map(|answer| answer.app_permissions)
    }

    /// `agent/get`: a self-built app with its visible range. Suites read theirs with [`get_auth_info`](Self::get_auth_info).
    pub async fn agent_get(&self, token: &AccessToken, agentid: i64) -> Result<Agent, CallError> {
        self.send(
            self.get("/cgi-bin/agent/get", token)
                .query("agentid", &agentid.to_string()),
        )
        .await
    }

    /// `department/simplelist`: every department that the app may see, at all depths; `below` gives only that one and those under it.
    pub async fn department_simplelist(
        &self,
        token: &AccessToken,
        below: Option<i64>,
    ) -> Result<Vec<Department>, CallError> {
        let mut call = self.get("/cgi-bin/department/simplelist", token);
        if let Some(id) = below {
            call = call.query("id", &id.to_string());
        }
        self.send::<Departments>(call).await.map(|answer| answer.department_id)
    }

    /// `user/simplelist`: the members of one department, without those of the departments below it.
    pub async fn user_simplelist(
        &self,
        token: &AccessToken,
        department_id: i64,
    ) -> Result<Vec<ListedMember>, CallError> {
        let call = self
            .get("/cgi-bin/user/simplelist", token)
            .query("department_id", &department_id.to_string());
        self.send::<ListedMembers>(call).await.map(|answer| answer.userlist)
    }

    /// `get_corp_tag_list`: all customer tags of the corp, at most 10 000, by group.
    pub async fn get_corp_tag_list(&self, token: &AccessToken) -> Result<Vec<TagGroup>, CallError> {
        self.post_json::<TagGroups>("/cgi-bin/externalcontact/get_corp_tag_list", token, &Nothing {})
            .await
            .map(|answer| answer.tag_group)
    }

    /// `getcallbackip`: where pushes come from: plain addresses, or patterns like `101.226.103.*`.
    pub async fn getcallbackip(&self, token: &AccessToken) -> Result<Vec<String>, CallError> {
        self.send::<CallbackAddresses>(self.get("/cgi-bin/getcallbackip", token))
            .await
            .map(|answer| answer.ip_list)
    }
}
