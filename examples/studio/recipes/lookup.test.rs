//! A component is found by its id as a person has typed it.

use studio::{
    app::RequestId,
    library::{Library, LookupError},
    log::Logger,
};

/// An id as it stands in the log, between its quotes and with its escapes.
const ID: &str = "{{id}}";

#[test]
fn a_published_component_is_found_as_its_id_was_typed() {
    let library = Library::standard();
    assert!(library.is_published(ID), "{ID:?} is published");

    let found = library.lookup(ID, RequestId(1), &Logger::discard());

    assert_ne!(
        found,
        Err(LookupError::NoEntry),
        "{ID:?} is published and has no entry"
    );
    let component = found.expect("a published component is found");
    assert!(
        component.id.eq_ignore_ascii_case(ID.trim()),
        "{ID:?} is not {:?}",
        component.id
    );
}
