//! How far two series of times lie apart, and how sure that is.
//!
//! Both series are drawn evenly over the same run, so the first tenth of one was taken while the first tenth of the other was. The run
//! is cut into such stretches; in each the centres of both are compared, and the estimate is the mean of those differences. What makes
//! the machine slower for a while is in both sides of a stretch and cancels. The 95 % interval is that of a bootstrap over the stretches
//! (Efron's percentiles), which takes neither a distribution nor independent neighbours for granted: a stretch stays whole.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// The most stretches of a run.
const STRETCHES: usize = 200;

/// The fewest samples of a stretch.
const LEAST: usize = 25;

/// How often the stretches are drawn anew.
const DRAWS: usize = 10_000;

/// How far one series lies above another, with its 95 % interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    pub(super) estimate: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Difference {
    /// How far `one` lies above `other` by the `centre` of each. Both need as many samples, in the order they were taken.
    pub(super) fn between(
        one: &[f64],
        other: &[f64],
        centre: fn(Vec<f64>) -> f64,
        rng: &mut StdRng,
    ) -> Self {
        let stretches = (one.len().min(other.len()) / LEAST).clamp(1, STRETCHES);
        let differences: Vec<f64> = (0..stretches)
            .map(|number| {
                let of = |series| centre(stretch(series, number, stretches).to_vec());
                of(one) - of(other)
            })
            .collect();
        let mut drawn: Vec<f64> = (0..DRAWS)
            .map(|_| mean_of_draw(&differences, rng))
            .collect();
        drawn.sort_by(f64::total_cmp);
        Self {
            estimate: mean(&differences),
            low: drawn[DRAWS / 40],
            high: drawn[DRAWS - 1 - DRAWS / 40],
        }
    }

    /// The end of the interval that lies farthest from no difference.
    pub(super) fn farthest(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
}

/// The mean without the tenth that is least and the tenth that is most: unlike the median it sees a difference that only some samples
/// have, and unlike the mean not what a disk does now and then.
pub(super) fn trimmed_mean(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let tenth = values.len() / 10;
    mean(&values[tenth..values.len() - tenth])
}

fn stretch(series: &[f64], number: usize, stretches: usize) -> &[f64] {
    let end = |number| number * series.len() / stretches;
    &series[end(number)..end(number + 1)]
}

fn mean_of_draw(differences: &[f64], rng: &mut StdRng) -> f64 {
    let drawn: Vec<f64> = (0..differences.len())
        .map(|_| differences[rng.random_range(0..differences.len())])
        .collect();
    mean(&drawn)
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::measure::median;

    /// Times with a long tail, which rise and fall over the run, `more` later than others.
    fn times(count: usize, more: f64, seed: u64) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..count)
            .map(|number| {
                let chance: f64 = rng.random_range(0.001..1.0);
                let drift = 200.0 * (number as f64 / count as f64 * 6.0).sin();
                500.0 + drift - 100.0 * chance.ln() + more
            })
            .collect()
    }

    fn both(one: &[f64], other: &[f64]) -> [Difference; 2] {
        let mut rng = StdRng::seed_from_u64(1);
        [median, trimmed_mean].map(|centre| Difference::between(one, other, centre, &mut rng))
    }

    #[test]
    fn a_difference_is_found_whatever_the_machine_does_meanwhile() {
        for found in both(&times(20_000, 15.0, 1), &times(20_000, 0.0, 2)) {
            assert!(found.low <= 15.0 && 15.0 <= found.high, "{found:?}");
            assert!(found.high - found.low < 12.0, "{found:?}");
            assert!(found.low <= found.estimate && found.estimate <= found.high);
            assert!(found.farthest() >= 15.0);
        }
    }

    #[test]
    fn where_there_is_none_none_is_found() {
        for found in both(&times(20_000, 0.0, 1), &times(20_000, 0.0, 2)) {
            assert!(found.low <= 0.0 && 0.0 <= found.high, "{found:?}");
            assert!(found.farthest() < 10.0, "{found:?}");
        }
    }

    #[test]
    fn a_difference_that_a_third_of_the_samples_has_is_not_overlooked() {
        let mut one = times(20_000, 0.0, 1);
        one.iter_mut().step_by(3).for_each(|time| *time += 150.0);
        let [_, means] = both(&one, &times(20_000, 0.0, 2));
        assert!(means.low > 20.0, "{means:?}");
    }

    #[test]
    fn more_samples_make_it_surer() {
        let width = |count| {
            let [found, _] = both(&times(count, 0.0, 1), &times(count, 0.0, 2));
            found.high - found.low
        };
        assert!(width(20_000) < width(500));
    }

    #[test]
    fn the_ends_do_not_move_the_trimmed_mean() {
        let mut values = vec![5.0; 18];
        values.extend([-1e9, 1e9]);
        assert!((trimmed_mean(values) - 5.0).abs() < 1e-9);
    }
}
