//! Queued resizes are coalesced: a window that is dragged through many sizes is rendered once.

use std::sync::mpsc;

use studio::{
    canvas::{self, Event},
    log::Logger,
    raster::Size,
    scene::Scene,
};

/// How many sizes the window is dragged through before the render thread looks up.
const RESIZES: u32 = 40;

/// The first render, that of the newest size, and two to spare.
const MAX_RENDERS: u64 = 4;

fn size(width: u32) -> Size {
    Size::new(width, 96).expect("a size in range")
}

#[test]
fn a_burst_of_queued_resizes_is_rendered_once() {
    let (events, queue) = mpsc::channel();
    let (reply, answers) = mpsc::channel();
    for step in 1..=RESIZES {
        events
            .send(Event::Resize(size(128 + step)))
            .expect("the queue is there");
    }
    // All of this is queued before the loop starts, so nothing depends on who is faster.
    events
        .send(Event::Frame(reply))
        .expect("the queue is there");
    drop(events);

    let scene = canvas::run(Scene::new(size(128)), &queue, &Logger::discard());

    let frame = answers.recv().expect("the reader of the frame is answered");
    assert_eq!(frame.size, size(128 + RESIZES), "the newest size is shown");
    assert!(
        scene.renders() <= MAX_RENDERS,
        "{RESIZES} queued resizes took {} renders, at most {MAX_RENDERS} expected",
        scene.renders(),
    );
}
