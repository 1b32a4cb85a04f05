//! The two things HiGHS does and the `highs` crate has no safe call for: a basis to start from, and columns added to a model
//! whose rows were made elsewhere. Worth 2 to 4 times the time of a priced linear program (solver.md §3.2).
//!
//! The only file of the crate with `unsafe`: both functions check every length and every index before they call, and the
//! pointers they pass live until the call returns. Tested against the safe way, which is to solve the whole model anew.

#![allow(unsafe_code, reason = "two calls of the HiGHS C interface, each with its lengths checked just before")]

use highs::Model;
use highs_sys::{
    Highs_addCols, Highs_setBasis, HighsInt, STATUS_OK, kHighsBasisStatusBasic, kHighsBasisStatusLower,
    kHighsBasisStatusUpper,
};

/// Where a column or a row stands in a basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// In the basis.
    Basic,
    /// At its lower bound.
    Lower,
    /// At its upper bound.
    Upper,
}

impl Stand {
    fn code(self) -> HighsInt {
        match self {
            Self::Basic => kHighsBasisStatusBasic,
            Self::Lower => kHighsBasisStatusLower,
            Self::Upper => kHighsBasisStatusUpper,
        }
    }
}

/// A column to be added.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewColumn {
    /// Objective coefficient; the column is 0 or more.
    pub(crate) cost: f64,
    /// Row and coefficient, each row once.
    pub(crate) terms: Vec<(usize, f64)>,
}

/// HiGHS refused, or the lengths do not fit the model: nothing was changed that may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// Starts the next solve from this basis, which must have as many basic members as there are rows.
pub(crate) fn start_from(model: &mut Model, columns: &[Stand], rows: &[Stand]) -> Result<(), Refused> {
    let basic = columns.iter().chain(rows).filter(|stand| **stand == Stand::Basic).count();
    if columns.len() != model.num_cols() || rows.len() != model.num_rows() || basic != rows.len() {
        return Err(Refused);
    }
    let codes = |stands: &[Stand]| -> Vec<HighsInt> { stands.iter().map(|stand| stand.code()).collect() };
    let (columns, rows) = (codes(columns), codes(rows));
    // SAFETY: `model` owns a live HiGHS, and both arrays have the lengths it expects, checked above; it copies them.
    let status = unsafe { Highs_setBasis(model.as_mut_ptr(), columns.as_ptr(), rows.as_ptr()) };
    if status == STATUS_OK { Ok(()) } else { Err(Refused) }
}

/// Adds columns at the end; the basis stays, with the new ones at 0.
pub(crate) fn add(model: &mut Model, columns: &[NewColumn]) -> Result<(), Refused> {
    let rows = model.num_rows();
    let terms: usize = columns.iter().map(|column| column.terms.len()).sum();
    let count = HighsInt::try_from(columns.len()).map_err(|_| Refused)?;
    let total = HighsInt::try_from(terms).map_err(|_| Refused)?;
    let (mut starts, mut index, mut value) =
        (Vec::with_capacity(columns.len()), Vec::with_capacity(terms), Vec::with_capacity(terms));
    for column in columns {
        starts.push(HighsInt::try_from(index.len()).map_err(|_| Refused)?);
        for &(row, factor) in &column.terms {
            if row >= rows {
                return Err(Refused);
            }
            index.push(HighsInt::try_from(row).map_err(|_| Refused)?);
            value.push(factor);
        }
    }
    let costs: Vec<f64> = columns.iter().map(|column| column.cost).collect();
    let lower = vec![0.0; columns.len()];
    let upper = vec![f64::INFINITY; columns.len()];
    // SAFETY: `model` owns a live HiGHS; the first three arrays and `starts` have `count` entries, `index` and `value`
    // `total`, and every index is a row of the model, checked above. HiGHS copies them all.
    let status = unsafe {
        Highs_addCols(
            model.as_mut_ptr(),
            count,
            costs.as_ptr(),
            lower.as_ptr(),
            upper.as_ptr(),
            total,
            starts.as_ptr(),
            index.as_ptr(),
            value.as_ptr(),
        )
    };
    if status == STATUS_OK { Ok(()) } else { Err(Refused) }
}

/// Seconds this model's HiGHS has been running, all solves together.
pub(crate) fn run_time(model: &Model) -> f64 {
    // SAFETY: `model` owns a live HiGHS; the call only reads its clock.
    unsafe { highs_sys::Highs_getRunTime(model.as_ptr()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use good_lp::{Expression, ProblemVariables, SolverModel as _, highs, variable};

    /// Two places, three who want them; a column each.
    fn columns() -> Vec<NewColumn> {
        [(0, 3, -7.0), (0, 4, -5.0), (1, 3, -6.0), (2, 3, -4.0), (2, 4, -3.0), (1, 4, -1.0)]
            .map(|(who, place, cost)| NewColumn { cost, terms: vec![(who, 1.0), (place, 1.0)] })
            .to_vec()
    }

    fn built(columns: &[NewColumn]) -> Model {
        let mut variables = ProblemVariables::new();
        let mut objective = Expression::with_capacity(columns.len());
        let mut rows: Vec<Expression> = (0..5).map(|_| Expression::with_capacity(4)).collect();
        for column in columns {
            let placed = variables.add(variable().min(0.0));
            objective.add_mul(column.cost, placed);
            for &(row, factor) in &column.terms {
                rows[row].add_mul(factor, placed);
            }
        }
        let mut problem = variables.minimise(objective).using(highs);
        for row in rows {
            problem.add_constraint(row.leq(1.0));
        }
        let mut model = problem.try_into_inner().unwrap();
        model.set_option("presolve", "off");
        model.set_option("simplex_strategy", 4);
        model.set_threads(std::num::NonZeroU32::MIN);
        model
    }

    fn close(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-9
    }

    #[test]
    fn a_model_grown_by_columns_is_the_model_built_at_once() {
        let columns = columns();
        let whole = built(&columns).solve();
        for first in 0..columns.len() {
            let mut grown = Model::from(built(&columns[..first]).solve());
            assert_eq!(add(&mut grown, &columns[first..]), Ok(()));
            let solved = grown.solve();
            assert!(close(solved.objective_value(), whole.objective_value()), "{first}");
            assert_eq!(solved.get_solution().columns().len(), columns.len());
        }
        assert!(close(whole.objective_value(), -11.0));
    }

    #[test]
    fn a_start_changes_where_the_search_begins_and_not_where_it_ends() {
        let columns = columns();
        let mut model = built(&columns);
        // The optimum with its prices: 2 and 1 for those placed, 5 and 3 for the places.
        let stand = |basic: bool, other| if basic { Stand::Basic } else { other };
        let stands: Vec<Stand> = (0..6).map(|column| stand([0, 1, 2, 4].contains(&column), Stand::Lower)).collect();
        let rows: Vec<Stand> = (0..5).map(|row| stand(row == 2, Stand::Upper)).collect();
        assert_eq!(start_from(&mut model, &stands, &rows), Ok(()));
        let solved = model.solve();
        assert!(close(solved.objective_value(), -11.0));
        // It began at the end.
        assert_eq!(solved.simplex_iteration_count(), 0);
    }

    #[test]
    fn what_does_not_fit_the_model_never_reaches_highs() {
        let mut model = built(&columns());
        assert_eq!(start_from(&mut model, &[Stand::Lower; 6], &[Stand::Basic; 4]), Err(Refused));
        assert_eq!(start_from(&mut model, &[Stand::Lower; 5], &[Stand::Basic; 5]), Err(Refused));
        assert_eq!(start_from(&mut model, &[Stand::Basic; 6], &[Stand::Basic; 5]), Err(Refused));
        let stray = NewColumn { cost: -1.0, terms: vec![(5, 1.0)] };
        assert_eq!(add(&mut model, &[stray]), Err(Refused));
        assert_eq!(model.num_cols(), 6);
        assert!(close(model.solve().objective_value(), -11.0));
    }
}
