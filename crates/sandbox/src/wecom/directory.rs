//! Members, departments, tags and the app (reference wecom 5.1 to 5.3).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::wecom::call::Call;
use crate::wecom::corp::Corp;
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::{MemberSeed, TagSeed};

const ROOT: u32 = 1;

/// `get_follow_user_list`: members in the visible range and in 客户联系 使用范围.
pub(crate) fn follow_users(corp: &Corp) -> Value {
    let members = corp.members();
    let users: Vec<&str> = members
        .iter()
        .filter(|(_, member)| member.visible && member.follow)
        .map(|(_, member)| member.userid.as_str())
        .collect();
    json!({ "errcode": 0, "errmsg": "ok", "follow_user": users })
}

/// `user/get`: 60111 for the unknown and for those outside the visible range.
pub(crate) fn user(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let userid = call
        .query("userid")
        .ok_or_else(|| Refusal::new(41009, "userid missing"))?;
    let members = corp.members();
    let (_, member) = members
        .visible(userid)
        .ok_or_else(|| Refusal::new(60111, "userid not found"))?;
    Ok(json!({
        "errcode": 0, "errmsg": "ok", "userid": member.userid, "name": member.name, "department": member.department,
        "main_department": member.department.first().copied().unwrap_or(ROOT), "status": member.status,
    }))
}

/// `user/simplelist`: one level only.
pub(crate) fn users_of_department(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let department = number(call, "department_id")?.ok_or_else(|| Refusal::parameter("department_id missing"))?;
    if !departments(corp).contains(&department) {
        return Err(Refusal::new(60003, "department not found"));
    }
    let row =
        |member: &MemberSeed| json!({ "userid": member.userid, "name": member.name, "department": member.department });
    let members = corp.members();
    let inside = members
        .iter()
        .filter(|(_, member)| member.visible && member.department.contains(&department));
    let rows: Vec<Value> = inside.map(|(_, member)| row(member)).collect();
    Ok(json!({ "errcode": 0, "errmsg": "ok", "userlist": rows }))
}

/// `department/simplelist`: every department a member is in, all of them below the root.
pub(crate) fn department_list(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let all = departments(corp);
    let top = number(call, "id")?.unwrap_or(ROOT);
    if !all.contains(&top) {
        return Err(Refusal::new(60003, "department not found"));
    }
    let row =
        |id: &u32| json!({ "id": id, "parentid": u8::from(*id != ROOT), "order": 100_000_000_u64 - u64::from(*id) });
    let rows: Vec<Value> = all.iter().filter(|id| top == ROOT || **id == top).map(row).collect();
    Ok(json!({ "errcode": 0, "errmsg": "ok", "department_id": rows }))
}

/// `get_corp_tag_list`: one group; `deleted` only when asked by id.
pub(crate) fn tags(corp: &Corp, body: &Value) -> Value {
    let wanted: Vec<&str> = body["tag_id"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let by_group = body["group_id"].as_array().is_some_and(|ids| !ids.is_empty());
    let shown = |tag: &&TagSeed| by_group || wanted.is_empty() || wanted.contains(&tag.id.as_str());
    let row = |tag: &TagSeed| {
        let mut row = json!({ "id": tag.id, "name": tag.name, "create_time": 1_767_000_000, "order": 1 });
        if by_group || !wanted.is_empty() {
            row["deleted"] = json!(false);
        }
        row
    };
    let rows: Vec<Value> = corp.tags.iter().filter(shown).map(row).collect();
    let group = json!({ "group_id": "etGroupDemo01", "group_name": "客户分层", "create_time": 1_767_000_000, "order": 1, "tag": rows });
    let groups = if rows.is_empty() { json!([]) } else { json!([group]) };
    json!({ "errcode": 0, "errmsg": "ok", "tag_group": groups })
}

/// `externalcontact/list`: 84061 for a member without customers.
pub(crate) fn customers(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let userid = call
        .query("userid")
        .ok_or_else(|| Refusal::new(41009, "userid missing"))?;
    let members = corp.members();
    let (_, member) = members
        .visible(userid)
        .ok_or_else(|| Refusal::new(60111, "userid not found"))?;
    let ids: Vec<String> = member
        .audience(None)
        .into_iter()
        .map(|customer| customer.external_userid)
        .collect();
    if ids.is_empty() {
        return Err(Refusal::new(84061, "not external contact"));
    }
    Ok(json!({ "errcode": 0, "errmsg": "ok", "external_userid": ids }))
}

/// `agent/get`: the visible range as a list of members.
pub(crate) fn agent(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    if call.query("agentid").and_then(|id| id.parse().ok()) != Some(corp.agentid) {
        return Err(Refusal::new(301_002, "no right on this app"));
    }
    let members = corp.members();
    let users: Vec<Value> = members
        .iter()
        .filter(|(_, member)| member.visible)
        .map(|(_, member)| json!({ "userid": member.userid }))
        .collect();
    Ok(json!({
        "errcode": 0, "errmsg": "ok", "agentid": corp.agentid, "name": "门店助手", "close": 0,
        "allow_userinfos": { "user": users }, "allow_partys": { "partyid": [] }, "allow_tags": { "tagid": [] },
    }))
}

fn departments(corp: &Corp) -> BTreeSet<u32> {
    let members = corp.members();
    let mut all: BTreeSet<u32> = members
        .iter()
        .flat_map(|(_, member)| member.department.iter().copied())
        .collect();
    all.insert(ROOT);
    all
}

fn number(call: &Call, name: &str) -> Result<Option<u32>, Refusal> {
    call.query(name)
        .map(|text| text.parse().map_err(|_| Refusal::parameter(&format!("invalid {name}"))))
        .transpose()
}
