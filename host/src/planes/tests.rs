use super::*;

/// `vsk_all` may do everything, `vsk_token` what the token channel does, without acting for anybody.
struct Keys;

#[async_trait]
impl ServiceKeyLookup for Keys {
    async fn look_up(&self, presented: &str) -> Result<Option<ServiceKey>, Failure> {
        let (scope, act_as) = match presented {
            "vsk_all" => ("*", true),
            "vsk_token" => ("token/*", false),
            _ => return Ok(None),
        };
        Ok(Some(ServiceKey {
            id: presented.replace("vsk_", "id-"),
            name: "test".to_owned(),
            scopes: vec![scope.parse().unwrap()],
            act_as,
            created_at: 0,
            expires_at: None,
            revoked_at: None,
            operator: false,
        }))
    }
}

async fn admit(
    authorization: Option<&str>,
    acting_user: Option<&str>,
    command: &str,
) -> Result<Caller, Failure> {
    let planes = Planes::new(&config::Planes {
        user: vec!["accounts/*".to_owned()],
        public: vec!["accounts/sign-in".to_owned(), "status/ping".to_owned()],
    });
    let credentials = Credentials {
        authorization: authorization.map(|text| Zeroizing::new(text.to_owned())),
        acting_user: acting_user.map(str::to_owned),
        remote_address: Some(IpAddr::from([192, 0, 2, 1])),
    };
    let (channel, command) = command.split_once('/').unwrap();
    planes
        .unwrap()
        .admit(&Keys, credentials, channel, command, 7)
        .await
}

async fn refusal(authorization: Option<&str>, acting_user: Option<&str>, command: &str) -> Code {
    admit(authorization, acting_user, command)
        .await
        .unwrap_err()
        .code
}

#[tokio::test]
async fn a_service_key_reaches_its_scope_and_no_further() {
    let caller = admit(Some("Bearer vsk_token"), None, "token/verify-token")
        .await
        .unwrap();
    assert_eq!(caller.plane, Plane::Service);
    assert_eq!(caller.service_key.as_deref(), Some("id-token"));
    assert_eq!(caller.principal, None);
    assert_eq!(caller.remote_address, Some(IpAddr::from([192, 0, 2, 1])));
    for command in ["users/update-user", "accounts/sign-in", "nothing/at-all"] {
        let code = refusal(Some("Bearer vsk_token"), None, command).await;
        assert_eq!(code, Code::AccessDenied, "{command}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_is_refused_everywhere() {
    for command in ["token/verify-token", "accounts/sign-in", "nothing/at-all"] {
        let code = refusal(Some("Bearer vsk_wrong"), None, command).await;
        assert_eq!(code, Code::Unauthenticated, "{command}");
    }
}

// M02
#[tokio::test]
async fn only_a_key_with_the_right_to_names_a_user() {
    let user = r#"{"id":"u1","roles":["admin"]}"#;
    let caller = admit(Some("bearer  vsk_all"), Some(user), "users/update-user")
        .await
        .unwrap();
    let principal = caller.principal.unwrap();
    assert_eq!(
        (principal.subject.as_str(), principal.authenticated_at),
        ("u1", 7)
    );
    assert_eq!(principal.roles, ["admin"]);
    for (authorization, command) in [
        (Some("Bearer vsk_token"), "token/verify-token"),
        (Some("Bearer eyJ.a.b"), "accounts/me"),
        (Some("Bearer vst_x"), "accounts/me"),
        (None, "accounts/sign-in"),
    ] {
        let code = refusal(authorization, Some(user), command).await;
        assert_eq!(code, Code::AccessDenied, "{authorization:?}");
    }
    let code = refusal(None, Some(user), "users/update-user").await;
    assert_eq!(code, Code::Unauthenticated);
}

#[tokio::test]
async fn an_acting_user_is_well_formed() {
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(129));
    let many = format!(r#"{{"id":"u","roles":{:?}}}"#, vec!["r"; 65]);
    for text in [
        "",
        "u1",
        "{}",
        r#"{"id":""}"#,
        r#"{"id":"u","admin":true}"#,
        r#"{"id":"u","id":"v"}"#,
        r#"{"id":"a\nb"}"#,
        r#"{"id":"u","roles":"admin"}"#,
        r#"{"id":"u"} {}"#,
        &long,
        &many,
    ] {
        let failure = admit(Some("Bearer vsk_all"), Some(text), "token/x")
            .await
            .unwrap_err();
        assert_eq!(failure.code, Code::BadRequest, "{text}");
        assert_eq!(failure.violations[0].path, ACTING_USER);
    }
}

#[tokio::test]
async fn a_user_reaches_the_user_plane_only() {
    let caller = admit(Some("Bearer eyJ.a.b"), None, "accounts/me")
        .await
        .unwrap();
    assert_eq!(caller.plane, Plane::User);
    let credential = caller.credential.unwrap();
    assert_eq!(credential.kind, CredentialKind::Jwt);
    assert_eq!(credential.value.as_str(), "eyJ.a.b");
    let caller = admit(Some("Bearer vst_x"), None, "accounts/me")
        .await
        .unwrap();
    assert_eq!(caller.credential.unwrap().kind, CredentialKind::ApiToken);
    // What anybody may ask is asked as anybody, whatever else is in the header: expired, or somebody else's.
    let caller = admit(Some("Bearer eyJ.a.b"), None, "status/ping")
        .await
        .unwrap();
    assert_eq!(caller.plane, Plane::Public);
    assert!(caller.credential.is_none());
    for command in ["token/verify-token", "nothing/at-all"] {
        let code = refusal(Some("Bearer eyJ.a.b"), None, command).await;
        assert_eq!(code, Code::AccessDenied, "{command}");
    }
}

// F05
#[tokio::test]
async fn anybody_reaches_what_is_public_only() {
    let caller = admit(None, None, "accounts/sign-in").await.unwrap();
    assert_eq!(caller.plane, Plane::Public);
    let known = admit(None, None, "token/verify-token").await.unwrap_err();
    let unknown = admit(None, None, "nothing/at-all").await.unwrap_err();
    assert_eq!(known.code, Code::Unauthenticated);
    assert_eq!(known.code, unknown.code);
    assert_eq!(known.message, unknown.message);
}

#[test]
fn a_user_is_identified_by_what_they_present() {
    let identified = |authorization: Option<&str>, acting_user: Option<&str>| {
        let credentials = Credentials {
            authorization: authorization.map(|text| Zeroizing::new(text.to_owned())),
            acting_user: acting_user.map(str::to_owned),
            remote_address: Some(IpAddr::from([192, 0, 2, 1])),
        };
        identify(&credentials)
    };
    for (bearer, kind) in [
        ("Bearer eyJ.a.b", CredentialKind::Jwt),
        ("Bearer vst_x", CredentialKind::ApiToken),
    ] {
        let user = identified(Some(bearer), None).unwrap();
        assert_eq!(user.plane, Plane::User);
        assert_eq!(user.remote_address, Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(user.credential.unwrap().kind, kind);
    }
    // A service key is no user's, whether it is good or not.
    for authorization in [
        None,
        Some(""),
        Some("Basic dTpw"),
        Some("Bearer vsk_wrong"),
        Some("Bearer vsk_all"),
    ] {
        let failure = identified(authorization, None).unwrap_err();
        assert_eq!(failure.code, Code::Unauthenticated, "{authorization:?}");
    }
    let user = Some(r#"{"id":"u1"}"#);
    let failure = identified(Some("Bearer eyJ.a.b"), user).unwrap_err();
    assert_eq!(failure.code, Code::AccessDenied);
}

#[tokio::test]
async fn what_is_no_bearer_credential_is_refused() {
    let long = format!("Bearer {}", "a".repeat(MAX_BEARER_BYTES + 1));
    for text in [
        "",
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        "vsk_all",
        "Bearer a b",
        "Bearer a,b",
        "Bearer é",
        &long,
    ] {
        for command in ["accounts/me", "accounts/sign-in"] {
            let code = refusal(Some(text), None, command).await;
            assert_eq!(code, Code::Unauthenticated, "{text}");
        }
    }
}

#[test]
fn nothing_secret_is_shown() {
    let credentials = Credentials {
        authorization: Some(Zeroizing::new("Bearer vsk_s3cret".to_owned())),
        ..Credentials::default()
    };
    assert!(!format!("{credentials:?}").contains("s3cret"));
}
