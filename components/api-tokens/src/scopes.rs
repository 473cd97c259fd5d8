//! What tokens may be limited to, and what roles give.

/// The scopes there are.
pub(crate) const SCOPES: [&str; 4] = [
    "tokens:read",
    "tokens:write",
    "profile:read",
    "profile:write",
];

/// The scope that stands for all of them.
pub(crate) const EVERYTHING: &str = "*";

/// What each role gives. A token has no more than this of its owner, at the moment it is used.
///
/// All scopes are about what is one's own, which is what the role `user` is for. The other roles say whose data may be
/// meant, and open nothing by themselves. A role that is not here gives nothing.
const ROLES: [(&str, &[&str]); 3] = [
    ("user", &SCOPES),
    ("admin", &[]),
    ("organization-admin", &[]),
];

/// Whether there is such a scope.
pub(crate) fn is_known(scope: &str) -> bool {
    scope == EVERYTHING || SCOPES.contains(&scope)
}

/// The scopes that `roles` give, in their order, each once.
pub(crate) fn given(roles: &[String]) -> Vec<String> {
    let gives = |scope: &&str| {
        ROLES
            .iter()
            .any(|(role, scopes)| scopes.contains(scope) && roles.iter().any(|held| held == role))
    };
    SCOPES
        .iter()
        .filter(|scope| gives(scope))
        .map(|scope| (*scope).to_owned())
        .collect()
}

/// Whether `held` has `wanted`: by its name, by `*`, or, for `*`, by all names together.
pub(crate) fn cover(held: &[String], wanted: &str) -> bool {
    let has = |scope: &str| held.iter().any(|held| held == scope);
    has(EVERYTHING)
        || has(wanted)
        || (wanted == EVERYTHING && SCOPES.iter().all(|scope| has(scope)))
}

/// What is left of a token's `scopes` to an owner with `roles`.
pub(crate) fn effective(scopes: &[String], roles: &[String]) -> Vec<String> {
    let given = given(roles);
    // All of what there is, for who does not have all of it, is what they have.
    if cover(scopes, EVERYTHING) && !cover(&given, EVERYTHING) {
        return given;
    }
    scopes
        .iter()
        .filter(|scope| cover(&given, scope))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    // L04
    #[test]
    fn whoever_is_a_user_has_what_is_their_own() {
        for roles in [
            &["user"][..],
            &["admin", "user"],
            &["user", "user", "unheard-of"],
        ] {
            assert_eq!(given(&list(roles)), SCOPES);
        }
    }

    // L04
    #[test]
    fn other_roles_give_nothing_by_themselves() {
        for roles in [
            &[][..],
            &["admin"],
            &["organization-admin", "USER", "", "user "],
        ] {
            assert!(given(&list(roles)).is_empty());
        }
    }

    #[test]
    fn everything_covers_each_and_all_cover_everything() {
        for scope in SCOPES {
            assert!(cover(&list(&[scope]), scope) && cover(&list(&["*"]), scope));
            assert!(!cover(&list(&[scope]), "*") && !cover(&[], scope));
        }
        assert!(cover(&list(&SCOPES), "*") && !cover(&list(&SCOPES[1..]), "*"));
        assert!(!cover(&list(&["tokens:write"]), "tokens:read"));
        assert!(!cover(&list(&["TOKENS:READ"]), "tokens:read"));
    }

    // L04
    #[test]
    fn a_token_keeps_what_its_owner_has() {
        let user = list(&["user"]);
        for scopes in [&[][..], &["*"], &["profile:read"], &["*", "tokens:read"]] {
            assert_eq!(effective(&list(scopes), &user), list(scopes));
        }
        assert!(effective(&list(&["of-a-later-build"]), &user).is_empty());
    }

    // L04
    #[test]
    fn a_token_loses_what_its_owner_lost() {
        for scopes in [&[][..], &["*"], &["profile:read"], &SCOPES] {
            assert!(effective(&list(scopes), &list(&["admin"])).is_empty());
        }
    }

    #[test]
    fn names_are_known_exactly() {
        assert!(SCOPES.iter().all(|scope| is_known(scope)) && is_known("*"));
        for scope in [
            "",
            "tokens",
            "tokens:*",
            "Tokens:read",
            "tokens:read ",
            "**",
        ] {
            assert!(!is_known(scope), "{scope}");
        }
    }
}
