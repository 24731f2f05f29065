//! The drawing that the render thread owns.

use std::collections::VecDeque;

use crate::{
    random::Random,
    raster::{Pixels, Shape, Size},
};

/// A page of shapes, what was dropped on it, and the pixels of both.
#[derive(Debug)]
pub struct Scene {
    page: Vec<Shape>,
    dropped: VecDeque<Shape>,
    pixels: Pixels,
    checksum: u64,
    renders: u64,
}

/// What a reader of the canvas gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The size of the drawing.
    pub size: Size,
    /// A fingerprint of its pixels as of the last full render.
    pub checksum: u64,
    /// How often the whole drawing has been rendered.
    pub renders: u64,
}

impl Scene {
    /// How many shapes a page starts with.
    const PAGE: u32 = 24;
    /// How many dropped shapes a page keeps: the oldest goes when one more comes.
    const KEPT: usize = 16;

    /// The page that a new document shows, rendered once.
    pub fn new(size: Size) -> Self {
        let mut random = Random::new(0x57_0d_10);
        let page = (0..Self::PAGE)
            .map(|_| any_shape(&mut random, 50, 130))
            .collect();
        let pixels = Pixels::blank(size);
        let mut scene = Self {
            page,
            dropped: VecDeque::new(),
            pixels,
            checksum: 0,
            renders: 0,
        };
        scene.render(size);
        scene
    }

    /// Draws everything again, at a new size. This is the expensive one.
    pub fn render(&mut self, size: Size) {
        let mut pixels = Pixels::blank(size);
        for shape in self.page.iter().chain(&self.dropped) {
            pixels.draw(*shape);
        }
        self.checksum = pixels.checksum();
        self.pixels = pixels;
        self.renders += 1;
    }

    /// Puts one more shape on the page and draws it alone.
    pub fn place(&mut self, seed: u64) -> Shape {
        let shape = any_shape(&mut Random::new(seed), 20, 60);
        if self.dropped.len() == Self::KEPT {
            self.dropped.pop_front();
        }
        self.dropped.push_back(shape);
        self.pixels.draw(shape);
        shape
    }

    /// What the canvas shows now.
    pub fn frame(&self) -> Frame {
        Frame {
            size: self.pixels.size(),
            checksum: self.checksum,
            renders: self.renders,
        }
    }

    /// How many shapes are on the page.
    pub fn shapes(&self) -> usize {
        self.page.len() + self.dropped.len()
    }

    /// How often the whole drawing has been rendered, the first time included.
    pub const fn renders(&self) -> u64 {
        self.renders
    }
}

/// A shape somewhere on the page, `smallest..=largest` thousandths in extent.
fn any_shape(random: &mut Random, smallest: u32, largest: u32) -> Shape {
    let (x, y) = (random.below(900), random.below(900));
    let extent = random.between(smallest, largest);
    let colour = random.below(1 << 24);
    if random.below(2) == 0 {
        Shape::Glow {
            x,
            y,
            radius: extent,
            colour,
        }
    } else {
        Shape::Panel {
            x,
            y,
            width: extent,
            height: extent,
            colour,
        }
    }
}
