//! Members, departments, tags and the app (reference wecom 5.1 to 5.3).

use serde_json::{Value, json};

use crate::wecom::call::Call;
use crate::wecom::caller::Caller;
use crate::wecom::corp::Corp;
use crate::wecom::people::ROOT;
use crate::wecom::refusal::Refusal;
use crate::wecom::seed::{MemberSeed, TagSeed};

const TAG_GROUP: &str = "etGroupDemo01";

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
    let mut answer = full(member);
    answer["errcode"] = json!(0);
    answer["errmsg"] = json!("ok");
    Ok(answer)
}

/// `user/simplelist` and `user/list`: one level only; `row` is what the call tells of each member.
pub(crate) fn users_of_department(corp: &Corp, call: &Call, row: fn(&MemberSeed) -> Value) -> Result<Value, Refusal> {
    let department = number(call, "department_id")?.ok_or_else(|| Refusal::parameter("department_id missing"))?;
    let members = corp.members();
    if !members.departments().has(department) {
        return Err(Refusal::new(60003, "department not found"));
    }
    let inside = members
        .iter()
        .filter(|(_, member)| member.visible && member.department.contains(&department));
    let rows: Vec<Value> = inside.map(|(_, member)| row(member)).collect();
    Ok(json!({ "errcode": 0, "errmsg": "ok", "userlist": rows }))
}

/// A member as `user/simplelist` tells.
pub(crate) fn brief(member: &MemberSeed) -> Value {
    json!({ "userid": member.userid, "name": member.name, "department": member.department })
}

/// A member as `user/get` and `user/list` tell.
pub(crate) fn full(member: &MemberSeed) -> Value {
    json!({
        "userid": member.userid, "name": member.name, "department": member.department,
        "main_department": member.department.first().copied().unwrap_or(ROOT), "status": member.status,
    })
}

/// `department/simplelist`: the department asked for and everything below it; all when none is named.
pub(crate) fn department_list(corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let tree = corp.members().departments();
    let top = number(call, "id")?.unwrap_or(ROOT);
    if !tree.has(top) {
        return Err(Refusal::new(60003, "department not found"));
    }
    let row =
        |(id, parent): (u32, u32)| json!({ "id": id, "parentid": parent, "order": 100_000_000_u64 - u64::from(id) });
    let rows: Vec<Value> = tree.subtree(top).map(row).collect();
    Ok(json!({ "errcode": 0, "errmsg": "ok", "department_id": rows }))
}

/// `get_corp_tag_list`: one group; `deleted` only when asked by id; with both filters only the group counts.
pub(crate) fn tags(corp: &Corp, body: &Value) -> Value {
    let wanted: Vec<&str> = body["tag_id"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let groups = body["group_id"].as_array().filter(|ids| !ids.is_empty());
    let by_group = groups.is_some();
    let shown = |tag: &&TagSeed| match groups {
        Some(groups) => groups.iter().any(|id| id == TAG_GROUP),
        None => wanted.is_empty() || wanted.contains(&tag.id.as_str()),
    };
    let row = |tag: &TagSeed| {
        let mut row = json!({ "id": tag.id, "name": tag.name, "create_time": 1_767_000_000, "order": 1 });
        if by_group || !wanted.is_empty() {
            row["deleted"] = json!(false);
        }
        row
    };
    let rows: Vec<Value> = corp.tags.iter().filter(shown).map(row).collect();
    let group = json!({ "group_id": TAG_GROUP, "group_name": "客户分层", "create_time": 1_767_000_000, "order": 1, "tag": rows });
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

/// `agent/get`: the visible range, as departments where the settings name some and as members otherwise.
pub(crate) fn agent(caller: &Caller, call: &Call) -> Result<Value, Refusal> {
    let corp = &caller.corp;
    if call.query("agentid").and_then(|id| id.parse().ok()) != Some(caller.agentid()) {
        return Err(Refusal::new(301_002, "no right on this app"));
    }
    let (parties, closed) = {
        let settings = &corp.state().settings;
        (settings.visible_parties.clone(), settings.closed)
    };
    let members = corp.members();
    let tree = members.departments();
    let named = |member: &MemberSeed| member.visible && !parties.iter().any(|party| tree.holds(member, *party));
    let users: Vec<Value> = members
        .iter()
        .filter(|(_, member)| named(member))
        .map(|(_, member)| json!({ "userid": member.userid }))
        .collect();
    Ok(json!({
        "errcode": 0, "errmsg": "ok", "agentid": caller.agentid(), "name": "门店助手", "close": u8::from(closed),
        "allow_userinfos": { "user": users }, "allow_partys": { "partyid": parties }, "allow_tags": { "tagid": [] },
    }))
}

/// `agent/get_permissions`.
pub(crate) fn permissions(caller: &Caller) -> Value {
    json!({ "errcode": 0, "errmsg": "ok", "app_permissions": caller.permissions() })
}

/// `getcallbackip`: a plain address and a pattern, because both were seen (reference wecom 4.6).
pub(crate) fn callback_ips() -> Value {
    json!({ "errcode": 0, "errmsg": "ok", "ip_list": ["198.51.100.23", "203.0.113.*"] })
}

fn number(call: &Call, name: &str) -> Result<Option<u32>, Refusal> {
    call.query(name)
        .map(|text| text.parse().map_err(|_| Refusal::parameter(&format!("invalid {name}"))))
        .transpose()
}
