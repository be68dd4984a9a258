//! The statistics of a backtest, exact where exactness is possible: the Clopper–Pearson interval, average precision
//! and quantiles.

/// The exact (Clopper–Pearson) 95 % interval of a share, from `hits` among `trials`; `None` without trials.
///
/// The ends are the shares under which so many hits or more, respectively so many or fewer, have a probability of
/// 2.5 %. It never covers less often than it says, also when there are no hits at all.
pub(crate) fn exact_interval(hits: u64, trials: u64) -> Option<[f64; 2]> {
    const TAIL: f64 = 0.025;
    if trials == 0 || hits > trials {
        return None;
    }
    let (hit, missed) = (hits as f64, (trials - hits) as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(TAIL, hit, missed + 1.0) };
    let high = if hits == trials { 1.0 } else { beta_quantile(1.0 - TAIL, hit + 1.0, missed) };
    Some([low, high])
}

/// The average precision of scores against the truth: the sum over thresholds, highest first, of the gain in recall
/// times the precision there. Equal scores pass a threshold together, so their order cannot matter. `None` when
/// either side is empty.
pub(crate) fn average_precision(scores: &[(f64, bool)]) -> Option<f64> {
    let positives = scores.iter().filter(|(_, positive)| *positive).count();
    if positives == 0 || positives == scores.len() {
        return None;
    }
    let mut ranked = scores.to_vec();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let (mut passed, mut found, mut area) = (0, 0, 0.0);
    for equal in ranked.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()) {
        let gained = equal.iter().filter(|(_, positive)| *positive).count();
        passed += equal.len();
        found += gained;
        area += (gained as f64 / positives as f64) * (found as f64 / passed as f64);
    }
    Some(area)
}

/// The quantile `q` (0 to 1) of values in ascending order, linear between neighbours; `None` without values.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q * last as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// The value below which a Beta(a, b) variable falls with probability `q`, by bisection.
fn beta_quantile(q: f64, a: f64, b: f64) -> f64 {
    // More halvings than a double has binary places near 0.
    const HALVINGS: usize = 100;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(middle, a, b) < q {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function: the probability that a Beta(a, b) variable is at most `x`.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only below the mean; above it the mirror image is asked for.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta_below_mean(1.0 - x, b, a);
    }
    incomplete_beta_below_mean(x, a, b)
}

/// The incomplete beta function through its continued fraction 1 / (1 + d₁ / (1 + d₂ / …)), by Lentz's method.
fn incomplete_beta_below_mean(x: f64, a: f64, b: f64) -> f64 {
    // Convergence takes about √max(a, b) terms: this is enough for 10⁹ accounts.
    const TERMS: u32 = 100_000;
    let (mut value, mut up, mut down) = (1.0, 1.0, 0.0);
    for term in 1..=TERMS {
        let d = fraction_term(term, x, a, b);
        down = 1.0 / away_from_zero(1.0 + d * down);
        up = away_from_zero(1.0 + d / up);
        let step = up * down;
        value *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    let scale = a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    scale.exp() / (a * value)
}

/// The coefficient d of the continued fraction.
fn fraction_term(term: u32, x: f64, a: f64, b: f64) -> f64 {
    let m = f64::from(term / 2);
    if term.is_multiple_of(2) {
        m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
    } else {
        -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
    }
}

/// A divisor that is not zero: Lentz's method steps over a zero by taking a tiny number instead.
fn away_from_zero(value: f64) -> f64 {
    if value.abs() < 1e-300 { 1e-300 } else { value }
}

/// The logarithm of the gamma function for x > 0: Stirling's series, after moving small x up to where it holds.
fn ln_gamma(x: f64) -> f64 {
    const SERIES_FROM: f64 = 15.0;
    let (mut x, mut moved) = (x, 1.0);
    while x < SERIES_FROM {
        moved *= x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - moved.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1e-3), "{found} is not {wanted}");
    }

    // The wanted values of the next three tests were computed with 30 digits.
    #[test]
    fn gamma_agrees_with_its_true_values() {
        for (x, wanted) in [
            (1.0, 0.0),
            (2.0, 0.0),
            (3.5, 1.200_973_602_347_074),
            (10.0, 12.801_827_480_081_47),
            (171.0, 706.573_062_245_787_3),
            (35_624.0, 337_738.801_703_031_8),
        ] {
            close(ln_gamma(x), wanted, 1e-10);
        }
    }

    #[test]
    fn incomplete_beta_agrees_with_its_true_values() {
        for (x, a, b, wanted) in [
            (0.25, 2.0, 3.0, 0.261_718_75),
            (0.3, 1.0, 1.0, 0.3),
            (0.2, 0.5, 0.5, 0.295_167_235_300_867),
            (0.97, 50.0, 2.0, 0.545_163_438_368_519),
            (0.034, 1_200.0, 34_000.0, 0.466_151_887_215_313),
        ] {
            close(incomplete_beta(x, a, b), wanted, 1e-9);
        }
    }

    #[test]
    fn intervals_agree_with_their_true_values() {
        for (hits, trials, low, high) in [
            (0, 10, 0.0, 0.308_497_107_818_76),
            (1, 10, 0.002_528_578_544_461_8, 0.445_016_117_028_2),
            (5, 10, 0.187_086_028_447_4, 0.812_913_971_552_6),
            (10, 10, 0.691_502_892_181_24, 1.0),
            (0, 9_828, 0.0, 0.000_375_273_427_105_84),
            (3, 214, 0.002_900_374_362_339_1, 0.040_419_748_390_065),
            (20, 19_675, 0.000_621_022_941_375_16, 0.001_569_495_829_365_9),
            (781, 967, 0.781_371_193_627_17, 0.832_044_786_956_89),
        ] {
            let [found_low, found_high] = exact_interval(hits, trials).unwrap();
            close(found_low, low, 1e-9);
            close(found_high, high, 1e-9);
        }
        assert_eq!(exact_interval(0, 0), None);
    }

    #[test]
    fn an_interval_holds_for_very_many_accounts() {
        // For rare hits the ends are those of the Poisson interval: 3 hits lie between 0.6187 and 8.7673.
        let [low, high] = exact_interval(3, 1_000_000_000).unwrap();
        close(low * 1e9, 0.618_672_1, 1e-5);
        close(high * 1e9, 8.767_273_1, 1e-5);
    }

    #[test]
    fn average_precision_by_hand() {
        // Thresholds 3, 2, 1, 0: precision 1, 2/3, 1/2, 3/7; recall gains 1/3, 1/3, 0, 1/3.
        let scores = [(0.0, false), (2.0, true), (0.0, true), (3.0, true), (1.0, false), (2.0, false), (0.0, false)];
        close(average_precision(&scores).unwrap(), 44.0 / 63.0, 1e-12);
        // All equal: the share of positives, in whatever order they come.
        close(average_precision(&[(0.0, true), (0.0, false), (0.0, false), (0.0, false)]).unwrap(), 0.25, 1e-12);
        close(average_precision(&[(0.0, false), (0.0, false), (0.0, false), (0.0, true)]).unwrap(), 0.25, 1e-12);
        // Perfectly apart, and perfectly the wrong way round (1/2 · 1/3 + 1/2 · 2/4).
        close(average_precision(&[(2.0, true), (1.0, true), (0.0, false)]).unwrap(), 1.0, 1e-12);
        let wrong = [(0.0, true), (1.0, true), (2.0, false), (3.0, false)];
        close(average_precision(&wrong).unwrap(), 5.0 / 12.0, 1e-12);
        assert_eq!(average_precision(&[(1.0, true)]), None);
        assert_eq!(average_precision(&[(1.0, false)]), None);
    }

    #[test]
    fn quantiles_by_hand() {
        let values = [10.0, 20.0, 30.0, 40.0];
        close(quantile(&values, 0.5).unwrap(), 25.0, 1e-12);
        close(quantile(&values, 0.9).unwrap(), 37.0, 1e-12);
        close(quantile(&values, 1.0).unwrap(), 40.0, 1e-12);
        close(quantile(&[7.0], 0.9).unwrap(), 7.0, 1e-12);
        assert_eq!(quantile(&[], 0.5), None);
    }
}
