//! Pointer gestures on a chart: selecting a span, moving it, and pinching it with two fingers. Positions are shares of the chart's width: 0
//! at the left edge, 1 at the right one.

use chart::Span;

/// Minimum width of a selection; a narrower one is a click.
const CLICK: f64 = 0.01;

/// A pointer: its id and position.
type Finger = (i32, f64);

/// The gesture under way.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Mode {
    #[default]
    Idle,
    Select {
        from: f64,
        to: f64,
    },
    Move {
        from: f64,
    },
    Pinch {
        from: (f64, f64),
    },
}

/// The pointers on a chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gesture {
    fingers: Vec<Finger>,
    mode: Mode,
    /// The span that was shown when the gesture began.
    base: Option<Span>,
}

/// The effect of a pointer event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// None.
    Nothing,
    /// This part is being selected, from left to right.
    Selecting(f64, f64),
    /// This span is to be shown.
    Show(Span),
}

impl Gesture {
    /// Handles a pointer that is put down. With `moves` it moves the span; otherwise it selects.
    pub fn down(&mut self, finger: i32, at: f64, moves: bool, shown: Span) {
        self.fingers.retain(|(id, _)| *id != finger);
        self.fingers.push((finger, at));
        self.base = Some(shown);
        self.mode = match self.fingers.as_slice() {
            [(_, from)] if moves => Mode::Move { from: *from },
            [(_, from)] => Mode::Select { from: *from, to: *from },
            [(_, one), (_, other)] => Mode::Pinch { from: (*one, *other) },
            _ => Mode::Idle,
        };
    }

    /// Handles a pointer that has moved.
    pub fn moved(&mut self, finger: i32, at: f64) -> Outcome {
        let Some(known) = self.fingers.iter_mut().find(|(id, _)| *id == finger) else { return Outcome::Nothing };
        known.1 = at;
        let Some(base) = self.base else { return Outcome::Nothing };
        match (&mut self.mode, self.fingers.as_slice()) {
            (Mode::Select { from, to }, _) => {
                *to = at.clamp(0.0, 1.0);
                Outcome::Selecting(from.min(*to), from.max(*to))
            }
            (Mode::Move { from }, _) => Outcome::Show(base.moved(*from - at)),
            (Mode::Pinch { from: (one, other) }, [(_, now_one), (_, now_other)]) => {
                pinched(base, (*one, *other), (*now_one, *now_other))
            }
            _ => Outcome::Nothing,
        }
    }

    /// Handles a pointer that is lifted.
    pub fn up(&mut self, finger: i32) -> Outcome {
        self.fingers.retain(|(id, _)| *id != finger);
        let mode = std::mem::take(&mut self.mode);
        match (mode, self.base) {
            (Mode::Select { from, to }, Some(base)) if (from - to).abs() >= CLICK => {
                let at = |share: f64| base.from() + base.length() * share;
                Outcome::Show(Span::new(at(from.min(to)), at(from.max(to))))
            }
            _ => Outcome::Nothing,
        }
    }

    /// Cancels the gesture.
    pub fn cancel(&mut self) {
        *self = Self::default();
    }

    /// Whether a pointer is down.
    pub fn is_on(&self) -> bool {
        !self.fingers.is_empty()
    }
}

/// The span in which the instants that were under the fingers still are.
fn pinched(base: Span, before: (f64, f64), now: (f64, f64)) -> Outcome {
    let order = |(one, other): (f64, f64)| if one <= other { (one, other) } else { (other, one) };
    let ((left, right), (now_left, now_right)) = (order(before), order(now));
    let length = base.length() * (right - left).max(0.02) / (now_right - now_left).max(0.02);
    let from = base.from() + base.length() * left - length * now_left;
    Outcome::Show(Span::new(from, from + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Span {
        Span::new(0.0, 86_400e3)
    }

    #[test]
    fn a_drag_selects_and_a_click_does_not() {
        let mut gesture = Gesture::default();
        gesture.down(1, 0.75, false, day());
        assert_eq!(gesture.moved(1, 0.25), Outcome::Selecting(0.25, 0.75));
        assert_eq!(gesture.moved(2, 0.1), Outcome::Nothing);
        assert_eq!(gesture.up(1), Outcome::Show(Span::new(21_600e3, 64_800e3)));
        gesture.down(1, 0.5, false, day());
        assert_eq!(gesture.up(1), Outcome::Nothing);
        assert!(!gesture.is_on());
    }

    #[test]
    fn a_movement_takes_what_is_shown_along() {
        let mut gesture = Gesture::default();
        gesture.down(1, 0.5, true, day());
        assert_eq!(gesture.moved(1, 0.75), Outcome::Show(Span::new(-21_600e3, 64_800e3)));
        assert_eq!(gesture.up(1), Outcome::Nothing);
    }

    #[test]
    fn what_was_under_two_fingers_stays_under_them() {
        let mut gesture = Gesture::default();
        gesture.down(1, 0.4, true, day());
        gesture.down(2, 0.6, true, day());
        gesture.moved(1, 0.2);
        let Outcome::Show(span) = gesture.moved(2, 0.8) else { panic!() };
        assert!((span.length() - 28_800e3).abs() < 1.0, "{span:?}");
        assert!((span.from() + span.length() * 0.2 - 86_400e3 * 0.4).abs() < 1.0);
        gesture.up(2);
        assert_eq!(gesture.moved(1, 0.1), Outcome::Nothing);
    }
}
