//! Matrix products.

use crate::custom_gradient;
use crate::element::Real;
use crate::error::{Error, or_refuse, refuse};
use crate::kernels::layout::StretchedPlaces;
use crate::kernels::matmul::{self, Factors, Matrix};
use crate::recording::recorder::probing;
use crate::shape::Shape;
use crate::tensor::{Role, Tensor};

/// a · b of the last two axes, each transposed first if asked for; the axes before them broadcast.
/// Untransposed, d/da = dy · bᵀ and d/db = aᵀ · dy.
#[custom_gradient(broadcast, linear)]
#[track_caller]
pub(crate) fn matmul<T: Real>(a: &Tensor<T>, b: &Tensor<T>, transpose_a: bool, transpose_b: bool) -> Tensor<T> {
    let grad = |dy| {
        let of_a = if transpose_a { matmul(b, dy, transpose_b, true) } else { matmul(dy, b, false, !transpose_b) };
        let of_b = if transpose_b { matmul(dy, a, true, transpose_a) } else { matmul(a, dy, !transpose_a, false) };
        (of_a, of_b)
    };
    (product(a, b, transpose_a, transpose_b), grad)
}

/// Sizes of the last two axes, as the product sees them, and the axes before.
struct Operand<'a> {
    batch: &'a [usize],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Operand<'a> {
    #[track_caller]
    fn new(name: &str, shape: &'a [usize], transposed: bool) -> Self {
        match *shape {
            [ref batch @ .., rows, columns] if !transposed => Operand { batch, rows, columns, transposed },
            [ref batch @ .., columns, rows] => Operand { batch, rows, columns, transposed },
            _ => refuse(&Error::Argument {
                operation: "matmul",
                expected: format!("`{name}` to have at least 2 axes"),
                found: format!("shape {shape:?}"),
            }),
        }
    }

    fn matrix<'v, T>(&self, values: &'v [T], number: usize) -> Matrix<'v, T> {
        let size = self.rows * self.columns;
        Matrix {
            values: &values[number * size..][..size],
            rows: self.rows,
            columns: self.columns,
            transposed: self.transposed,
        }
    }

    /// For each matrix of the result, the number of the operand's matrix that takes part.
    fn numbers(&self, batch: &[usize]) -> StretchedPlaces {
        StretchedPlaces::new(self.batch, batch)
    }
}

#[track_caller]
fn product<T: Real>(a: &Tensor<T>, b: &Tensor<T>, transpose_a: bool, transpose_b: bool) -> Tensor<T> {
    let (left, right) = (Operand::new("a", a.shape(), transpose_a), Operand::new("b", b.shape(), transpose_b));
    if left.columns != right.rows {
        let transposed = |yes: bool| if yes { ", transposed," } else { "" };
        refuse(&Error::Argument {
            operation: "matmul",
            expected: format!("as many columns of `a` as rows of `b`, {} = {}", left.columns, right.rows),
            found: format!(
                "`a` of shape {:?}{} and `b` of shape {:?}{}",
                a.shape(),
                transposed(transpose_a),
                b.shape(),
                transposed(transpose_b)
            ),
        });
    }
    let batch = or_refuse(Shape::broadcast("matmul", left.batch, right.batch));
    let shape = Shape::of("matmul", batch.iter().copied().chain([left.rows, right.columns]));
    if probing::is_unread("matmul") {
        return Tensor::overwritten("matmul", shape, |_| {});
    }
    let choices = [a.role().has_choices(), b.role().has_choices()];
    let mut keeps_some = false;
    let product = Tensor::overwritten("matmul", shape, |out| {
        if !out.is_empty() {
            let (lefts, rights) = (left.numbers(&batch), right.numbers(&batch));
            let factors =
                |k: usize| Factors(left.matrix(a.values(), lefts.of(k)), right.matrix(b.values(), rights.of(k)));
            matmul::products(batch.size(), factors, out);
            keeps_some = choices.contains(&true) && matmul::keep_no_choice(batch.size(), factors, choices, out);
        }
    });
    let role = a.role().of_product(b.role());
    product.with_role(if keeps_some { role } else { role.min(Role::Gradient) })
}
