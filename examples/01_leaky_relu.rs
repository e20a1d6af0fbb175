use gradcore::prelude::*;

#[custom_gradient]
fn leaky_relu(x: &Tensor) -> Tensor {
    let y = tf::where_(x > 0.0, x, x * 0.2);
    let grad = |dy| tf::where_(x > 0.0, dy, dy * 0.2);
    (y, grad)
}

fn main() -> Result<(), Error> {
    let x = tf::constant([-1.0, 0.0, 1.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = leaky_relu(&x);
    let dy_dx = tape.gradient(&y, &x)?;
    println!("{dy_dx}");
    Ok(())
}
