use serde_json::json;

use super::*;

const VIEW: &str = "workbench:wechat:moments:task:view";
const CREATE: &str = "workbench:wechat:moments:sync:create";

fn identity(user: &str, permissions: &str, claims: Value) -> Option<Identity> {
    let names = ClaimNames {
        user: user.to_owned(),
        permissions: permissions.to_owned(),
    };
    let Value::Object(claims) = claims else {
        panic!("claims are an object")
    };
    names.identity(&claims)
}

#[track_caller]
fn check_user(name: &str, claims: &Value, expected: Option<i64>) {
    let found = identity(name, "permissions", claims.clone()).map(|identity| identity.user.0);
    assert_eq!(found, expected, "{name} in {claims}");
}

#[track_caller]
fn check_permissions(name: &str, mut claims: Value, expected: &[&str]) {
    claims["sub"] = json!(1);
    let found = identity("sub", name, claims.clone()).map(|identity| identity.permissions);
    assert_eq!(found.as_deref(), Some(expected), "{name} in {claims}");
}

#[test]
fn a_user_is_a_number_or_a_text_of_one() {
    check_user("sub", &json!({ "sub": 7 }), Some(7));
    check_user(
        "sub",
        &json!({ "sub": "9007199254740993" }),
        Some(9_007_199_254_740_993),
    );
    check_user("user.id", &json!({ "user": { "id": "42" } }), Some(42));
    check_user(
        "https://login.example/uid",
        &json!({ "https://login.example/uid": 5 }),
        Some(5),
    );
    check_user("sub", &json!({ "sub": "alice" }), None);
    check_user("sub", &json!({ "sub": 1.5 }), None);
    check_user("sub", &json!({ "sub": 18_446_744_073_709_551_615_u64 }), None);
    check_user("user.id", &json!({ "user": 3 }), None);
    check_user("sub", &json!({}), None);
}

#[test]
fn permissions_come_in_every_shape_that_login_services_write() {
    check_permissions(
        "permissions",
        json!({ "permissions": [CREATE, "other:one"] }),
        &[CREATE],
    );
    check_permissions(
        "scope",
        json!({ "scope": format!("openid {CREATE}  {VIEW}") }),
        &[CREATE, VIEW],
    );
    check_permissions(
        "authorities",
        json!({ "authorities": [{ "authority": VIEW }, { "role": CREATE }] }),
        &[VIEW],
    );
    check_permissions(
        "realm.access.roles",
        json!({ "realm": { "access": { "roles": [VIEW] } } }),
        &[VIEW],
    );
    check_permissions("permissions", json!({ "permissions": { CREATE: true } }), &[]);
    check_permissions("permissions", json!({}), &[]);
}

#[test]
fn a_permission_is_held_only_by_its_whole_name() {
    check_permissions(
        "permissions",
        json!({ "permissions": ["workbench:wechat:moments:sync", "*", &CREATE[1..]] }),
        &[],
    );
}
