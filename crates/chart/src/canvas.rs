//! Paints a scene on a canvas of the browser.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::plot::Quality;
use crate::scene::{Align, Ink, Mark, Scene};

/// The colours and the font of a chart, as CSS values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Colour of the grid.
    pub grid: String,
    /// Colour of the axis labels.
    pub text: String,
    /// Colour of limits.
    pub limit: String,
    /// Colour of events.
    pub event: String,
    /// Colour of the marks of values that cannot be trusted.
    pub doubt: String,
    /// Colours of the curves, by their index.
    pub curves: Vec<String>,
    /// The font, as the CSS property `font`.
    pub font: String,
}

impl Palette {
    fn colour(&self, ink: Ink) -> &str {
        match ink {
            Ink::Grid => &self.grid,
            Ink::Text => &self.text,
            Ink::Limit => &self.limit,
            Ink::Event => &self.event,
            Ink::Doubt => &self.doubt,
            Ink::Curve(index) => {
                let index = usize::from(index) % self.curves.len().max(1);
                self.curves.get(index).map_or(self.text.as_str(), String::as_str)
            }
        }
    }
}

/// Paints the scene. `ratio` is the number of screen pixels per CSS pixel (`devicePixelRatio`).
///
/// # Errors
/// What the browser reports, and when the canvas has no 2D context because it already has one of another kind.
pub fn paint(
    canvas: &HtmlCanvasElement,
    scene: &Scene,
    palette: &Palette,
    size: (f64, f64),
    ratio: f64,
) -> Result<(), JsValue> {
    let (width, height) = size;
    let (wide, high) = (pixels(width * ratio), pixels(height * ratio));
    // Setting the size clears the canvas and is slow, so it is only set when it changes.
    if canvas.width() != wide || canvas.height() != high {
        canvas.set_width(wide);
        canvas.set_height(high);
    }
    let context = canvas.get_context("2d")?.ok_or("no 2d context")?.dyn_into::<CanvasRenderingContext2d>()?;
    context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0)?;
    context.clear_rect(0.0, 0.0, width, height);
    context.set_font(&palette.font);
    context.set_text_baseline("middle");
    context.set_line_join("round");
    for mark in &scene.back {
        mark_on(&context, mark, palette)?;
    }
    context.save();
    context.begin_path();
    let inner = scene.inner;
    context.rect(inner.left, inner.top - 4.0, inner.right - inner.left, inner.bottom - inner.top + 8.0);
    context.clip();
    for mark in &scene.data {
        mark_on(&context, mark, palette)?;
    }
    context.restore();
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the size of a canvas; `as` saturates")]
fn pixels(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

fn mark_on(context: &CanvasRenderingContext2d, mark: &Mark, palette: &Palette) -> Result<(), JsValue> {
    match mark {
        Mark::Line { path, ink, width, dashed } => {
            trace(context, path);
            context.set_stroke_style_str(palette.colour(*ink));
            context.set_line_width(*width);
            let dash = js_sys_array(if *dashed { &[5.0, 4.0] } else { &[] });
            context.set_line_dash(&dash)?;
            context.stroke();
        }
        Mark::Area { outline, ink } => {
            trace(context, outline);
            context.close_path();
            context.set_global_alpha(0.22);
            context.set_fill_style_str(palette.colour(*ink));
            context.fill();
            context.set_global_alpha(1.0);
        }
        Mark::Dot { at: (x, y), quality, ink } => dot(context, (*x, *y), *quality, palette.colour(*ink))?,
        Mark::Text { at: (x, y), text, align, ink } => {
            context.set_fill_style_str(palette.colour(*ink));
            context.set_text_align(match align {
                Align::Start => "left",
                Align::Middle => "center",
                Align::End => "right",
            });
            context.fill_text(text, *x, *y)?;
        }
    }
    Ok(())
}

fn js_sys_array(numbers: &[f64]) -> js_sys::Array {
    numbers.iter().map(|number| JsValue::from_f64(*number)).collect()
}

fn trace(context: &CanvasRenderingContext2d, path: &[(f64, f64)]) {
    context.begin_path();
    for (index, (x, y)) in path.iter().enumerate() {
        if index == 0 {
            context.move_to(*x, *y);
        } else {
            context.line_to(*x, *y);
        }
    }
}

fn dot(context: &CanvasRenderingContext2d, (x, y): (f64, f64), quality: Quality, colour: &str) -> Result<(), JsValue> {
    context.set_fill_style_str(colour);
    context.set_stroke_style_str(colour);
    context.set_line_width(1.5);
    context.set_line_dash(&js_sys_array(&[]))?;
    match quality {
        Quality::Good => {
            context.begin_path();
            context.arc(x, y, 2.25, 0.0, std::f64::consts::TAU)?;
            context.fill();
        }
        Quality::OutOfRange => {
            trace(context, &[(x, y - 4.5), (x + 4.5, y + 3.5), (x - 4.5, y + 3.5)]);
            context.close_path();
            context.fill();
        }
        Quality::Uncalibrated => {
            context.begin_path();
            context.arc(x, y, 3.5, 0.0, std::f64::consts::TAU)?;
            context.stroke();
        }
    }
    Ok(())
}
