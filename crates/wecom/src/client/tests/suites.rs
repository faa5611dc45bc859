//! The calls of a suite, its provider, and a corp's directory.

use secrecy::ExposeSecret as _;

use super::*;
use crate::InstallKind;

#[tokio::test]
async fn tokens_of_suites_and_providers_come_without_an_errcode() {
    let server = Server::answering(r#"{"suite_access_token":"9aK","expires_in":7200}"#).await;
    let issued = server.client.get_suite_token("ww5f", &"se".into(), &"Tk".into()).await;
    assert!(issued.is_ok_and(|issued| issued.access_token == SecretString::from("9aK").into()));
    server.check(
        "POST /cgi-bin/service/get_suite_token application/json \
         {\"suite_id\":\"ww5f\",\"suite_secret\":\"se\",\"suite_ticket\":\"Tk\"}",
    );

    let server = Server::answering(r#"{"provider_access_token":"pr","expires_in":"7200"}"#).await;
    let issued = server.client.get_provider_token("ww7c", &"se".into()).await;
    assert!(issued.is_ok_and(|issued| issued.access_token == SecretString::from("pr").into()));
    server.check(
        "POST /cgi-bin/service/get_provider_token application/json {\"corpid\":\"ww7c\",\"provider_secret\":\"se\"}",
    );

    let server = Server::answering(r#"{"access_token":"co","expires_in":7200}"#).await;
    let issued = server.client.get_corp_token(&token(), "wpA", &"pc".into()).await;
    assert!(issued.is_ok_and(|issued| issued.access_token == SecretString::from("co").into()));
    server.check(
        "POST /cgi-bin/service/get_corp_token?suite_access_token=T%260 application/json \
         {\"auth_corpid\":\"wpA\",\"permanent_code\":\"pc\"}",
    );
}

#[tokio::test]
async fn an_install_begins_with_a_code() {
    let server = Server::answering(r#"{"errcode":0,"errmsg":"ok","pre_auth_code":"Cx","expires_in":1200}"#).await;
    let code = server.client.get_pre_auth_code(&token()).await.expect("a code");
    assert_eq!((code.pre_auth_code.expose_secret(), code.expires_in), ("Cx", 1200));
    server.check("GET /cgi-bin/service/get_pre_auth_code?suite_access_token=T%260 -");

    for (kind, number) in [(InstallKind::Real, 0), (InstallKind::Test, 1)] {
        let server = Server::answering(r#"{"errcode":0,"errmsg":"ok"}"#).await;
        assert_eq!(
            server.client.set_session_info(&token(), &"Cx".into(), kind).await,
            Ok(())
        );
        server.check(&format!(
            "POST /cgi-bin/service/set_session_info?suite_access_token=T%260 application/json \
             {{\"pre_auth_code\":\"Cx\",\"session_info\":{{\"auth_type\":{number}}}}}"
        ));
    }
}

#[tokio::test]
async fn a_permanent_code_may_come_without_an_administrator() {
    for (body, expected) in [
        (
            r#"{"errcode":0,"permanent_code":"Qk","auth_corp_info":{"corpid":"wpA","corp_name":"示例连锁"},"auth_user_info":{"userid":"woAdmin01","name":""},"state":"inst1"}"#,
            "Qk wpA 示例连锁 woAdmin01 inst1",
        ),
        (
            r#"{"permanent_code":"Qk","auth_corp_info":{"corpid":"wpA"},"auth_user_info":null}"#,
            "Qk wpA   ",
        ),
    ] {
        let server = Server::answering(body).await;
        let got = server
            .client
            .get_permanent_code(&token(), &"ac".into())
            .await
            .expect("a code");
        let (code, corp) = (got.permanent_code.expose_secret(), &got.auth_corp_info);
        let shown = format!(
            "{code} {} {} {} {}",
            corp.corpid, corp.corp_name, got.auth_user_info.userid, got.state
        );
        assert_eq!(shown, expected);
        assert!(!format!("{got:?}").contains("Qk"));
        server.check(
            "POST /cgi-bin/service/v2/get_permanent_code?suite_access_token=T%260 application/json {\"auth_code\":\"ac\"}",
        );
    }
}

#[tokio::test]
async fn an_authorisation_tells_its_app_and_range() {
    let server = Server::answering(
        r#"{"errcode":0,"auth_corp_info":{"corpid":"wpA","corp_name":"示例连锁","subject_type":1},"auth_info":{"agent":[
            {"agentid":"1000012","name":"门店助手","auth_mode":1,"is_customized_app":false,
             "privilege":{"level":1,"allow_party":[2,3],"allow_user":["woU1"],"allow_tag":null}}]}}"#,
    )
    .await;
    let info = server
        .client
        .get_auth_info(&token(), "wpA", &"pc".into())
        .await
        .expect("info");
    let agent = info.agent().expect("an agent");
    assert_eq!(
        (agent.agentid, agent.name.as_str(), agent.is_by_members()),
        (1_000_012, "门店助手", true)
    );
    assert_eq!(
        (&agent.privilege.allow_party[..], &agent.privilege.allow_user[..]),
        (&[2, 3][..], &["woU1".to_owned()][..])
    );
    server.check(
        "POST /cgi-bin/service/v2/get_auth_info?suite_access_token=T%260 application/json \
         {\"auth_corpid\":\"wpA\",\"permanent_code\":\"pc\"}",
    );
    for body in [
        r#"{"auth_corp_info":{"corpid":"wpA"}}"#,
        r#"{"auth_corp_info":{"corpid":"wpA"},"auth_info":{"agent":[]}}"#,
    ] {
        let server = Server::answering(body).await;
        let info = server.client.get_auth_info(&token(), "wpA", &"pc".into()).await;
        assert!(info.is_ok_and(|info| info.agent().is_none()), "{body}");
    }
}

#[tokio::test]
async fn a_template_has_an_address_to_scan() {
    let server = Server::answering(r#"{"errcode":0,"qrcode_url":"https://open.example/x","expires_in":864000}"#).await;
    let url = server
        .client
        .get_customized_auth_url(&token(), "s1", &["dk1"])
        .await
        .expect("a url");
    assert_eq!(
        (url.qrcode_url.as_str(), url.expires_in),
        ("https://open.example/x", 864_000)
    );
    server.check(
        "POST /cgi-bin/service/get_customized_auth_url?provider_access_token=T%260 application/json \
         {\"state\":\"s1\",\"templateid_list\":[\"dk1\"]}",
    );
}

#[tokio::test]
async fn rights_and_range_of_an_app_are_read() {
    let server = Server::answering(r#"{"errcode":0,"app_permissions":["externalcontact:moment:post","x"]}"#).await;
    let rights = server.client.get_permissions(&token()).await.expect("rights");
    assert_eq!(rights, ["externalcontact:moment:post", "x"]);
    server.check("POST /cgi-bin/agent/get_permissions?access_token=T%260 application/json {}");

    let server = Server::answering(
        r#"{"errcode":0,"name":"门店助手","close":1,"allow_userinfos":{"user":[{"userid":"a"}]},"allow_partys":{"partyid":[2]},"allow_tags":null}"#,
    )
    .await;
    let agent = server.client.agent_get(&token(), 1_000_012).await.expect("an agent");
    assert!(agent.is_closed() && agent.users().eq(["a"]) && agent.departments() == [2] && agent.tags().is_empty());
    server.check("GET /cgi-bin/agent/get?access_token=T%260&agentid=1000012 -");
}

#[tokio::test]
async fn a_directory_is_read() {
    let server =
        Server::answering(r#"{"errcode":0,"department_id":[{"id":2,"parentid":1,"order":9},{"id":"7","parentid":2}]}"#)
            .await;
    let departments = server
        .client
        .department_simplelist(&token(), None)
        .await
        .expect("departments");
    let shown: Vec<_> = departments.iter().map(|one| (one.id, one.parentid)).collect();
    assert_eq!(shown, [(2, 1), (7, 2)]);
    server.check("GET /cgi-bin/department/simplelist?access_token=T%260 -");
    assert!(server.client.department_simplelist(&token(), Some(2)).await.is_ok());
    server.check("GET /cgi-bin/department/simplelist?access_token=T%260&id=2 -");

    let server = Server::answering(
        r#"{"errcode":0,"userlist":[{"userid":"a","name":"张伟","department":[2,7],"open_userid":""},{"userid":"b"}]}"#,
    )
    .await;
    let members = server.client.user_simplelist(&token(), 2).await.expect("members");
    assert_eq!(
        (
            members[0].name.as_str(),
            &members[0].department[..],
            members[1].userid.as_str()
        ),
        ("张伟", &[2, 7][..], "b")
    );
    server.check("GET /cgi-bin/user/simplelist?access_token=T%260&department_id=2 -");

    let server = Server::answering(r#"{"errcode":0,"tag_group":[{"group_id":"etG","group_name":"等级","order":1,"tag":[{"id":"etA","name":"金卡","deleted":false}]},{"group_id":"etH","tag":null}]}"#).await;
    let groups = server.client.get_corp_tag_list(&token()).await.expect("tags");
    assert_eq!(
        (
            groups[0].group_name.as_str(),
            groups[0].tag[0].name.as_str(),
            groups[1].tag.len()
        ),
        ("等级", "金卡", 0)
    );
    server.check("POST /cgi-bin/externalcontact/get_corp_tag_list?access_token=T%260 application/json {}");

    let server = Server::answering(r#"{"ip_list":["101.226.103.*","203.0.113.7"],"errcode":0}"#).await;
    assert_eq!(server.client.getcallbackip(&token()).await.expect("addresses").len(), 2);
}
