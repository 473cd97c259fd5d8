//! Reads the files as a browser does.

/// What `page` or script names beside itself, all of it with absolute paths.
///
/// # Panics
/// For what a strict policy would refuse: scripts and styles in the page's own text.
pub(in crate::transport) fn parts_of(page: &str) -> Vec<String> {
    for inline in [
        "<script>",
        "<style",
        " style=",
        " onclick=",
        " onload=",
        " onsubmit=",
    ] {
        assert!(!page.contains(inline), "{inline}");
    }
    let mut parts = Vec::new();
    for named in ["src=\"", "href=\""] {
        parts.extend(quoted_after(page, named));
    }
    // Imports, from beside the script.
    let imports = quoted_after(page, "from \"./");
    parts.extend(imports.map(|name| format!("/pages/{name}")));
    for part in &parts {
        assert!(part.starts_with('/') && !part.starts_with("//"), "{part}");
    }
    parts
}

fn quoted_after<'a>(text: &'a str, named: &'a str) -> impl Iterator<Item = String> + 'a {
    let rests = text.split(named).skip(1);
    rests.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}
