//! Aggregates on DynamoDB: from rollups for closed hours and days, else from readings.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, future, stream};

use super::super::ReadingTable;
use super::super::rollups::{Rollup, Rollups};
use super::scan::Scanned;
use super::{Bucket, HistoryError, HistoryPage, Meter, SeriesPosition, Share, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::Aggregates;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit};

/// Minimum intervals per window: a small limit must not cause many requests where readings are sparse.
const MIN_WINDOW: i64 = 500;
/// Maximum rollups read for one window: about a megabyte.
const MAX_ROLLUPS: i64 = 10_000;
/// Maximum series processed at the same time if all of them fit on the page, and maximum runs of cells of one series.
const AT_ONCE: usize = 4;
/// Rollups of cells without readings are stored only within this many cells of one with readings. So a sensor that rests on
/// Sundays does not cause 52 gaps per year, and one that was bought last week does not cause ten years of empty rows.
const NEAR: i64 = 31;

/// The intervals of a series, and the instant from which there are more.
type SeriesIntervals = (Vec<(Timestamp, Aggregates)>, Option<Timestamp>);

impl ReadingTable {
    pub(super) async fn buckets(
        &self,
        parts: &[(&Series, Span)],
        every: Every,
        limit: usize,
        now: Timestamp,
    ) -> Result<HistoryPage<Bucket>, HistoryError> {
        let meter = Meter::default();
        let most = parts.iter().map(|(_, span)| every.count(span.from, span.to)).fold(0, i64::saturating_add);
        let at_once = if most <= i64::try_from(limit).unwrap_or(i64::MAX) { AT_ONCE } else { 1 };
        let share = |place| Share { meter: &meter, sure: place == 0 };
        let work = parts.iter().enumerate();
        let work = work.map(|(place, (of, span))| self.series(of, *span, every, limit, now, share(place)));
        let work: Vec<_> = work.collect();
        let mut worked = std::pin::pin!(stream::iter(work).buffered(at_once));
        let mut items = Vec::new();
        for (of, span) in parts {
            let at = |at| SeriesPosition { sensor: of.sensor.clone(), at };
            // A page that is full, or that has used up its budget, continues with this series on the next page.
            if items.len() == limit || (meter.rows() >= 2 * self.budget && !items.is_empty()) {
                return Ok(HistoryPage { items, next: Some(at(span.from)) });
            }
            let Some(worked) = worked.next().await else { break };
            let (found, next) = worked?;
            for (start, aggregates) in found {
                if items.len() == limit {
                    return Ok(HistoryPage { items, next: Some(at(start)) });
                }
                items.push(Bucket { sensor: of.sensor.clone(), start, aggregates });
            }
            if let Some(next) = next {
                return Ok(HistoryPage { items, next: Some(at(next)) });
            }
        }
        Ok(HistoryPage { items, next: None })
    }

    /// The intervals of one series, window after window.
    async fn series(
        &self,
        of: &Series,
        span: Span,
        every: Every,
        limit: usize,
        now: Timestamp,
        share: Share<'_>,
    ) -> Result<SeriesIntervals, HistoryError> {
        let cells = Unit::within(every).map_or(1, |unit| every.millis() / unit.width().millis());
        let window = i64::try_from(limit).unwrap_or(i64::MAX).max(MIN_WINDOW).min(MAX_ROLLUPS / cells).max(1);
        let mut found = Vec::new();
        let mut from = span.from;
        while from < span.to {
            if from > span.from && share.meter.rows() >= self.budget || share.spent(self.budget) {
                return Ok((found, Some(from)));
            }
            let end = every.floor(from).millis().saturating_add(window.saturating_mul(every.millis()));
            let to = Timestamp::from_millis(end).min(span.to);
            let (intervals, gap) = self.window(of, Span { from, to }, every, now, share).await?;
            let whole = |start: Timestamp| gap.is_none_or(|gap| every.after(start) <= gap);
            let some = |(start, aggregates): &(Timestamp, Aggregates)| whole(*start) && aggregates.count() > 0;
            found.extend(intervals.into_iter().filter(some));
            if let Some(gap) = gap {
                return Ok((found, Some(every.floor(gap).max(from))));
            }
            from = to;
            if from < span.to && found.len() > limit {
                return Ok((found, Some(from)));
            }
        }
        Ok((found, None))
    }

    /// The aggregates of the intervals of a window, and the instant from which not everything was read.
    async fn window(
        &self,
        of: &Series,
        span: Span,
        every: Every,
        now: Timestamp,
        share: Share<'_>,
    ) -> Result<(BTreeMap<Timestamp, Aggregates>, Option<Timestamp>), HistoryError> {
        let mut intervals = BTreeMap::new();
        let mut add = |start: Timestamp, more: &Aggregates| {
            intervals.entry(every.floor(start)).or_insert(Aggregates::NONE).merge(more);
        };
        let mut gaps = BTreeSet::new();
        let unit = Unit::within(every);
        let closed = unit.map(|unit| {
            let width = unit.width();
            (unit, Span { from: width.ceil(span.from), to: width.floor(span.to).min(unit.closed_until(now)) })
        });
        let first = every.after(every.floor(span.from));
        let scans = match closed {
            Some((unit, inner)) if inner.from < inner.to => {
                let width = unit.width();
                let (before, after) = (Span { to: inner.from, ..span }, Span { from: inner.to, ..span });
                let rollups = async {
                    let rollups = self.rollups.read(of, unit, inner.from, inner.to).await?;
                    share.meter.add(rollups.cells.len());
                    let mut filled = Vec::new();
                    for runs in missing(&rollups.cells, inner, width).chunks(AT_ONCE) {
                        // The first runs are read in any case, so that each request makes progress.
                        if !filled.is_empty() && share.meter.rows() >= self.budget {
                            filled.push(Scanned { gaps: runs.to_vec(), ..Scanned::default() });
                            break;
                        }
                        let fills = runs.iter().map(|run| self.fill(of, unit, *run, &rollups, share));
                        filled.extend(future::try_join_all(fills.collect::<Vec<_>>()).await?);
                    }
                    Ok::<_, HistoryError>((rollups, filled))
                };
                let edge = |edge| self.edge(of, edge, width, first, share);
                let (rollups, before, after) = future::join3(rollups, edge(before), edge(after)).await;
                let (rollups, mut scans) = rollups?;
                for (start, rollup) in &rollups.cells {
                    rollup.aggregates.iter().for_each(|aggregates| add(*start, aggregates));
                }
                scans.extend(before?.into_iter().chain(after?));
                scans
            }
            Some((unit, _)) => self.edge(of, span, unit.width(), first, share).await?,
            None => vec![self.scan(of, span, every, share).await?],
        };
        for scanned in scans {
            scanned.cells.iter().for_each(|(start, aggregates)| add(*start, aggregates));
            gaps.extend(scanned.gaps.iter().map(|gap| gap.from));
        }
        Ok((intervals, gaps.first().copied()))
    }

    /// Aggregates the readings of cells that are not closed, or not entirely in the span. They have no rollups, so a request
    /// makes no progress unless it reads all of them for its first interval, which ends at `first`.
    async fn edge(
        &self,
        of: &Series,
        span: Span,
        width: Every,
        first: Timestamp,
        share: Share<'_>,
    ) -> Result<Vec<Scanned>, HistoryError> {
        let cells = starts(Span { from: width.floor(span.from), ..span }, width);
        let cells = cells.map(|start| Span { from: start.max(span.from), to: width.after(start).min(span.to) });
        let scan = |cell: Span| {
            let share = Share { sure: share.sure && cell.from < first, ..share };
            self.scan(of, cell, width, share)
        };
        future::try_join_all(cells.map(scan).collect::<Vec<_>>()).await
    }

    /// Aggregates the readings of a run of cells without rollups, and stores their rollups.
    async fn fill(
        &self,
        of: &Series,
        unit: Unit,
        run: Span,
        rollups: &Rollups,
        share: Share<'_>,
    ) -> Result<Scanned, HistoryError> {
        let width = unit.width();
        let scanned = self.scan(of, run, width, share).await?;
        let near = |start: Timestamp| {
            let reach = NEAR.saturating_mul(width.millis());
            let (low, high) = (start.millis().saturating_sub(reach), start.millis().saturating_add(reach));
            scanned.cells.range(Timestamp::from_millis(low)..=Timestamp::from_millis(high)).next().is_some()
        };
        let cell = |start: Timestamp| {
            let count = rollups.cells.get(&start).unwrap_or(&Rollup::NONE).invalidation_count;
            let worth = count.is_some() || near(start);
            let aggregates = scanned.cells.get(&start).copied().unwrap_or(Aggregates::NONE);
            (worth && scanned.whole(width, start)).then_some((Cell { unit, start }, count, aggregates))
        };
        let cells = starts(run, width).filter_map(cell).collect();
        self.rollups.store(of, rollups.of_series, cells).await;
        Ok(scanned)
    }
}

/// The starts of the cells of a span that begins with a cell.
fn starts(span: Span, width: Every) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(span.from), move |start| Some(width.after(*start)))
        .take_while(move |start| *start < span.to)
}

/// The runs of cells without stored aggregates.
fn missing(rollups: &BTreeMap<Timestamp, Rollup>, span: Span, width: Every) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    let absent = |start: &Timestamp| rollups.get(start).is_none_or(|rollup| rollup.aggregates.is_none());
    for start in starts(span, width).filter(absent) {
        match runs.last_mut() {
            Some(run) if run.to == start => run.to = width.after(start),
            _ => runs.push(Span { from: start, to: width.after(start) }),
        }
    }
    runs
}
