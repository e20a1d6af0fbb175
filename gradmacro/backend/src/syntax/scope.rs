//! Walks a body and knows, at every expression, which locals are visible there.

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprWhile, FnArg, Item, LocalInit, Macro, Pat,
    Signature, Stmt,
};

use crate::syntax::patterns;

/// The locals visible at a point, innermost last.
#[derive(Clone, Default)]
pub(crate) struct Scopes(Vec<Local>);

#[derive(Clone)]
struct Local {
    name: Ident,
    /// Whether it is bound to a rule.
    is_rule: bool,
    /// Whether it is a parameter of the function.
    is_parameter: bool,
}

impl Local {
    fn new(name: &Ident) -> Self {
        Local { name: name.clone(), is_rule: false, is_parameter: false }
    }
}

impl Scopes {
    /// Makes the names of a pattern visible.
    pub(crate) fn bind(&mut self, pattern: &Pat) {
        self.0.extend(patterns::names(pattern).iter().map(Local::new));
    }

    /// Makes the parameters of a function visible.
    pub(crate) fn bind_parameters(&mut self, signature: &Signature) {
        let known = self.0.len();
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input {
                self.bind(&input.pat);
            }
        }
        self.0[known..].iter_mut().for_each(|local| local.is_parameter = true);
    }

    /// Whether a name means a parameter.
    pub(crate) fn is_parameter(&self, name: &Ident) -> bool {
        self.0.iter().rev().find(|local| local.name == *name).is_some_and(|local| local.is_parameter)
    }

    /// Makes a name visible.
    pub(crate) fn bind_name(&mut self, name: &Ident) {
        self.0.push(Local::new(name));
    }

    /// Makes the names of a refutable pattern visible. There, `None` and `LIMIT` are constants, not bindings.
    fn bind_refutable(&mut self, pattern: &Pat) {
        let known = self.0.len();
        self.bind(pattern);
        let is_binding = |local: &Local| !local.name.to_string().starts_with(char::is_uppercase);
        let mut place = 0;
        self.0.retain(|local| {
            place += 1;
            place <= known || is_binding(local)
        });
    }

    pub(crate) fn contains(&self, name: &Ident) -> bool {
        self.0.iter().any(|local| local.name == *name)
    }

    /// Makes the names of a pattern visible that is bound to a rule.
    fn bind_rule(&mut self, pattern: &Pat) {
        let known = self.0.len();
        self.bind(pattern);
        self.0[known..].iter_mut().for_each(|local| local.is_rule = true);
    }

    /// Whether a name means a rule.
    pub(crate) fn is_rule(&self, name: &Ident) -> bool {
        self.0.iter().rev().find(|local| local.name == *name).is_some_and(|local| local.is_rule)
    }
}

/// What is done on the way.
pub(crate) trait Handler {
    /// Called before an expression is entered; `true` if it shall not be.
    fn expression(&mut self, _: &mut Expr, _: &Scopes) -> bool {
        false
    }
    /// Called before a statement is entered; `true` if it binds a rule, and shall not be.
    fn statement(&mut self, _: &mut Stmt, _: &Scopes) -> bool {
        false
    }
    /// Called for the tokens of a macro, which cannot be entered.
    fn macro_tokens(&mut self, _: &mut Macro, _: &Scopes) {}
}

/// Visits everything but nested items, which see no locals.
pub(crate) struct Walker<'h, H> {
    pub(crate) handler: &'h mut H,
    pub(crate) scopes: Scopes,
}

impl<H: Handler> Walker<'_, H> {
    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        let visible = self.scopes.0.len();
        walk(self);
        self.scopes.0.truncate(visible);
    }

    /// Statements one after the other, each seeing what those before it have bound. What they bind stays visible.
    pub(crate) fn statements(&mut self, statements: &mut [Stmt]) {
        for statement in statements {
            let binds_rule = self.handler.statement(statement, &self.scopes);
            if !binds_rule {
                self.visit_stmt_mut(statement);
            }
            if let Stmt::Local(local) = statement {
                match &local.init {
                    _ if binds_rule => self.scopes.bind_rule(&local.pat),
                    Some(LocalInit { diverge: Some(_), .. }) => self.scopes.bind_refutable(&local.pat),
                    _ => self.scopes.bind(&local.pat),
                }
            }
        }
    }
}

impl<H: Handler> VisitMut for Walker<'_, H> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.scoped(|walker| walker.statements(&mut block.stmts));
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if !self.handler.expression(expression, &self.scopes) {
            visit_mut::visit_expr_mut(self, expression);
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.scoped(|walker| {
            closure.inputs.iter().for_each(|input| walker.scopes.bind(input));
            walker.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|walker| {
            walker.scopes.bind_refutable(&arm.pat);
            visit_mut::visit_arm_mut(walker, arm);
        });
    }

    fn visit_expr_for_loop_mut(&mut self, expression: &mut ExprForLoop) {
        self.visit_expr_mut(&mut expression.expr);
        self.scoped(|walker| {
            walker.scopes.bind(&expression.pat);
            walker.visit_block_mut(&mut expression.body);
        });
    }

    fn visit_expr_if_mut(&mut self, expression: &mut ExprIf) {
        self.scoped(|walker| {
            walker.visit_expr_mut(&mut expression.cond);
            walker.visit_block_mut(&mut expression.then_branch);
        });
        if let Some((_, otherwise)) = &mut expression.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expression: &mut ExprWhile) {
        self.scoped(|walker| {
            walker.visit_expr_mut(&mut expression.cond);
            walker.visit_block_mut(&mut expression.body);
        });
    }

    fn visit_expr_let_mut(&mut self, expression: &mut ExprLet) {
        self.visit_expr_mut(&mut expression.expr);
        self.scopes.bind_refutable(&expression.pat);
    }

    fn visit_macro_mut(&mut self, tokens: &mut Macro) {
        self.handler.macro_tokens(tokens, &self.scopes);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
