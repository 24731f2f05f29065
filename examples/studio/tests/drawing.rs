//! The rasteriser, and the render thread that owns the drawing.

use std::{sync::mpsc, thread};

use studio::{
    canvas::{self, CanvasHandle, Event, NoAnswer},
    log::Logger,
    raster::{Pixels, Shape, Size},
    scene::Scene,
};

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).expect("a size in range")
}

#[test]
fn sizes_have_limits() {
    assert!(Size::new(64, 2_048).is_some());
    assert!(Size::new(63, 800).is_none());
    assert!(Size::new(1_280, 2_049).is_none());
    assert_eq!(size(1_280, 800).to_string(), "1280x800");
}

#[test]
fn a_blank_canvas_darkens_towards_the_bottom() {
    let pixels = Pixels::blank(size(100, 64));
    assert_eq!(pixels.colour(0, 0), Some(0xff_ff_ff));
    assert_eq!(pixels.colour(99, 32), Some(0xdf_df_df));
    assert_eq!(pixels.colour(100, 0), None);
    assert_eq!(pixels.colour(0, 64), None);
}

#[test]
fn a_panel_colours_its_rectangle_and_nothing_else() {
    let mut pixels = Pixels::blank(size(100, 100));
    let blank = pixels.clone();
    pixels.draw(Shape::Panel {
        x: 100,
        y: 200,
        width: 300,
        height: 400,
        colour: 0,
    });
    for y in 0..100 {
        for x in 0..100 {
            let inside = (10..40).contains(&x) && (20..60).contains(&y);
            let changed = pixels.colour(x, y) != blank.colour(x, y);
            assert_eq!(changed, inside, "at {x}, {y}");
        }
    }
}

#[test]
fn a_glow_is_opaque_in_its_centre_and_cut_off_at_the_border() {
    let mut pixels = Pixels::blank(size(100, 100));
    let blank = pixels.clone();
    pixels.draw(Shape::Glow {
        x: 500,
        y: 500,
        radius: 100,
        colour: 0x12_34_56,
    });
    assert_eq!(pixels.colour(50, 50), Some(0x12_34_56));
    assert_eq!(pixels.colour(61, 50), blank.colour(61, 50));
    pixels.draw(Shape::Glow {
        x: 0,
        y: 990,
        radius: 300,
        colour: 0xff_00_00,
    });
    assert_eq!(pixels.colour(0, 99), Some(0xff_00_00));
}

#[test]
fn the_same_drawing_has_the_same_checksum_at_the_same_size_only() {
    let mut scene = Scene::new(size(640, 400));
    let first = scene.frame();
    scene.render(size(640, 401));
    assert_ne!(scene.frame().checksum, first.checksum);
    scene.render(size(640, 400));
    assert_eq!(scene.frame().checksum, first.checksum);
    assert_eq!(scene.renders(), 3);
}

#[test]
fn a_page_forgets_the_oldest_of_too_many_drops() {
    let mut scene = Scene::new(size(64, 64));
    let empty = scene.shapes();
    for seed in 0..100 {
        scene.place(seed);
    }
    assert_eq!(scene.shapes(), empty + 16);
    assert_eq!(scene.renders(), 1, "a drop draws one shape, not the page");
}

#[test]
fn a_frame_after_a_resize_has_the_new_size() {
    let (handle, queue) = CanvasHandle::new();
    let thread =
        thread::spawn(move || canvas::run(Scene::new(size(64, 64)), &queue, &Logger::discard()));
    handle.resize(size(128, 96)).expect("the thread runs");
    assert_eq!(handle.frame().expect("an answer").size, size(128, 96));
    let shapes = handle.shapes().expect("an answer");
    assert_eq!(handle.place(7), Ok(shapes + 1));
    drop(handle);
    assert_eq!(thread.join().expect("no panic").renders(), 2);
}

#[test]
fn the_render_thread_survives_readers_that_have_gone() {
    let (events, queue) = mpsc::channel();
    let (reply, answer) = mpsc::channel();
    drop(answer);
    events
        .send(Event::Frame(reply))
        .expect("the queue is there");
    drop(events);
    let scene = canvas::run(Scene::new(size(64, 64)), &queue, &Logger::discard());
    assert_eq!(scene.renders(), 1);
}

#[test]
fn a_canvas_without_its_thread_says_so() {
    let (handle, queue) = CanvasHandle::new();
    drop(queue);
    assert_eq!(handle.frame(), Err(NoAnswer::Gone));
    assert_eq!(handle.resize(size(64, 64)), Err(NoAnswer::Gone));
}
