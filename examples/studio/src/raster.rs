//! From shapes to pixels.
//!
//! Places are in thousandths of the canvas, so that a drawing keeps its proportions when the
//! canvas is resized. All arithmetic is on integers: the same drawing has the same pixels on
//! every machine.

use std::fmt;

/// Width and height of a canvas in pixels, each in [`Size::MIN`]`..=`[`Size::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// The shortest side of a canvas.
    pub const MIN: u32 = 64;
    /// The longest side of a canvas.
    pub const MAX: u32 = 2_048;
    /// The size of a new canvas.
    pub const DEFAULT: Self = Self {
        width: 1_280,
        height: 800,
    };

    /// A size, or `None` when a side is too short or too long.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let sides = Self::MIN..=Self::MAX;
        (sides.contains(&width) && sides.contains(&height)).then_some(Self { width, height })
    }

    /// Pixels in a row.
    pub const fn width(self) -> u32 {
        self.width
    }

    /// Rows.
    pub const fn height(self) -> u32 {
        self.height
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Something to draw, in thousandths of the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A see-through rectangle.
    Panel {
        /// Left edge.
        x: u32,
        /// Upper edge.
        y: u32,
        /// Width.
        width: u32,
        /// Height.
        height: u32,
        /// `0xRRGGBB`.
        colour: u32,
    },
    /// A disc that fades towards its edge.
    Glow {
        /// Centre.
        x: u32,
        /// Centre.
        y: u32,
        /// Radius, in thousandths of the shorter side.
        radius: u32,
        /// `0xRRGGBB`.
        colour: u32,
    },
}

/// A drawing as pixels, row by row, `0xRRGGBB` each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    size: Size,
    colours: Vec<u32>,
}

impl Pixels {
    /// A canvas with nothing on it but its background, a gradient from top to bottom.
    pub fn blank(size: Size) -> Self {
        let row_len = to_index(size.width);
        let mut colours = Vec::with_capacity(row_len * to_index(size.height));
        for y in 0..size.height {
            let grey = 0xff - 0x40 * y / size.height;
            colours.resize(colours.len() + row_len, grey << 16 | grey << 8 | grey);
        }
        Self { size, colours }
    }

    /// How large the drawing is.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The colour at a place, `None` outside the canvas.
    pub fn colour(&self, x: u32, y: u32) -> Option<u32> {
        let row = self
            .colours
            .chunks_exact(to_index(self.size.width))
            .nth(to_index(y))?;
        row.get(to_index(x)).copied()
    }

    /// Draws `shape` over what is there; what lies outside the canvas is cut off.
    pub fn draw(&mut self, shape: Shape) {
        let Size { width, height } = self.size;
        match shape {
            Shape::Panel {
                x,
                y,
                width: w,
                height: h,
                colour,
            } => {
                let (left, top) = (scale(x, width), scale(y, height));
                let (right, bottom) = (scale(x + w, width), scale(y + h, height));
                self.paint(left, top, right, bottom, colour, |_, _| 96);
            }
            Shape::Glow {
                x,
                y,
                radius,
                colour,
            } => {
                let (cx, cy) = (scale(x, width), scale(y, height));
                let r = scale(radius, width.min(height)).max(1);
                let (left, top) = (cx.saturating_sub(r), cy.saturating_sub(r));
                self.paint(left, top, cx + r, cy + r, colour, |x, y| {
                    let distance = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
                    // Opaque in the centre, invisible at the edge.
                    (r * r).saturating_sub(distance) * 255 / (r * r)
                });
            }
        }
    }

    /// A fingerprint of all pixels: 64-bit FNV-1a, a pixel at a time.
    pub fn checksum(&self) -> u64 {
        self.colours
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, colour| {
                (hash ^ u64::from(*colour)).wrapping_mul(0x0100_0000_01b3)
            })
    }

    /// Mixes `colour` into a rectangle, at each pixel as much as `alpha` (0 to 255) says.
    fn paint(
        &mut self,
        left: u32,
        top: u32,
        right: u32,
        bottom: u32,
        colour: u32,
        alpha: impl Fn(u32, u32) -> u32,
    ) {
        let rows = self.colours.chunks_exact_mut(to_index(self.size.width));
        for (y, row) in (0..bottom).zip(rows).skip(to_index(top)) {
            for (x, pixel) in (0..right).zip(row).skip(to_index(left)) {
                *pixel = mix(*pixel, colour, alpha(x, y));
            }
        }
    }
}

/// `part` thousandths of `whole`.
const fn scale(part: u32, whole: u32) -> u32 {
    whole * part / 1_000
}

/// `alpha`/255 of `over` on `under`, for each of the three colours.
const fn mix(under: u32, over: u32, alpha: u32) -> u32 {
    const fn channel(under: u32, over: u32, alpha: u32, shift: u32) -> u32 {
        let (under, over) = (under >> shift & 0xff, over >> shift & 0xff);
        ((under * (255 - alpha) + over * alpha + 127) / 255) << shift
    }
    channel(under, over, alpha, 16)
        | channel(under, over, alpha, 8)
        | channel(under, over, alpha, 0)
}

fn to_index(pixels: u32) -> usize {
    usize::try_from(pixels).expect("invariant: a side of a canvas fits in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_exact_at_both_ends() {
        assert_eq!(mix(0x12_34_56, 0xff_ee_dd, 0), 0x12_34_56);
        assert_eq!(mix(0x12_34_56, 0xff_ee_dd, 255), 0xff_ee_dd);
        assert_eq!(mix(0x00_00_00, 0xff_ff_ff, 51), 0x33_33_33);
    }
}
