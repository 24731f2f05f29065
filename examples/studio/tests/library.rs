//! The library as the rest of the studio uses it.

use studio::{
    app::RequestId,
    library::{Component, Library, LookupError},
    log::Logger,
    theme::Theme,
};

fn lookup<'a>(library: &'a Library, id: &str) -> Result<&'a Component, LookupError> {
    library.lookup(id, RequestId(7), &Logger::discard())
}

#[test]
fn components_are_found_by_their_ids() {
    let library = Library::standard();
    assert_eq!(library.len(), 12);
    assert!(!library.is_empty());
    for (id, width) in [("button", 96), ("text field", 200), ("tree view", 240)] {
        let component = lookup(&library, id).expect("it ships with the studio");
        assert_eq!((component.id.as_str(), component.width), (id, width));
    }
}

#[test]
fn nobody_finds_what_is_not_published() {
    let library = Library::standard();
    for id in ["hologram", "", "textfield"] {
        assert!(!library.is_published(id));
        assert_eq!(lookup(&library, id), Err(LookupError::Unknown));
    }
}

#[test]
fn a_theme_is_light_at_first_and_toggles() {
    let theme = Theme::default();
    assert_eq!(theme.name(), "light");
    assert_eq!((theme.toggle(), theme.name()), ("dark", "dark"));
    assert_eq!((theme.toggle(), theme.name()), ("light", "light"));
}
