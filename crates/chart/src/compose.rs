//! Lays out a chart.

use crate::columns::{Column, columns};
use crate::gaps::{pieces, runs};
use crate::plot::{Bucket, Curve, Plot, Point, Quality, Shown};
use crate::scale::{Scale, nice};
use crate::scene::{Align, Ink, Inner, Mark, Scene};
use crate::ticks::{label, ticks};
use crate::time_ticks::{time_label, time_ticks};

/// Room for the labels of the axes, in pixels.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;
/// The height of a curve's name, in pixels.
const NAME_HEIGHT: f64 = 13.0;
/// Minimum distance of ticks, in pixels.
const TICK_HEIGHT: f64 = 44.0;
const TICK_WIDTH: f64 = 84.0;
/// Single points are shown as dots if their average distance is at least this, in pixels.
const DOTS: f64 = 7.0;
/// Minimum distance of the marks of values that cannot be trusted, in pixels.
const DOUBTS: f64 = 5.0;

/// Lays out a chart, in pixels.
pub fn compose(plot: &Plot) -> Scene {
    let inner = Inner {
        left: LEFT,
        top: TOP,
        right: (plot.width - RIGHT).max(LEFT + 10.0),
        bottom: (plot.height - BOTTOM).max(TOP + 10.0),
    };
    let x = Scale::new((plot.span.from(), plot.span.until()), (inner.left, inner.right));
    let most = count((inner.bottom - inner.top) / TICK_HEIGHT).max(2);
    let (low, high) = domain(plot, most);
    let y = Scale::new((low, high), (inner.bottom, inner.top));
    let mut scene = Scene { back: Vec::new(), data: Vec::new(), inner, x, y };
    axes(&mut scene, plot, most);
    bands(&mut scene, plot);
    events(&mut scene, plot);
    for curve in plot.curves {
        draw(&mut scene, plot, curve);
    }
    names(&mut scene, plot);
    limits(&mut scene, plot, (low, high));
    scene
}

/// Highlighted spans, from the upper to the lower edge. Spans shorter than a pixel are drawn wide enough to be seen.
fn bands(scene: &mut Scene, plot: &Plot) {
    let inner = scene.inner;
    for band in plot.bands {
        if band.until() < plot.span.from() || band.from() > plot.span.until() {
            continue;
        }
        let from = scene.x.px(band.from()).max(inner.left);
        let until = scene.x.px(band.until()).min(inner.right).max(from + 2.0);
        let outline = vec![(from, inner.top), (until, inner.top), (until, inner.bottom), (from, inner.bottom)];
        scene.data.push(Mark::Area { outline, ink: Ink::Limit });
    }
}

/// The names of curves, at their last values. A name that would overlap another one goes to the nearest free place above or below it.
fn names(scene: &mut Scene, plot: &Plot) {
    let inner = scene.inner;
    let mut taken: Vec<f64> = Vec::new();
    for curve in plot.curves.iter().filter(|curve| !curve.label.is_empty()) {
        let Some((at, value)) = curve.shown.last(plot.span) else { continue };
        // Not `clamp`, which panics where a small chart leaves no room between the two bounds.
        let x = scene.x.px(at).min(inner.right - 2.0).max(inner.left + 12.0);
        let wanted = (scene.y.px(value) - NAME_HEIGHT / 2.0).min(inner.bottom - 6.0).max(inner.top + 6.0);
        let is_free = |y: f64| taken.iter().all(|other| (other - y).abs() >= NAME_HEIGHT);
        // Nearest places first, above before below.
        let steps = (0..=plot.curves.len()).map(|step| crate::ticks::usize_f64(step) * NAME_HEIGHT);
        let places = steps.flat_map(|step| [wanted - step, wanted + step]);
        let inside = places.filter(|y| (inner.top..=inner.bottom).contains(y));
        let y = inside.into_iter().find(|y| is_free(*y)).unwrap_or(wanted);
        taken.push(y);
        let text = curve.label.clone();
        scene.data.push(Mark::Text { at: (x, y), text, align: Align::End, ink: Ink::Curve(curve.colour) });
    }
}

/// Events as vertical lines. A label that would overlap the previous one is left out.
fn events(scene: &mut Scene, plot: &Plot) {
    let inner = scene.inner;
    let mut all: Vec<_> = plot.events.iter().filter(|event| plot.span.contains(event.at)).collect();
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    let mut free = f64::MIN;
    for event in all {
        let x = scene.x.px(event.at);
        let path = vec![(x, inner.top), (x, inner.bottom)];
        scene.data.push(Mark::Line { path, ink: Ink::Event, width: 1.0, dashed: true });
        // A letter is about 6.5 pixels wide.
        let wide = crate::ticks::usize_f64(event.label.chars().count()) * 6.5;
        let (at, align) = if x + wide > inner.right { (x - 3.0, Align::End) } else { (x + 3.0, Align::Start) };
        let begins = if align == Align::End { at - wide } else { at };
        if begins >= free {
            free = begins + wide + 8.0;
            let text = event.label.clone();
            scene.data.push(Mark::Text { at: (at, inner.top + 7.0), text, align, ink: Ink::Event });
        }
    }
}

/// The range of the vertical axis: the range of the values, extended to limits that lie near it.
fn domain(plot: &Plot, most: usize) -> (f64, f64) {
    let found = plot.curves.iter().filter_map(|curve| curve.shown.extremes(plot.span));
    let of_values = found.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    let all = || plot.limits.iter().map(|limit| limit.value).filter(|value| value.is_finite());
    let Some((low, high)) = of_values else {
        let of_limits = all().map(|value| (value, value)).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        return of_limits.map_or((0.0, 1.0), |(low, high)| nice(low, high, most));
    };
    // Including a limit far away would flatten the curve.
    let room = ((high - low) * 1.5).max(high.abs().max(low.abs()) * 0.02);
    let near = all().filter(|value| (low - room..=high + room).contains(value));
    let (low, high) = near.fold((low, high), |(low, high), value| (low.min(value), high.max(value)));
    nice(low, high, most)
}

fn axes(scene: &mut Scene, plot: &Plot, most: usize) {
    let inner = scene.inner;
    let (low, high) = scene.y.domain();
    for tick in ticks(low, high, most) {
        let y = crisp(scene.y.px(tick));
        let path = vec![(inner.left, y), (inner.right, y)];
        scene.back.push(Mark::Line { path, ink: Ink::Grid, width: 1.0, dashed: false });
        let text = label(tick, low, high, most).replace('.', &plot.decimal.to_string());
        scene.back.push(Mark::Text { at: (inner.left - 8.0, y), text, align: Align::End, ink: Ink::Text });
    }
    let most = count((inner.right - inner.left) / TICK_WIDTH).max(2);
    for tick in time_ticks(plot.span, plot.zone, most) {
        let x = scene.x.px(tick.at);
        let line = crisp(x);
        let path = vec![(line, inner.top), (line, inner.bottom)];
        scene.back.push(Mark::Line { path, ink: Ink::Grid, width: 1.0, dashed: false });
        let text = time_label(&tick, plot.months);
        // Labels at the edges would be cut off; half of a label takes about 3 pixels for each character.
        let half = crate::ticks::usize_f64(text.chars().count()) * 3.2;
        let x = x.min(plot.width - half - 2.0);
        scene.back.push(Mark::Text { at: (x, inner.bottom + 14.0), text, align: Align::Middle, ink: Ink::Text });
    }
}

/// The centre of a pixel, where a line of width 1 is sharp.
fn crisp(px: f64) -> f64 {
    px.floor() + 0.5
}

fn limits(scene: &mut Scene, plot: &Plot, (low, high): (f64, f64)) {
    let inner = scene.inner;
    for limit in plot.limits.iter().filter(|limit| limit.value.is_finite()) {
        let (y, text) = if limit.value > high {
            (inner.top + 7.0, format!("{} \u{2191}", limit.label))
        } else if limit.value < low {
            (inner.bottom - 7.0, format!("{} \u{2193}", limit.label))
        } else {
            let y = scene.y.px(limit.value);
            let path = vec![(inner.left, y), (inner.right, y)];
            scene.data.push(Mark::Line { path, ink: Ink::Limit, width: 1.5, dashed: true });
            // Above its line, or below it at the upper edge.
            (if y - inner.top < 16.0 { y + 9.0 } else { y - 8.0 }, limit.label.clone())
        };
        scene.data.push(Mark::Text { at: (inner.right - 4.0, y), text, align: Align::End, ink: Ink::Limit });
    }
}

fn draw(scene: &mut Scene, plot: &Plot, curve: &Curve) {
    match &curve.shown {
        Shown::Points(points) => draw_points(scene, plot, curve, visible(points, plot)),
        Shown::Buckets(buckets) => draw_buckets(scene, curve, buckets),
    }
}

/// The points of the span, and one more on each side, so that the line reaches the edges.
fn visible<'p>(points: &'p [Point], plot: &Plot) -> &'p [Point] {
    let from = points.partition_point(|point| point.at < plot.span.from()).saturating_sub(1);
    let until = points.partition_point(|point| point.at <= plot.span.until()).saturating_add(1).min(points.len());
    points.get(from..until).unwrap_or_default()
}

fn draw_points(scene: &mut Scene, plot: &Plot, curve: &Curve, points: &[Point]) {
    let (x, y, ink) = (scene.x, scene.y, Ink::Curve(curve.colour));
    let place = |point: &Point| (x.px(point.at), y.px(point.value));
    for piece in pieces(points, curve.gap) {
        let path: Vec<(f64, f64)> =
            columns(piece, x).iter().flat_map(Column::path).map(|point| place(&point)).collect();
        match path.as_slice() {
            [] => {}
            // A single point between two gaps would not show as a line.
            [only] => scene.data.push(Mark::Dot { at: *only, quality: Quality::Good, ink }),
            _ => scene.data.push(Mark::Line { path, ink, width: 1.75, dashed: false }),
        }
    }
    let width = scene.inner.right - scene.inner.left;
    let inside = points.iter().filter(|point| plot.span.contains(point.at) && point.value.is_finite());
    let are_few = crate::ticks::usize_f64(inside.clone().count()) * DOTS <= width;
    let mut last = [f64::MIN; 2];
    for point in inside {
        let (px, py) = place(point);
        let slot = match point.quality {
            Quality::Good => None,
            Quality::OutOfRange => Some(&mut last[0]),
            Quality::Uncalibrated => Some(&mut last[1]),
        };
        match slot {
            None if are_few => scene.data.push(Mark::Dot { at: (px, py), quality: point.quality, ink }),
            Some(before) if px - *before >= DOUBTS || are_few => {
                *before = px;
                scene.data.push(Mark::Dot { at: (px, py), quality: point.quality, ink: Ink::Doubt });
            }
            None | Some(_) => {}
        }
    }
}

fn draw_buckets(scene: &mut Scene, curve: &Curve, buckets: &[Bucket]) {
    let (x, y, ink) = (scene.x, scene.y, Ink::Curve(curve.colour));
    let finite = |bucket: &&Bucket| bucket.mean.is_finite() && bucket.low.is_finite() && bucket.high.is_finite();
    for run in runs(buckets) {
        let upper = run.iter().filter(finite).map(|one| (x.px(one.middle()), y.px(one.high)));
        let lower = run.iter().rev().filter(finite).map(|one| (x.px(one.middle()), y.px(one.low)));
        let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
        let path: Vec<(f64, f64)> = run.iter().filter(finite).map(|one| (x.px(one.middle()), y.px(one.mean))).collect();
        match (run, path.as_slice()) {
            (_, []) => {}
            ([bucket, ..], [only]) => {
                // A single interval is drawn as a line from its least to its greatest value.
                let line = vec![(only.0, y.px(bucket.low)), (only.0, y.px(bucket.high))];
                scene.data.push(Mark::Line { path: line, ink, width: 1.0, dashed: false });
                scene.data.push(Mark::Dot { at: *only, quality: Quality::Good, ink });
            }
            _ => {
                scene.data.push(Mark::Area { outline, ink });
                scene.data.push(Mark::Line { path, ink, width: 1.75, dashed: false });
            }
        }
    }
    mark_left_out(scene, buckets);
}

/// Marks intervals with excluded values above the axis, because the excluded values themselves are not known.
fn mark_left_out(scene: &mut Scene, buckets: &[Bucket]) {
    let y = scene.inner.bottom - 5.0;
    let mut last = f64::MIN;
    for bucket in buckets.iter().filter(|bucket| bucket.left_out > 0) {
        let x = scene.x.px(bucket.middle());
        if x - last >= 2.0 * DOUBTS {
            last = x;
            scene.data.push(Mark::Dot { at: (x, y), quality: Quality::OutOfRange, ink: Ink::Doubt });
        }
    }
}

/// The whole part of a small number that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of ticks; `as` saturates")]
fn count(number: f64) -> usize {
    number.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::plot::{Event, Limit};
    use crate::span::Span;

    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    fn plot<'a>(curves: &'a [Curve], limits: &'a [Limit], events: &'a [Event], zone: &'a TimeZone) -> Plot<'a> {
        Plot {
            span: Span::new(0.0, 100_000.0),
            curves,
            limits,
            events,
            bands: &[],
            zone,
            months: &MONTHS,
            decimal: '.',
            width: 640.0,
            height: 240.0,
        }
    }

    fn curve(points: &[(f64, f64, Quality)], gap: f64) -> Curve {
        let points = points.iter().map(|(at, value, quality)| Point { at: *at, value: *value, quality: *quality });
        Curve { shown: Shown::Points(points.collect()), colour: 0, gap, label: String::new() }
    }

    fn lines(scene: &Scene, ink: Ink) -> usize {
        scene.data.iter().filter(|mark| matches!(mark, Mark::Line { ink: of, .. } if *of == ink)).count()
    }

    fn dots(scene: &Scene, wanted: Quality) -> usize {
        scene.data.iter().filter(|mark| matches!(mark, Mark::Dot { quality, .. } if *quality == wanted)).count()
    }

    #[test]
    fn a_gap_interrupts_the_line_and_doubtful_values_have_their_own_shape() {
        let good = Quality::Good;
        let points = [
            (0.0, 1.0, good),
            (1_000.0, 2.0, Quality::OutOfRange),
            (2_000.0, 1.5, good),
            (50_000.0, 1.0, Quality::Uncalibrated),
            (51_000.0, 1.2, good),
        ];
        let curves = [curve(&points, 5_000.0)];
        let scene = compose(&plot(&curves, &[], &[], &TimeZone::UTC));
        assert_eq!(lines(&scene, Ink::Curve(0)), 2);
        assert_eq!(
            (dots(&scene, good), dots(&scene, Quality::OutOfRange), dots(&scene, Quality::Uncalibrated)),
            (3, 1, 1)
        );
    }

    #[test]
    fn a_point_alone_is_a_dot() {
        let curves = [curve(&[(50_000.0, 1.0, Quality::Good)], 1_000.0)];
        let scene = compose(&plot(&curves, &[], &[], &TimeZone::UTC));
        assert_eq!(lines(&scene, Ink::Curve(0)), 0);
        assert!(dots(&scene, Quality::Good) >= 1);
    }

    #[test]
    fn a_near_limit_is_a_line_and_a_far_one_is_named_at_the_edge() {
        let curves = [curve(&[(0.0, 7.0, Quality::Good), (90_000.0, 8.0, Quality::Good)], 1e9)];
        let limits = [Limit { value: 8.5, label: "near".into() }, Limit { value: 500.0, label: "far".into() }];
        let scene = compose(&plot(&curves, &limits, &[], &TimeZone::UTC));
        assert_eq!(lines(&scene, Ink::Limit), 1);
        let texts: Vec<&str> = scene
            .data
            .iter()
            .filter_map(
                |mark| if let Mark::Text { text, ink: Ink::Limit, .. } = mark { Some(text.as_str()) } else { None },
            )
            .collect();
        assert_eq!(texts, ["near", "far \u{2191}"]);
        let (low, high) = scene.y.domain();
        assert!(low <= 7.0 && (8.5..20.0).contains(&high));
    }

    #[test]
    fn names_of_events_lie_neither_on_each_other_nor_outside() {
        let event = |at: f64| Event { at, label: "Disconnected".into() };
        let events = [event(99_000.0), event(10_000.0), event(10_500.0), event(200_000.0)];
        let scene = compose(&plot(&[], &[], &events, &TimeZone::UTC));
        assert_eq!(lines(&scene, Ink::Event), 3);
        let sides: Vec<Align> = scene
            .data
            .iter()
            .filter_map(|mark| if let Mark::Text { align, .. } = mark { Some(*align) } else { None })
            .collect();
        assert_eq!(sides, [Align::Start, Align::End]);
    }

    #[test]
    fn curves_that_end_together_have_names_that_can_be_read() {
        let named = |label: &str, value: f64| {
            let good = Quality::Good;
            Curve {
                label: label.into(),
                ..curve(&[(0.0, 0.0, good), (90_000.0, value, good), (200_000.0, 50.0, good)], 1e9)
            }
        };
        let curves = [named("1", 10.0), named("2", 10.0), named("3", 10.001), named("", 3.0)];
        let scene = compose(&plot(&curves, &[], &[], &TimeZone::UTC));
        let places: Vec<(f64, f64)> = scene
            .data
            .iter()
            .filter_map(|mark| if let Mark::Text { at, ink: Ink::Curve(0), .. } = mark { Some(*at) } else { None })
            .collect();
        assert_eq!(places.len(), 3);
        for (place, one) in places.iter().enumerate() {
            assert!(scene.inner.contains(*one), "{one:?}");
            assert!(places[..place].iter().all(|other| (other.1 - one.1).abs() >= NAME_HEIGHT - 0.01), "{places:?}");
        }
    }

    #[test]
    fn a_chart_without_room_for_names_is_drawn_all_the_same() {
        let points = [(0.0, 1.0, Quality::Good), (90_000.0, 2.0, Quality::Good)];
        let curves = [Curve { label: "1".into(), ..curve(&points, 1e9) }];
        let zone = TimeZone::UTC;
        for (width, height) in [(1.0, 240.0), (640.0, 1.0), (87.0, 47.0)] {
            let scene = compose(&Plot { width, height, ..plot(&curves, &[], &[], &zone) });
            assert_eq!(lines(&scene, Ink::Curve(0)), 1, "{width} x {height}");
        }
    }

    #[test]
    fn a_span_that_stands_out_is_an_area_within_the_axes() {
        let zone = TimeZone::UTC;
        let all = [Span::new(-50_000.0, 10_000.0), Span::new(50_000.0, 50_001.0), Span::new(200_000.0, 300_000.0)];
        let scene = compose(&Plot { bands: &all, ..plot(&[], &[], &[], &zone) });
        let areas: Vec<&Vec<(f64, f64)>> = scene
            .data
            .iter()
            .filter_map(|mark| if let Mark::Area { outline, ink: Ink::Limit } = mark { Some(outline) } else { None })
            .collect();
        assert_eq!(areas.len(), 2);
        assert!(areas.iter().flat_map(|outline| outline.iter()).all(|place| scene.inner.contains(*place)));
        assert!(areas[1][1].0 - areas[1][0].0 >= 2.0);
    }

    #[test]
    fn a_band_ends_where_an_interval_is_missing() {
        let bucket =
            |from: f64| Bucket { from, until: from + 10_000.0, mean: 1.0, low: 0.0, high: 2.0, count: 3, left_out: 0 };
        let shown = Shown::Buckets(vec![bucket(0.0), bucket(10_000.0), bucket(40_000.0), bucket(50_000.0)]);
        let curves = [Curve { shown, colour: 3, gap: 0.0, label: String::new() }];
        let scene = compose(&plot(&curves, &[], &[], &TimeZone::UTC));
        let areas = scene.data.iter().filter(|mark| matches!(mark, Mark::Area { .. })).count();
        assert_eq!((areas, lines(&scene, Ink::Curve(3))), (2, 2));
        assert_eq!(dots(&scene, Quality::OutOfRange), 0);
    }

    #[test]
    fn an_interval_without_a_value_that_counts_is_a_gap_with_a_mark() {
        let good =
            |from: f64| Bucket { from, until: from + 10_000.0, mean: 1.0, low: 0.0, high: 2.0, count: 3, left_out: 0 };
        let none =
            |from: f64| Bucket { mean: f64::NAN, low: f64::NAN, high: f64::NAN, count: 0, left_out: 3, ..good(from) };
        let shown = Shown::Buckets(vec![good(0.0), good(10_000.0), none(20_000.0), good(30_000.0), good(40_000.0)]);
        let curves = [Curve { shown, colour: 0, gap: 0.0, label: String::new() }];
        let scene = compose(&plot(&curves, &[], &[], &TimeZone::UTC));
        assert_eq!((lines(&scene, Ink::Curve(0)), dots(&scene, Quality::OutOfRange)), (2, 1));
    }

    proptest! {
        #[test]
        fn every_value_of_the_span_lies_between_the_axes(
            values in prop::collection::vec(-1e6..1e6, 1..200), width in 1.0..2000.0, height in 1.0..900.0,
        ) {
            let points: Vec<_> = values.iter().zip(0..).map(|(value, at)| (f64::from(at) * 500.0, *value, Quality::Good)).collect();
            let curves = [curve(&points, 1e9)];
            let zone = TimeZone::UTC;
            let plot = Plot { width, height, ..plot(&curves, &[], &[], &zone) };
            let scene = compose(&plot);
            for mark in &scene.data {
                if let Mark::Line { path, .. } = mark {
                    for (x, y) in path {
                        prop_assert!(x.is_finite() && y.is_finite());
                        prop_assert!(*y >= scene.inner.top - 0.01 && *y <= scene.inner.bottom + 0.01);
                    }
                }
            }
        }
    }
}
