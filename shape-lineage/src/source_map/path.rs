//! The paths in source maps.

/// The path of a source: relative to the map's folder, or to a root that the map names.
///
/// Schemes and hosts are left out: `webpack://app/./src/a.ts` is `src/a.ts`. What leads above the base is cut off there;
/// indexes find files by the ends of paths.
pub(super) fn resolved(folder: &str, root: &str, path: &str) -> String {
    if let Some(absolute) = without_host(path).or_else(|| absolute(path)) {
        return normal("", absolute);
    }
    match without_host(root).or_else(|| absolute(root)) {
        Some(root) => normal(root, path),
        None if root.is_empty() => normal(folder, path),
        None => normal(folder, &format!("{root}/{path}")),
    }
}

/// The path of a URL, if this is one.
fn without_host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then(|| rest.split_once('/').map_or("", |(_, path)| path))
}

fn absolute(path: &str) -> Option<&str> {
    path.starts_with('/').then_some(path)
}

/// `folder/path` without `.` and `..`, and without what a server is asked for beside the file.
fn normal(folder: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder of a file.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_relative_to_the_map() {
        let check = |folder, root, path, expected| {
            assert_eq!(
                resolved(folder, root, path),
                expected,
                "{folder} {root} {path}"
            );
        };
        check("web/dist", "", "../src/a.ts", "web/src/a.ts");
        check("dist", "", "a.ts", "dist/a.ts");
        check("dist", "../src", "a.ts", "src/a.ts");
        check("dist", "/srv/web/", "src/a.ts", "srv/web/src/a.ts");
        check("dist", "", "webpack://app/./src/a.ts?b3f1", "src/a.ts");
        check("dist", "webpack:///", "./src/a.ts", "src/a.ts");
        check("dist", "", "file:///srv/a.ts", "srv/a.ts");
        check("dist", "", "../../../../a.ts", "a.ts");
        check("", "", "", "");
    }
}
