//! What mail programs need of HTML: they show no more than this, and some show less.

use super::ALL_MAILS;
use crate::testing::World;

/// Elements that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// The HTML part of every kind of mail.
fn parts() -> Vec<String> {
    let html = |ask: super::Ask| {
        let world = World::default();
        world.set("footer", "Example Ltd, 1 High Street");
        ask(&world).unwrap();
        world.mail().html
    };
    ALL_MAILS.into_iter().map(html).collect()
}

/// The tags of `html`, without their brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split_once('>').expect("every tag ends").0)
        .collect()
}

fn name(tag: &str) -> &str {
    let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
    tag[..end].trim_start_matches('/')
}

#[test]
fn every_element_ends_where_it_should() {
    for html in parts() {
        assert!(html.starts_with("<!doctype html>\n"));
        let mut open = Vec::new();
        for tag in tags(&html).into_iter().skip(1) {
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name(tag)), "{html}");
            } else if !VOID.contains(&name(tag)) {
                open.push(name(tag));
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for html in parts() {
        let allowed = [
            "!doctype", "html", "head", "meta", "title", "style", "body", "div", "table", "tr",
            "td", "p", "a",
        ];
        for tag in tags(&html) {
            assert!(allowed.contains(&name(tag)), "{tag}");
            for attribute in [
                " src",
                " on",
                " background=",
                "url(",
                "@import",
                "expression(",
            ] {
                assert!(!tag.contains(attribute), "{tag}");
            }
        }
        let style = html
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("http"));
    }
}

#[test]
fn looks_do_not_depend_on_the_head() {
    for html in parts() {
        let body = html.split_once("<body").unwrap().1;
        for tag in tags(body) {
            let is_styled = tag.contains("style=\"") || tag.starts_with('/');
            assert!(
                is_styled || matches!(name(tag), "tr" | "table" if !tag.contains("class")),
                "{tag}"
            );
            if name(tag) == "table" && !tag.starts_with('/') {
                assert!(
                    tag.contains("role=\"presentation\"") && tag.contains("border=\"0\""),
                    "{tag}"
                );
            }
        }
    }
}

#[test]
fn dark_mode_is_declared_and_styled() {
    for html in parts() {
        for words in [
            "<meta name=\"color-scheme\" content=\"light dark\">",
            "<meta name=\"supported-color-schemes\" content=\"light dark\">",
            "@media (prefers-color-scheme: dark)",
        ] {
            assert!(html.contains(words));
        }
        // Every class that the dark style names is used, and no other is.
        let style = html
            .split_once("@media")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        for class in ["page", "card", "words", "quiet"] {
            assert!(
                style.contains(&format!(".{class} {{"))
                    && html.contains(&format!("class=\"{class}\"")),
                "{class}"
            );
        }
    }
}

#[test]
fn a_link_can_be_clicked_read_and_copied() {
    for html in parts().into_iter().take(2) {
        let links: Vec<&str> = html
            .split("<a ")
            .skip(1)
            .map(|rest| rest.split_once("</a>").unwrap().0)
            .collect();
        let [button, plain] = links.as_slice() else {
            panic!("{links:?}")
        };
        let href = |link: &str| {
            let start = link.split_once("href=\"").unwrap().1;
            start.split_once('"').unwrap().0.to_owned()
        };
        assert_eq!(href(button), href(plain));
        assert!(plain.ends_with(&format!(">{}", href(plain))));
        assert!(href(plain).starts_with("https://id.example.org/"));
    }
}

#[test]
fn both_parts_say_the_same() {
    for ask in ALL_MAILS {
        let world = World::default();
        ask(&world).unwrap();
        let mail = world.mail();
        for line in mail.text.lines() {
            let line = line.trim_end_matches(':');
            assert!(mail.html.contains(line), "{line}");
        }
    }
}
