//! Charts, drawn as SVG with classes of the stylesheet and nothing else: no script, no colour, no style of their own.
//!
//! Each tells its story in its label, because a screen reader gets nothing else of it, and each has a table beside it in the
//! page. Lengths are whole tenths of a unit, so that a coordinate never depends on rounding.

use std::fmt::{self, Write as _};

/// At most this many lines across.
const MOST_LINES: i128 = 4;

/// A length in tenths of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tenths(i128);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.abs() / 10, self.0.abs() % 10);
        let sign = if self.0 < 0 { "-" } else { "" };
        if part == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}

/// From amounts to heights, with lines at round amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scale {
    low: i128,
    high: i128,
    step: i128,
    /// Where the highest and the lowest amount are drawn, in tenths.
    top: i128,
    bottom: i128,
}

impl Scale {
    /// Holds all amounts; also zero, unless all of them are far from it.
    fn of(values: impl Iterator<Item = i64> + Clone, with_zero: bool, top: i128, bottom: i128) -> Self {
        let mut low = i128::from(values.clone().min().unwrap_or(0));
        let mut high = i128::from(values.max().unwrap_or(0));
        if with_zero || low.abs().min(high.abs()) * 2 < low.abs().max(high.abs()) {
            low = low.min(0);
            high = high.max(0);
        }
        if low == high {
            let around = (low.abs() / 10).max(1);
            low -= around;
            high += around;
        }
        let step = step(high - low);
        Self { low: low.div_euclid(step) * step, high: -((-high).div_euclid(step)) * step, step, top, bottom }
    }

    fn height(&self, value: i64) -> Tenths {
        self.height_of(i128::from(value))
    }

    fn height_of(&self, value: i128) -> Tenths {
        Tenths(self.top + (self.high - value) * (self.bottom - self.top) / (self.high - self.low))
    }

    /// Where areas and bars stand: zero, or the lower edge where zero is not in sight.
    fn ground(&self) -> Tenths {
        self.height_of(if self.low <= 0 && self.high >= 0 { 0 } else { self.low })
    }

    fn lines(&self) -> impl Iterator<Item = i128> {
        let (low, step) = (self.low, self.step);
        (0..=(self.high - low) / step).map(move |line| low + line * step)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50, … with which few steps cover a span.
fn step(span: i128) -> i128 {
    let mut power = 1;
    loop {
        for digit in [1, 2, 5] {
            if span <= digit * power * MOST_LINES {
                return digit * power;
            }
        }
        power *= 10;
    }
}

/// An amount beside a line, short: `170k`, `1.5M`, `−20`.
fn short(minor: i128, scale: u8) -> String {
    let unit = 10_i128.pow(u32::from(scale));
    let (unit, suffix) = match minor.abs() / unit {
        0..1_000 => (unit, ""),
        1_000..1_000_000 => (unit * 1_000, "k"),
        1_000_000..1_000_000_000 => (unit * 1_000_000, "M"),
        _ => (unit * 1_000_000_000, "bn"),
    };
    let hundredths = minor.abs() * 100 / unit;
    let sign = if minor < 0 { "\u{2212}" } else { "" };
    let part = format!("{:02}", hundredths % 100);
    let part = part.trim_end_matches('0');
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{part}{suffix}", hundredths / 100)
}

/// Text inside markup.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Lines across with their amounts.
fn grid(f: &mut fmt::Formatter<'_>, scale: &Scale, digits: u8, left: i128, right: i128) -> fmt::Result {
    for line in scale.lines() {
        let y = scale.height_of(line);
        if y != scale.ground() {
            write!(f, r#"<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>"#, Tenths(left), Tenths(right))?;
        }
        let (x, text_y) = (Tenths(left - 80), Tenths(y.0 + 40));
        let class = if line == scale.low { r#" class="low""# } else { "" };
        write!(f, r#"<text x="{x}" y="{text_y}" text-anchor="end"{class}>{}</text>"#, short(line, digits))?;
    }
    let y = scale.ground();
    write!(f, r#"<line class="axis" x1="{}" x2="{}" y1="{y}" y2="{y}"/>"#, Tenths(left), Tenths(right))
}

/// The names below, one of them strong. Every second one, counted from the last, may be left out where there is little room.
fn names<'a>(
    f: &mut fmt::Formatter<'_>,
    names: impl ExactSizeIterator<Item = &'a str>,
    strong: Option<usize>,
    x: impl Fn(usize) -> i128,
    y: i128,
) -> fmt::Result {
    let last = names.len().saturating_sub(1);
    for (index, name) in names.enumerate() {
        let class = match (strong == Some(index), (last - index) % 2 == 1) {
            (true, true) => r#" class="strong alt""#,
            (true, false) => r#" class="strong""#,
            (false, true) => r#" class="alt""#,
            (false, false) => "",
        };
        let (x, y) = (Tenths(x(index)), Tenths(y));
        write!(f, r#"<text x="{x}" y="{y}" text-anchor="middle"{class}>{}</text>"#, Escaped(name))?;
    }
    Ok(())
}

fn share(index: usize, of: usize, length: i128) -> i128 {
    let count = |number: usize| i128::try_from(number).unwrap_or(0);
    count(index) * length / count(of.max(1))
}

/// An amount over time: a line, and the area below it.
#[derive(Debug, Clone)]
pub(crate) struct AreaChart {
    /// What it shows, in a sentence.
    pub(crate) label: String,
    /// A name and an amount each, oldest first.
    pub(crate) points: Vec<(String, i64)>,
    /// Digits of the currency.
    pub(crate) digits: u8,
}

impl fmt::Display for AreaChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = (560, 6200);
        let scale = Scale::of(self.points.iter().map(|(_, value)| *value), false, 140, 1500);
        let last = self.points.len().saturating_sub(1);
        let x = |index: usize| left + share(index, last, right - left);
        write!(
            f,
            r#"<svg class="chart chart-wide" viewBox="0 0 640 176" role="img" aria-label="{}">"#,
            Escaped(&self.label)
        )?;
        let line = self.points.iter().enumerate().fold(String::new(), |mut line, (index, (_, value))| {
            line.push(if index == 0 { 'M' } else { 'L' });
            // Writing into a text cannot fail.
            let _ = write!(line, "{} {}", Tenths(x(index)), scale.height(*value));
            line
        });
        let ground = scale.ground();
        write!(f, r#"<path class="area" d="{line}L{} {ground}L{} {ground}Z"/>"#, Tenths(x(last)), Tenths(left))?;
        grid(f, &scale, self.digits, left, right + 120)?;
        write!(f, r#"<path class="line" d="{line}"/>"#)?;
        if let Some((_, value)) = self.points.last() {
            write!(f, r#"<circle class="point" cx="{}" cy="{}" r="3.5"/>"#, Tenths(x(last)), scale.height(*value))?;
        }
        names(f, self.points.iter().map(|(name, _)| name.as_str()), Some(last), x, 1690)?;
        f.write_str("</svg>")
    }
}

impl askama::filters::HtmlSafe for AreaChart {}

/// What came in beside what went out, a pair of bars for each month.
#[derive(Debug, Clone)]
pub(crate) struct PairedBars {
    /// What it shows, in a sentence.
    pub(crate) label: String,
    /// A name, what came in and what went out, oldest first; both are zero or more.
    pub(crate) pairs: Vec<(String, i64, i64)>,
    /// Which of them is the month that it is; none where that is not shown.
    pub(crate) current: Option<usize>,
    /// Digits of the currency.
    pub(crate) digits: u8,
    /// For how much room it is drawn.
    pub(crate) room: Room,
}

/// How much room a picture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// That of a card, or of a small window.
    Card,
    /// That of a whole sheet: wide and low.
    Sheet,
}

impl fmt::Display for PairedBars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, size, (left, right), bottom, below) = match self.room {
            Room::Card => ("chart", "304 176", (360, 3040), 1500, 1690),
            Room::Sheet => ("chart chart-sheet", "960 190", (440, 9600), 1640, 1830),
        };
        let values = self.pairs.iter().flat_map(|(_, into, out)| [*into, *out]);
        let scale = Scale::of(values, true, 140, bottom);
        let slot = (right - left) / i128::try_from(self.pairs.len().max(1)).unwrap_or(1);
        let bar = (slot * 2 / 5).min(if self.room == Room::Sheet { 200 } else { 140 });
        let middle = |index: usize| left + share(index, self.pairs.len(), right - left) + slot / 2;
        write!(f, r#"<svg class="{class}" viewBox="0 0 {size}" role="img" aria-label="{}">"#, Escaped(&self.label))?;
        grid(f, &scale, self.digits, left, right)?;
        let ground = scale.ground();
        for (index, (_, into, out)) in self.pairs.iter().enumerate() {
            for (class, x, value) in [("bar-in", middle(index) - bar - 5, into), ("bar-out", middle(index) + 5, out)] {
                let top = scale.height(*value);
                let height = Tenths(ground.0 - top.0);
                let (x, width) = (Tenths(x), Tenths(bar));
                write!(f, r#"<rect class="{class}" x="{x}" y="{top}" width="{width}" height="{height}"/>"#)?;
            }
        }
        names(f, self.pairs.iter().map(|(name, _, _)| name.as_str()), self.current, middle, below)?;
        f.write_str("</svg>")
    }
}

impl askama::filters::HtmlSafe for PairedBars {}

/// A line as small as a word. The figures stand beside it, so screen readers are not told of it.
#[derive(Debug, Clone)]
pub(crate) struct Sparkline {
    points: Vec<i64>,
}

impl Sparkline {
    pub(crate) fn of(points: &[i64]) -> Self {
        Self { points: points.to_vec() }
    }
}

impl fmt::Display for Sparkline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = i128::from(self.points.iter().copied().min().unwrap_or(0));
        let high = i128::from(self.points.iter().copied().max().unwrap_or(0));
        let last = self.points.len().saturating_sub(1);
        f.write_str(r#"<svg class="chart spark" viewBox="0 0 96 20" preserveAspectRatio="none" aria-hidden="true"><path class="line" d=""#)?;
        for (index, value) in self.points.iter().enumerate() {
            // What has not moved lies in the middle.
            let height = if low == high { 100 } else { 20 + (high - i128::from(*value)) * 160 / (high - low) };
            let command = if index == 0 { 'M' } else { 'L' };
            write!(f, "{command}{} {}", Tenths(share(index, last, 960)), Tenths(height))?;
        }
        f.write_str(r#""/></svg>"#)
    }
}

impl askama::filters::HtmlSafe for Sparkline {}

/// A bar for this month on a wider one for the average. The figures stand beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bar {
    /// Of 200.
    value: i128,
    average: i128,
    is_in: bool,
}

impl Bar {
    /// `most` is the amount that a whole bar stands for; signs do not matter.
    pub(crate) fn of(minor: i64, average_minor: i64, most: i64) -> Self {
        let most = i128::from(most.unsigned_abs().max(1));
        let length = |minor: i64| (i128::from(minor).abs() * 196 / most).clamp(0, 196);
        Self { value: length(minor), average: length(average_minor), is_in: minor > 0 }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.is_in { "bar-in" } else { "bar-out" };
        write!(
            f,
            r#"<svg class="chart hbar" viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-rest" x="0" y="2" width="{}" height="10"/><rect class="{class}" x="0" y="4" width="{}" height="6"/></svg>"#,
            self.average, self.value
        )
    }
}

impl askama::filters::HtmlSafe for Bar {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_round_amounts_and_hold_everything() {
        let scale = Scale::of([17_120_000, 18_944_107].into_iter(), false, 0, 1000);
        assert_eq!((scale.low, scale.high, scale.step), (17_000_000, 19_000_000, 500_000));
        let lines: Vec<String> = scale.lines().map(|line| short(line, 2)).collect();
        assert_eq!(lines, ["170k", "175k", "180k", "185k", "190k"]);
        // Far from zero it is not in sight, also below it; near it, or on both sides, it is.
        assert_eq!(scale.ground(), Tenths(1000));
        assert_eq!(Scale::of([-18_944_107, -17_120_000].into_iter(), false, 0, 1000).ground(), Tenths(1000));
        let around = Scale::of([-120_000, 90_000].into_iter(), false, 0, 1000);
        assert!(around.low <= -120_000 && around.high >= 90_000 && around.lines().any(|line| line == 0));
        assert_eq!(Scale::of([40, 100].into_iter(), false, 0, 1000).low, 0);
    }

    #[test]
    fn every_amount_lies_within_the_picture() {
        for values in [vec![0], vec![5, 5], vec![-3], vec![i64::MIN, i64::MAX], vec![1, 2, 3], Vec::new()] {
            let scale = Scale::of(values.iter().copied(), false, 140, 1500);
            assert!(scale.lines().count() <= 8, "{values:?}");
            for value in values {
                let y = scale.height(value).0;
                assert!((140..=1500).contains(&y), "{value} at {y}");
            }
        }
    }

    #[test]
    fn amounts_beside_lines_are_short() {
        let cents = |minor| short(minor, 2);
        assert_eq!(cents(0), "0");
        assert_eq!(cents(-2_000), "\u{2212}20");
        assert_eq!(cents(150), "1.5");
        assert_eq!(cents(17_000_000), "170k");
        assert_eq!(cents(125_000_000), "1.25M");
        assert_eq!(short(500_000, 0), "500k");
    }

    #[test]
    fn a_chart_says_what_it_shows_and_has_no_style_of_its_own() {
        let points = vec![("Oct".to_owned(), 100), ("Nov".to_owned(), 200)];
        let svg = AreaChart { label: "From <1> to 2".to_owned(), points, digits: 2 }.to_string();
        assert!(svg.contains(r#"role="img" aria-label="From &lt;1&gt; to 2""#), "{svg}");
        assert!(!svg.contains("style=") && !svg.contains("fill="), "{svg}");
        let pairs = vec![("Nov".to_owned(), 300, 200)];
        for room in [Room::Card, Room::Sheet] {
            let (label, pairs) = (String::new(), pairs.clone());
            let svg = PairedBars { label, pairs, current: None, digits: 2, room }.to_string();
            assert!(!svg.contains("strong"), "{svg}");
            assert_eq!(svg.matches("<rect").count(), 2);
            assert_eq!(svg.contains("chart-sheet"), room == Room::Sheet);
        }
        let pairs = ["Oct", "Nov", "Dec"].map(|month| (month.to_owned(), 300, 200)).to_vec();
        let svg = PairedBars { label: String::new(), pairs, current: Some(1), digits: 2, room: Room::Card }.to_string();
        assert!(svg.contains(r#"class="strong alt">Nov<"#), "{svg}");
        assert_eq!(Sparkline::of(&[1]).to_string().matches('M').count(), 1);
        let (full, most) = (Bar::of(-500, -250, 500), 196);
        assert_eq!((full.value, full.average, full.is_in), (most, most / 2, false));
    }
}
