//! Variables: watched when read, and their values.

use gradcore::prelude::*;

#[test]
fn variables_are_watched_when_read_and_each_read_keeps_its_value() -> Result<(), Error> {
    let mut v: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let first = tf::square(&v);
    v.assign_add(1.0)?;
    let second = tf::square(&v);
    assert_eq!(tape.gradient(first + second, &v)?.item(), 14.0);
    Ok(())
}

#[test]
fn the_value_of_a_variable_outlives_assignments() -> Result<(), Error> {
    let mut w: Variable = Variable::new([3.0]);
    let anchor = w.clone();
    w.assign([5.0])?;
    let tape = GradientTape::persistent();
    let distance = &w - &anchor;
    assert_eq!(tape.gradient(&distance * &distance, &w)?.to_vec(), [4.0]);
    assert_eq!(tape.gradient(w.value() * 2, &w)?.to_vec(), [2.0]);
    Ok(())
}
