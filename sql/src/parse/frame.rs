//! [`Frame`]: what of an expression waits for the operand after it, and how tight operators bind.

use crate::ast::{BinaryOp, Expr, MatchOp, Name, QualifiedName, Raise, Span, UnaryOp};

/// How tight operators bind, from loose to tight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Or,
    And,
    Not,
    /// `=`, `IS`, `LIKE`, `IN`, `BETWEEN`, `ISNULL` and their kin.
    Equality,
    Comparison,
    /// `&`, `|`, `<<`, `>>`
    Bits,
    Sum,
    Product,
    /// `||`, `->`, `->>`
    Concat,
    Collate,
    /// `-`, `+`, `~` before an operand.
    Sign,
}

/// An expression on its way into the tree.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) expr: Expr,
    /// Where it stands, with the parentheses around it.
    pub(super) outer: Span,
    /// Its height in SQLite's count: 1 for a leaf. A chain of `AND` counts as if it were nested.
    pub(super) height: u32,
}

/// Something that waits for the operand after it.
#[derive(Debug)]
pub(super) enum Frame {
    // Operators.
    Prefix {
        op: UnaryOp,
        start: u32,
    },
    Binary {
        op: BinaryOp,
        left: Operand,
    },
    And(Chain),
    Or(Chain),
    Match {
        op: MatchOp,
        at: Span,
        negated: bool,
        operand: Operand,
    },
    MatchEscape {
        op: MatchOp,
        at: Span,
        negated: bool,
        operand: Operand,
        pattern: Operand,
    },
    BetweenHigh {
        negated: bool,
        operand: Operand,
        low: Operand,
    },

    // Brackets. Each says what may come after the operand in it.
    /// `operand BETWEEN`: the next `AND` is its own.
    BetweenLow {
        negated: bool,
        operand: Operand,
    },
    /// `(`: a value or a row.
    Paren {
        start: u32,
        list: List,
    },
    /// `operand IN (`
    In {
        negated: bool,
        operand: Operand,
        list: List,
    },
    /// `operand IN function(`
    InFunction {
        negated: bool,
        operand: Operand,
        name: QualifiedName,
        list: List,
    },
    /// `function(`
    Call {
        name: Name,
        distinct: bool,
        list: List,
    },
    /// `CAST(`
    Cast {
        start: u32,
    },
    /// `CASE`, in one of its parts.
    Case {
        case: Box<OpenCase>,
        part: CasePart,
    },
    /// `RAISE(action,`
    Raise {
        start: u32,
        action: fn(Expr) -> Raise,
    },
}

/// The members of a list that were met so far.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<Expr>,
    pub(super) height: u32,
}

impl List {
    pub(super) fn push(&mut self, item: Operand) {
        self.height = self.height.max(item.height);
        self.items.push(item.expr);
    }
}

/// The members of a chain of `AND` or `OR` that were met so far, at least one.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) start: u32,
    pub(super) items: Vec<Expr>,
    pub(super) height: u32,
}

impl Chain {
    pub(super) fn new(first: Operand) -> Chain {
        // Another one is on its way.
        let mut items = Vec::with_capacity(2);
        items.push(first.expr);
        Chain { start: first.outer.start, items, height: first.height }
    }
}

/// A `CASE` that was not ended yet.
#[derive(Debug)]
pub(super) struct OpenCase {
    pub(super) start: u32,
    pub(super) operand: Option<Expr>,
    pub(super) branches: Vec<(Expr, Expr)>,
    /// The condition whose `THEN` comes next.
    pub(super) condition: Option<Expr>,
    pub(super) height: u32,
}

/// The part of a `CASE` that an operand is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum CasePart {
    Operand,
    When,
    Then,
    Else,
}

impl Frame {
    /// How tight an operator binds; `None` for brackets.
    pub(super) fn level(&self) -> Option<Level> {
        Some(match self {
            Frame::Prefix { op: UnaryOp::Not, .. } => Level::Not,
            Frame::Prefix { .. } => Level::Sign,
            Frame::Binary { op, .. } => binary_level(*op),
            Frame::And(_) => Level::And,
            Frame::Or(_) => Level::Or,
            Frame::Match { .. } | Frame::MatchEscape { .. } | Frame::BetweenHigh { .. } => Level::Equality,
            _ => return None,
        })
    }
}

/// How tight an operator of two operands binds.
pub(super) fn binary_level(op: BinaryOp) -> Level {
    use BinaryOp as Op;
    match op {
        Op::Add | Op::Subtract => Level::Sum,
        Op::Multiply | Op::Divide | Op::Remainder => Level::Product,
        Op::Concat | Op::JsonArrow | Op::JsonArrowText => Level::Concat,
        Op::BitAnd | Op::BitOr | Op::ShiftLeft | Op::ShiftRight => Level::Bits,
        Op::Eq | Op::Ne | Op::Is | Op::IsNot => Level::Equality,
        Op::Lt | Op::Le | Op::Gt | Op::Ge => Level::Comparison,
    }
}
