//! A component is found by its id as a person has typed it.

use studio::{
    app::RequestId,
    library::{Library, LookupError},
    log::Logger,
};

/// An id as it stands in the log, in quotes.
const LOGGED: &str = "{{var.id}}";

#[test]
fn a_published_component_is_found_as_its_id_was_typed() {
    let id = LOGGED.trim_matches('"');
    let library = Library::standard();
    assert!(library.is_published(id), "{id:?} is published");

    let found = library.lookup(id, RequestId(1), &Logger::discard());

    assert_ne!(
        found,
        Err(LookupError::NoEntry),
        "{id:?} is published and has no entry"
    );
    let component = found.expect("a published component is found");
    assert!(
        component.id.eq_ignore_ascii_case(id.trim()),
        "{id:?} is not {:?}",
        component.id
    );
}
