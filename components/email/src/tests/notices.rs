use crate::service::NoticeKind;
use crate::testing::{World, notice};

#[test]
fn a_notice_has_no_link_and_nothing_to_do() {
    for subject in [NoticeKind::PasswordChanged, NoticeKind::SignUpAttempt] {
        let world = World::default();
        world.service().send_notice(notice(subject)).unwrap();
        let mail = world.mail();
        for part in [&mail.text, &mail.html] {
            assert!(
                !part.contains("http") && !part.contains("<a ") && !part.contains("id.example.org")
            );
        }
        assert!(mail.text.starts_with("Hello,\n"));
    }
}

#[test]
fn notices_say_what_happened() {
    for (subject, line, words) in [
        (
            NoticeKind::PasswordChanged,
            "Your password for Example was changed",
            "If it was not you, somebody else was in your account.",
        ),
        (
            NoticeKind::SignUpAttempt,
            "You already have an account at Example",
            "nobody got into your account",
        ),
    ] {
        let world = World::default();
        world.service().send_notice(notice(subject)).unwrap();
        let mail = world.mail();
        assert_eq!(mail.subject, line);
        assert!(mail.text.contains(words) && mail.html.contains(words));
    }
}
