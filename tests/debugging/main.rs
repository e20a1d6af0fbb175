//! What a tape says when something is wrong: the first NaN, what is kept alive, the graph.

mod graphs;
mod numerics;
mod saved;
