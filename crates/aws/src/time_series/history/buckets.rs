//! What readings come to, from DynamoDB: sums that are kept where hours and days are closed, readings elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, future, stream};

use super::super::ReadingTable;
use super::super::rollups::Kept;
use super::scan::Scanned;
use super::{Bucket, Found, Meter, Place, Share, Span, Unanswered};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit};
use weir_core::domain::sums::Sums;

/// So many intervals are looked at together at least: a small limit must not mean many requests where there is little.
const TOGETHER: i64 = 500;
/// The kept sums of so many hours or days are read together at most: a megabyte.
const MOST_KEPT: i64 = 10_000;
/// So many series are worked out at once where all of them fit on the page, and so many runs of cells of one.
const AT_ONCE: usize = 4;
/// Cells without readings are kept too when they are no further than this from one that has some; then a sensor that
/// rests on Sundays does not make 52 gaps in a year, nor one that was bought last week ten years of empty rows.
const NEAR: i64 = 31;

/// The intervals of a series that were worked out, and from where on there are more.
type Worked = (Vec<(Timestamp, Sums)>, Option<Timestamp>);

impl ReadingTable {
    pub(super) async fn buckets(
        &self,
        parts: &[(&Series, Span)],
        every: Every,
        limit: usize,
        now: Timestamp,
    ) -> Result<Found<Bucket>, Unanswered> {
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
            let at = |at| Place { sensor: of.sensor.clone(), at };
            // What is full, or has read enough, goes on with this series on the next page.
            if items.len() == limit || (meter.rows() >= 2 * self.budget && !items.is_empty()) {
                return Ok(Found { items, next: Some(at(span.from)) });
            }
            let Some(worked) = worked.next().await else { break };
            let (found, next) = worked?;
            for (start, sums) in found {
                if items.len() == limit {
                    return Ok(Found { items, next: Some(at(start)) });
                }
                items.push(Bucket { sensor: of.sensor.clone(), start, sums });
            }
            if let Some(next) = next {
                return Ok(Found { items, next: Some(at(next)) });
            }
        }
        Ok(Found { items, next: None })
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
    ) -> Result<Worked, Unanswered> {
        let cells = Unit::within(every).map_or(1, |unit| every.millis() / unit.width().millis());
        let together = i64::try_from(limit).unwrap_or(i64::MAX).max(TOGETHER).min(MOST_KEPT / cells).max(1);
        let mut found = Vec::new();
        let mut from = span.from;
        while from < span.to {
            if from > span.from && share.meter.rows() >= self.budget || share.spent(self.budget) {
                return Ok((found, Some(from)));
            }
            let end = every.floor(from).millis().saturating_add(together.saturating_mul(every.millis()));
            let to = Timestamp::from_millis(end).min(span.to);
            let (sums, gap) = self.window(of, Span { from, to }, every, now, share).await?;
            let whole = |start: Timestamp| gap.is_none_or(|gap| every.after(start) <= gap);
            let some = |(start, sums): &(Timestamp, Sums)| whole(*start) && sums.count() > 0;
            found.extend(sums.into_iter().filter(some));
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

    /// What the readings of a window come to by intervals, and from where on something was not read.
    async fn window(
        &self,
        of: &Series,
        span: Span,
        every: Every,
        now: Timestamp,
        share: Share<'_>,
    ) -> Result<(BTreeMap<Timestamp, Sums>, Option<Timestamp>), Unanswered> {
        let mut sums = BTreeMap::new();
        let mut add = |start: Timestamp, more: &Sums| sums.entry(every.floor(start)).or_insert(Sums::NONE).merge(more);
        let mut gaps = BTreeSet::new();
        let unit = Unit::within(every);
        let settled = unit.map(|unit| {
            let width = unit.width();
            (unit, Span { from: width.ceil(span.from), to: width.floor(span.to).min(unit.settled(now)) })
        });
        let first = every.after(every.floor(span.from));
        let scans = match settled {
            Some((unit, inner)) if inner.from < inner.to => {
                let width = unit.width();
                let (before, after) = (Span { to: inner.from, ..span }, Span { from: inner.to, ..span });
                let kept = async {
                    let kept = self.rollups.kept(of, unit, inner.from, inner.to).await?;
                    share.meter.add(kept.len());
                    let mut filled = Vec::new();
                    for runs in missing(&kept, inner, width).chunks(AT_ONCE) {
                        // The first runs are worked on whatever else was read, so that each request gets further.
                        if !filled.is_empty() && share.meter.rows() >= self.budget {
                            filled.push(Scanned { gaps: runs.to_vec(), ..Scanned::default() });
                            break;
                        }
                        let fills = runs.iter().map(|run| self.fill(of, unit, *run, &kept, share));
                        filled.extend(future::try_join_all(fills.collect::<Vec<_>>()).await?);
                    }
                    Ok::<_, Unanswered>((kept, filled))
                };
                let edge = |edge| self.edge(of, edge, width, first, share);
                let (kept, before, after) = future::join3(kept, edge(before), edge(after)).await;
                let (kept, mut scans) = kept?;
                kept.iter().for_each(|(start, kept)| kept.sums.iter().for_each(|sums| add(*start, sums)));
                scans.extend(before?.into_iter().chain(after?));
                scans
            }
            Some((unit, _)) => self.edge(of, span, unit.width(), first, share).await?,
            None => vec![self.scan(of, span, every, share).await?],
        };
        for scanned in scans {
            scanned.sums.iter().for_each(|(start, sums)| add(*start, sums));
            gaps.extend(scanned.gaps.iter().map(|gap| gap.from));
        }
        Ok((sums, gaps.first().copied()))
    }

    /// Adds up the readings of cells that are not closed, or not whole. What they come to cannot be kept, so a request that
    /// does not read them all for its first interval, which ends at `first`, has got no further.
    async fn edge(
        &self,
        of: &Series,
        span: Span,
        width: Every,
        first: Timestamp,
        share: Share<'_>,
    ) -> Result<Vec<Scanned>, Unanswered> {
        let cells = starts(Span { from: width.floor(span.from), ..span }, width);
        let cells = cells.map(|start| Span { from: start.max(span.from), to: width.after(start).min(span.to) });
        let scan = |cell: Span| {
            let share = Share { sure: share.sure && cell.from < first, ..share };
            self.scan(of, cell, width, share)
        };
        future::try_join_all(cells.map(scan).collect::<Vec<_>>()).await
    }

    /// Adds up the readings of a run of cells of which nothing is kept, and keeps what they come to.
    async fn fill(
        &self,
        of: &Series,
        unit: Unit,
        run: Span,
        kept: &BTreeMap<Timestamp, Kept>,
        share: Share<'_>,
    ) -> Result<Scanned, Unanswered> {
        let width = unit.width();
        let scanned = self.scan(of, run, width, share).await?;
        let near = |start: Timestamp| {
            let reach = NEAR.saturating_mul(width.millis());
            let (low, high) = (start.millis().saturating_sub(reach), start.millis().saturating_add(reach));
            scanned.sums.range(Timestamp::from_millis(low)..=Timestamp::from_millis(high)).next().is_some()
        };
        let cell = |start: Timestamp| {
            let generation = kept.get(&start).unwrap_or(&Kept::NOTHING).generation;
            let worth = generation.is_some() || near(start);
            let sums = scanned.sums.get(&start).copied().unwrap_or(Sums::NONE);
            (worth && scanned.whole(width, start)).then_some((Cell { unit, start }, generation, sums))
        };
        let cells = starts(run, width).filter_map(cell).collect();
        self.rollups.keep(of, cells).await;
        Ok(scanned)
    }
}

/// The beginnings of the cells of a span that begins with one.
fn starts(span: Span, width: Every) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(span.from), move |start| Some(width.after(*start)))
        .take_while(move |start| *start < span.to)
}

/// The runs of cells whose sums are not kept.
fn missing(kept: &BTreeMap<Timestamp, Kept>, span: Span, width: Every) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    let absent = |start: &Timestamp| kept.get(start).is_none_or(|kept| kept.sums.is_none());
    for start in starts(span, width).filter(absent) {
        match runs.last_mut() {
            Some(run) if run.to == start => run.to = width.after(start),
            _ => runs.push(Span { from: start, to: width.after(start) }),
        }
    }
    runs
}
