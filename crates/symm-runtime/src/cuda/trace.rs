// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Times of every op on the device, and the file that Chrome's tracing and Perfetto read.

use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};
use symm_cuda::{Event, Result, Stream};

/// One op as it ran on the device.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Span {
    /// What ran, and from where in the source.
    pub name: String,
    /// What ran it: `kernel`, `matmul`, `copy`, `nccl`, `entry`, or an all-reduce's algorithm.
    pub category: String,
    /// Beginning in nanoseconds since 1970, by the host's clock when the rank started and the device's since then.
    pub begin_ns: u64,
    /// Duration in nanoseconds.
    pub duration_ns: u64,
}

/// Events around the ops of one rank.
#[derive(Debug)]
pub(super) struct Trace {
    /// The last point in the stream whose time is known, in nanoseconds since 1970.
    ///
    /// The driver tells the time between two events as a float of milliseconds, which is exact to a nanosecond only while
    /// it is short. So times are counted on from op to op.
    last: RefCell<(Event, u64)>,
    pending: RefCell<Vec<Pending>>,
    spans: RefCell<Vec<Span>>,
}

#[derive(Debug)]
struct Pending {
    name: String,
    category: &'static str,
    begin: Event,
    end: Event,
}

impl Trace {
    /// Begins to take times in a stream that is idle.
    pub(super) fn new(stream: &Stream) -> Result<Self> {
        let base = Event::new(stream.device())?;
        base.record(stream)?;
        base.synchronize()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_nanos() as u64);
        Ok(Self {
            last: RefCell::new((base, now)),
            pending: RefCell::default(),
            spans: RefCell::default(),
        })
    }

    pub(super) fn begin(&self, stream: &Stream) -> Result<Event> {
        let event = Event::new(stream.device())?;
        event.record(stream)?;
        Ok(event)
    }

    pub(super) fn end(
        &self,
        stream: &Stream,
        begun: Result<Event>,
        category: &'static str,
        name: String,
    ) -> Result<()> {
        let begin = begun?;
        let end = self.begin(stream)?;
        self.pending.borrow_mut().push(Pending {
            name,
            category,
            begin,
            end,
        });
        Ok(())
    }

    /// Reads the times of everything recorded, once the stream was waited for.
    pub(super) fn settle(&self) -> Result<()> {
        let mut last = self.last.borrow_mut();
        for Pending {
            name,
            category,
            begin,
            end,
        } in self.pending.take()
        {
            let begin_ns = last.1 + ns(last.0.elapsed_us(&begin)?);
            let span = Span {
                begin_ns,
                duration_ns: ns(begin.elapsed_us(&end)?),
                name,
                category: category.into(),
            };
            self.spans.borrow_mut().push(span);
            *last = (begin, begin_ns);
        }
        Ok(())
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.spans.borrow().clone()
    }
}

fn ns(us: f64) -> u64 {
    (us * 1e3).round() as u64
}

/// The trace of a run, in the Trace Event Format: one process per rank.
#[derive(Debug, Serialize)]
pub struct TraceFile {
    #[serde(rename = "traceEvents")]
    events: Vec<TraceEvent>,
    #[serde(rename = "displayTimeUnit")]
    unit: &'static str,
}

#[derive(Debug, Serialize)]
struct TraceEvent {
    name: String,
    cat: String,
    ph: &'static str,
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<serde_json::Value>,
}

impl TraceFile {
    /// Puts the spans of ranks beside each other; times count from the first of them.
    pub fn new<'a>(ranks: impl IntoIterator<Item = (u32, &'a [Span])>) -> Self {
        let ranks: Vec<_> = ranks.into_iter().collect();
        let spans = ranks.iter().flat_map(|(_, spans)| spans.iter());
        let first = spans.map(|span| span.begin_ns).min().unwrap_or(0);
        let us = |ns: u64| ns as f64 / 1e3;
        let mut events = Vec::new();
        for &(rank, spans) in &ranks {
            events.push(TraceEvent {
                name: "process_name".into(),
                cat: "__metadata".into(),
                ph: "M",
                ts: 0.0,
                dur: None,
                pid: rank,
                tid: 0,
                args: Some(serde_json::json!({ "name": format!("rank {rank}") })),
            });
            events.extend(spans.iter().map(|span| TraceEvent {
                name: span.name.clone(),
                cat: span.category.clone(),
                ph: "X",
                ts: us(span.begin_ns - first),
                dur: Some(us(span.duration_ns)),
                pid: rank,
                tid: 0,
                args: None,
            }));
        }
        Self { events, unit: "ns" }
    }

    /// Returns the file's content.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_processes_and_times_begin_at_zero() {
        let span = |name: &str, begin_ns| Span {
            name: name.into(),
            category: "kernel".into(),
            begin_ns,
            duration_ns: 2401,
        };
        // In our days, where a float of microseconds has steps of a quarter of one.
        let now = 1_700_000_000_000_000_000;
        let first = [span("a", now + 5001), span("b", now + 7407)];
        let second = [span("c", now)];
        let file = TraceFile::new([(0, &first[..]), (1, &second[..])]);
        let json: serde_json::Value = serde_json::from_slice(&file.to_json()).unwrap();
        let events = json["traceEvents"].as_array().unwrap();
        let spans: Vec<_> = events
            .iter()
            .filter(|event| event["ph"] == "X")
            .map(|event| {
                (
                    event["pid"].as_u64(),
                    event["ts"].as_f64(),
                    event["dur"].as_f64(),
                )
            })
            .collect();
        assert_eq!(
            spans,
            [
                (Some(0), Some(5.001), Some(2.401)),
                (Some(0), Some(7.407), Some(2.401)),
                (Some(1), Some(0.0), Some(2.401))
            ]
        );
        assert_eq!(events[0]["args"]["name"], "rank 0");
    }
}
