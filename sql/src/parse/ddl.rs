//! `CREATE`, `ALTER` and `DROP`.

use sqlparser::keywords::Keyword;

use super::cursor::Parser;
use super::token::Kind;
use super::write::Place;
use crate::ast::{
    AlterAction, AlterTable, CheckExpr, ColumnConstraint, ColumnConstraintKind, ColumnDefinition,
    CreateIndex, CreateTable, CreateTrigger, CreateView, CreateVirtualTable, DefaultValue, Deferral, Drop,
    Expr, ExprKind, ForeignAction, ForeignReference, Literal, Name, ObjectKind, QualifiedName, Span,
    Statement, TableBody, TableConstraint, TableConstraintKind, TableDefinition, TriggerEvent, TriggerStep,
    TriggerTime, TypeName, UnaryOp,
};
use crate::error::{Error, Result};

impl Parser<'_> {
    /// `CREATE ..`, which is the next token.
    pub(super) fn create(&mut self) -> Result<Statement> {
        self.expect_word(Keyword::CREATE)?;
        if self.eat_word(Keyword::VIRTUAL) {
            return self.create_virtual_table();
        }
        if matches!(self.kind(), Kind::Word(Keyword::UNIQUE | Keyword::INDEX)) {
            return self.create_index();
        }
        let temporary = self.eat_word(Keyword::TEMP) || self.eat_word(Keyword::TEMPORARY);
        match self.kind() {
            Kind::Word(Keyword::TABLE) => self.create_table(temporary),
            Kind::Word(Keyword::VIEW) => self.create_view(temporary),
            Kind::Word(Keyword::TRIGGER) => self.create_trigger(temporary),
            _ => Err(self.syntax_error()),
        }
    }

    /// `IF NOT EXISTS`, if it follows.
    fn if_not_exists(&mut self) -> Result<bool> {
        if !self.eat_word(Keyword::IF) {
            return Ok(false);
        }
        self.expect_words(&[Keyword::NOT, Keyword::EXISTS])?;
        Ok(true)
    }

    /// The text that the schema keeps of a statement: `head`, then what was written from the name to `end`.
    fn schema_sql(&self, head: &str, name: &QualifiedName, end: u32) -> Box<str> {
        let written = self.text(Span { start: name.name.span.start, end });
        format!("{head} {written}").into()
    }

    // Tables.

    fn create_table(&mut self, temporary: bool) -> Result<Statement> {
        self.expect_word(Keyword::TABLE)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let body = match self.eat_word(Keyword::AS) {
            true => TableBody::Select(self.select()?),
            false => TableBody::Columns(self.table_definition(&name)?),
        };
        Ok(Statement::CreateTable(Box::new(CreateTable { temporary, if_not_exists, name, body })))
    }

    fn table_definition(&mut self, name: &QualifiedName) -> Result<TableDefinition> {
        self.expect(Kind::LeftParen)?;
        let mut columns = vec![self.column_definition()?];
        let mut constraints = Vec::new();
        while self.eat(Kind::Comma) {
            if self.at_table_constraint() {
                constraints = self.table_constraints()?;
                break;
            }
            columns.push(self.column_definition()?);
        }
        self.expect(Kind::RightParen)?;
        let mut table =
            TableDefinition { columns, constraints, strict: false, without_rowid: false, sql: "".into() };
        let mut end = self.last_span().end;
        if !matches!(self.kind(), Kind::Semicolon | Kind::End) {
            // In SQLite's grammar there may be a comma before the first option too.
            self.eat(Kind::Comma);
            self.comma_list(|parser| parser.table_option(&mut table))?;
            // SQLite takes all up to the next token here.
            end = self.token().span.start;
        }
        table.sql = self.schema_sql("CREATE TABLE", name, end);
        Ok(table)
    }

    /// `STRICT` or `WITHOUT ROWID`
    fn table_option(&mut self, table: &mut TableDefinition) -> Result<()> {
        let without = self.eat_word(Keyword::WITHOUT);
        let option = self.name()?;
        match without {
            true if option.is("rowid") => table.without_rowid = true,
            false if option.is("strict") => table.strict = true,
            _ => {
                let option = self.text(option.span);
                self.complain(Error::statement(format!("unknown table option: {option}")));
            }
        }
        Ok(())
    }

    // Columns.

    fn column_definition(&mut self) -> Result<ColumnDefinition> {
        let name = self.name()?;
        let type_name = self.type_name()?.and_then(without_generated_always);
        let constraints = self.column_constraints()?;
        let span = self.span_from(name.span.start);
        Ok(ColumnDefinition { name, type_name, constraints, span })
    }

    /// The name of a type, if one follows: words, and one or two numbers in parentheses.
    pub(super) fn type_name(&mut self) -> Result<Option<TypeName>> {
        let start = self.token().span.start;
        if !self.at_plain_name() {
            return Ok(None);
        }
        while self.at_plain_name() {
            self.take();
        }
        if self.eat(Kind::LeftParen) {
            self.signed_number()?;
            if self.eat(Kind::Comma) {
                self.signed_number()?;
            }
            self.expect(Kind::RightParen)?;
        }
        let span = self.span_from(start);
        Ok(Some(TypeName { text: self.text(span).into() }))
    }

    /// A number without separators, perhaps with a sign; from its sign to its end.
    pub(super) fn signed_number(&mut self) -> Result<Span> {
        let start = self.token().span.start;
        if !self.eat(Kind::Minus) {
            self.eat(Kind::Plus);
        }
        let number = self.token();
        match number.kind {
            Kind::Integer | Kind::Real if !self.text(number.span).contains('_') => {
                self.take();
                Ok(self.span_from(start))
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn column_constraints(&mut self) -> Result<Vec<ColumnConstraint>> {
        let mut constraints = Vec::new();
        let mut name = None;
        loop {
            if self.eat_word(Keyword::CONSTRAINT) {
                name = Some(self.name()?);
                continue;
            }
            let start = self.token().span.start;
            let Some(kind) = self.column_constraint()? else { return Ok(constraints) };
            let span = self.span_from(start);
            constraints.push(ColumnConstraint { name: name.clone(), kind, span });
        }
    }

    /// A constraint after a column, if one follows.
    fn column_constraint(&mut self) -> Result<Option<ColumnConstraintKind>> {
        let Kind::Word(keyword) = self.kind() else { return Ok(None) };
        Ok(Some(match keyword {
            Keyword::PRIMARY => {
                self.expect_words(&[Keyword::PRIMARY, Keyword::KEY])?;
                let direction = self.direction();
                let conflict = self.on_conflict()?;
                let autoincrement = self.eat_word(Keyword::AUTOINCREMENT);
                ColumnConstraintKind::PrimaryKey { direction, conflict, autoincrement }
            }
            Keyword::NOT if self.word_ahead(1, Keyword::DEFERRABLE) => {
                ColumnConstraintKind::Deferrable(self.deferral()?)
            }
            Keyword::DEFERRABLE => ColumnConstraintKind::Deferrable(self.deferral()?),
            Keyword::NOT => {
                self.expect_words(&[Keyword::NOT, Keyword::NULL])?;
                ColumnConstraintKind::NotNull(self.on_conflict()?)
            }
            Keyword::NULL => {
                self.take();
                self.on_conflict()?;
                ColumnConstraintKind::Null
            }
            Keyword::UNIQUE => {
                self.take();
                ColumnConstraintKind::Unique(self.on_conflict()?)
            }
            Keyword::CHECK => ColumnConstraintKind::Check(self.check()?),
            Keyword::DEFAULT => {
                self.take();
                ColumnConstraintKind::Default(self.default_value()?)
            }
            Keyword::COLLATE => {
                self.take();
                ColumnConstraintKind::Collate(self.plain_name()?)
            }
            Keyword::REFERENCES => {
                let mut references = self.foreign_reference()?;
                let not = usize::from(self.at_word(Keyword::NOT));
                if self.word_ahead(not, Keyword::DEFERRABLE) {
                    references.deferral = Some(self.deferral()?);
                }
                ColumnConstraintKind::References(references)
            }
            Keyword::GENERATED => {
                self.expect_words(&[Keyword::GENERATED, Keyword::ALWAYS])?;
                self.generated()?
            }
            Keyword::AS => self.generated()?,
            _ => return Ok(None),
        }))
    }

    /// `AS (..) [VIRTUAL|STORED]`
    fn generated(&mut self) -> Result<ColumnConstraintKind> {
        self.expect_word(Keyword::AS)?;
        self.expect(Kind::LeftParen)?;
        let expr = self.expr()?;
        self.expect(Kind::RightParen)?;
        let storage = match self.at_identifier(0) {
            true => Some(self.take_name()),
            false => None,
        };
        Ok(ColumnConstraintKind::Generated { expr, storage })
    }

    /// `CHECK (..)`
    fn check(&mut self) -> Result<CheckExpr> {
        self.expect_word(Keyword::CHECK)?;
        let start = self.expect(Kind::LeftParen)?.span.end;
        let expr = self.expr()?;
        let end = self.expect(Kind::RightParen)?.span.start;
        Ok(CheckExpr { expr, text: self.trimmed(start, end).into() })
    }

    /// What follows `DEFAULT`.
    fn default_value(&mut self) -> Result<DefaultValue> {
        let token = self.token();
        if self.eat(Kind::LeftParen) {
            let expr = self.expr()?;
            let end = self.expect(Kind::RightParen)?.span.start;
            return Ok(DefaultValue { expr, text: self.trimmed(token.span.end, end).into() });
        }
        let sign = match token.kind {
            Kind::Minus => Some(UnaryOp::Minus),
            Kind::Plus => Some(UnaryOp::Plus),
            _ => None,
        };
        let expr = if let Some(sign) = sign {
            self.take();
            let operand = self.literal_expr().ok_or_else(|| self.syntax_error())?;
            let span = self.span_from(token.span.start);
            self.signed_literal(sign, operand, span)?
        } else if let Some(literal) = self.literal_expr() {
            literal
        } else if self.kind() == Kind::Indexed || self.at_identifier(0) {
            let word = self.take_name();
            let literal = match word.text.as_ref() {
                _ if word.is_word("true") => Literal::Integer(1),
                _ if word.is_word("false") => Literal::Integer(0),
                text => Literal::Text(text.into()),
            };
            Expr { kind: ExprKind::Literal(literal), span: word.span }
        } else {
            return Err(self.syntax_error());
        };
        let span = self.span_from(token.span.start);
        Ok(DefaultValue { expr, text: self.text(span).into() })
    }

    // Foreign keys.

    /// `REFERENCES ..` up to where `DEFERRABLE` may follow.
    fn foreign_reference(&mut self) -> Result<ForeignReference> {
        self.expect_word(Keyword::REFERENCES)?;
        let table = self.name()?;
        let columns = self.column_names()?;
        let (mut on_delete, mut on_update) = (ForeignAction::NoAction, ForeignAction::NoAction);
        loop {
            if self.eat_word(Keyword::MATCH) {
                self.name()?;
            } else if self.eat_word(Keyword::ON) {
                let action = match self.kind() {
                    Kind::Word(Keyword::DELETE) => Some(&mut on_delete),
                    Kind::Word(Keyword::UPDATE) => Some(&mut on_update),
                    Kind::Word(Keyword::INSERT) => None,
                    _ => return Err(self.syntax_error()),
                };
                self.take();
                let wanted = self.foreign_action()?;
                if let Some(action) = action {
                    *action = wanted;
                }
            } else {
                break;
            }
        }
        Ok(ForeignReference { table, columns, on_delete, on_update, deferral: None })
    }

    fn foreign_action(&mut self) -> Result<ForeignAction> {
        if self.eat_word(Keyword::SET) {
            if self.eat_word(Keyword::NULL) {
                return Ok(ForeignAction::SetNull);
            }
            self.expect_word(Keyword::DEFAULT)?;
            return Ok(ForeignAction::SetDefault);
        }
        if self.eat_word(Keyword::CASCADE) {
            return Ok(ForeignAction::Cascade);
        }
        if self.eat_word(Keyword::RESTRICT) {
            return Ok(ForeignAction::Restrict);
        }
        self.expect_words(&[Keyword::NO, Keyword::ACTION])?;
        Ok(ForeignAction::NoAction)
    }

    /// `[NOT] DEFERRABLE [INITIALLY DEFERRED|IMMEDIATE]`
    fn deferral(&mut self) -> Result<Deferral> {
        let deferrable = !self.eat_word(Keyword::NOT);
        self.expect_word(Keyword::DEFERRABLE)?;
        if !self.eat_word(Keyword::INITIALLY) {
            return Ok(Deferral::Immediate);
        }
        if self.eat_word(Keyword::DEFERRED) {
            return Ok(if deferrable { Deferral::Deferred } else { Deferral::Immediate });
        }
        self.expect_word(Keyword::IMMEDIATE)?;
        Ok(Deferral::Immediate)
    }

    // Constraints after the columns.

    fn at_table_constraint(&mut self) -> bool {
        use Keyword as K;
        matches!(self.kind(), Kind::Word(K::CONSTRAINT | K::PRIMARY | K::UNIQUE | K::CHECK | K::FOREIGN))
    }

    /// One constraint or more; the commas between them may be missing.
    fn table_constraints(&mut self) -> Result<Vec<TableConstraint>> {
        let mut constraints = Vec::new();
        let mut name = None;
        loop {
            if self.eat_word(Keyword::CONSTRAINT) {
                name = Some(self.name()?);
            } else {
                let start = self.token().span.start;
                let kind = self.table_constraint()?;
                let span = self.span_from(start);
                constraints.push(TableConstraint { name: name.clone(), kind, span });
            }
            if self.eat(Kind::Comma) {
                name = None;
            } else if !self.at_table_constraint() {
                return Ok(constraints);
            }
        }
    }

    fn table_constraint(&mut self) -> Result<TableConstraintKind> {
        Ok(match self.kind() {
            Kind::Word(Keyword::PRIMARY) => {
                self.expect_words(&[Keyword::PRIMARY, Keyword::KEY])?;
                self.expect(Kind::LeftParen)?;
                let columns = self.comma_list(Self::order_term)?;
                let autoincrement = self.eat_word(Keyword::AUTOINCREMENT);
                self.expect(Kind::RightParen)?;
                TableConstraintKind::PrimaryKey { columns, autoincrement, conflict: self.on_conflict()? }
            }
            Kind::Word(Keyword::UNIQUE) => {
                self.take();
                let columns = self.paren_list(Self::order_term)?;
                TableConstraintKind::Unique { columns, conflict: self.on_conflict()? }
            }
            Kind::Word(Keyword::CHECK) => {
                let check = self.check()?;
                self.on_conflict()?;
                TableConstraintKind::Check(check)
            }
            Kind::Word(Keyword::FOREIGN) => {
                self.expect_words(&[Keyword::FOREIGN, Keyword::KEY])?;
                let columns = self.paren_list(Self::column_name_only)?;
                let mut references = self.foreign_reference()?;
                if matches!(self.kind(), Kind::Word(Keyword::NOT | Keyword::DEFERRABLE)) {
                    references.deferral = Some(self.deferral()?);
                }
                TableConstraintKind::ForeignKey { columns, references }
            }
            _ => return Err(self.syntax_error()),
        })
    }

    // Virtual tables.

    fn create_virtual_table(&mut self) -> Result<Statement> {
        self.expect_word(Keyword::TABLE)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        self.expect_word(Keyword::USING)?;
        let module = self.name()?;
        let arguments = match self.eat(Kind::LeftParen) {
            true => self.module_arguments()?,
            false => Vec::new(),
        };
        let end = self.last_span().end;
        let sql = self.schema_sql("CREATE VIRTUAL TABLE", &name, end);
        let table = CreateVirtualTable { if_not_exists, name, module, arguments, sql };
        Ok(Statement::CreateVirtualTable(Box::new(table)))
    }

    /// Any tokens up to the closing parenthesis, split at commas that are not in parentheses of their own.
    fn module_arguments(&mut self) -> Result<Vec<Box<str>>> {
        let mut arguments = Vec::new();
        let mut current: Option<Span> = None;
        let mut depth = 0usize;
        loop {
            let token = self.token();
            match token.kind {
                Kind::End | Kind::Illegal => return Err(self.syntax_error()),
                Kind::Comma | Kind::RightParen if depth == 0 => {
                    self.take();
                    arguments.extend(current.take().map(|span| self.text(span).into()));
                    if token.kind == Kind::RightParen {
                        return Ok(arguments);
                    }
                    continue;
                }
                Kind::LeftParen => depth += 1,
                Kind::RightParen => depth -= 1,
                _ => {}
            }
            self.take();
            current = Some(current.map_or(token.span, |span| span.to(token.span)));
        }
    }

    // Indexes, views and triggers.

    fn create_index(&mut self) -> Result<Statement> {
        let unique = self.eat_word(Keyword::UNIQUE);
        self.expect_word(Keyword::INDEX)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        self.expect_word(Keyword::ON)?;
        let table = self.name()?;
        let columns = self.paren_list(Self::order_term)?;
        let filter = self.where_clause()?;
        // SQLite takes all up to the next token here.
        let end = self.token().span.start;
        let head = if unique { "CREATE UNIQUE INDEX" } else { "CREATE INDEX" };
        let sql = self.schema_sql(head, &name, end);
        let index = CreateIndex { unique, if_not_exists, name, table, columns, filter, sql };
        Ok(Statement::CreateIndex(Box::new(index)))
    }

    fn create_view(&mut self, temporary: bool) -> Result<Statement> {
        self.expect_word(Keyword::VIEW)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let columns = self.column_names()?;
        self.expect_word(Keyword::AS)?;
        let select = self.select()?;
        // SQLite takes all up to the next token here, but for blanks.
        let end = self.token().span.start;
        let sql = self.schema_sql("CREATE VIEW", &name, end).trim_ascii_end().into();
        let view = CreateView { temporary, if_not_exists, name, columns, select, sql };
        Ok(Statement::CreateView(Box::new(view)))
    }

    fn create_trigger(&mut self, temporary: bool) -> Result<Statement> {
        self.expect_word(Keyword::TRIGGER)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let time = if self.eat_word(Keyword::AFTER) {
            TriggerTime::After
        } else if self.eat_word(Keyword::INSTEAD) {
            self.expect_word(Keyword::OF)?;
            TriggerTime::InsteadOf
        } else {
            self.eat_word(Keyword::BEFORE);
            TriggerTime::Before
        };
        let event = self.trigger_event()?;
        self.expect_word(Keyword::ON)?;
        let table = self.qualified_name()?;
        if self.eat_word(Keyword::FOR) {
            self.expect_words(&[Keyword::EACH, Keyword::ROW])?;
        }
        let condition = match self.eat_word(Keyword::WHEN) {
            true => Some(self.expr()?),
            false => None,
        };
        self.expect_word(Keyword::BEGIN)?;
        let in_temp_schema = name.schema.as_ref().is_some_and(|schema| schema.is("temp"));
        let steps = self.trigger_steps(Place::Trigger { temporary: temporary || in_temp_schema })?;
        let end = self.last_span().end;
        let sql = self.schema_sql("CREATE TRIGGER", &name, end);
        let trigger =
            CreateTrigger { temporary, if_not_exists, name, time, event, table, condition, steps, sql };
        Ok(Statement::CreateTrigger(Box::new(trigger)))
    }

    fn trigger_event(&mut self) -> Result<TriggerEvent> {
        let event = match self.kind() {
            Kind::Word(Keyword::DELETE) => TriggerEvent::Delete,
            Kind::Word(Keyword::INSERT) => TriggerEvent::Insert,
            Kind::Word(Keyword::UPDATE) => TriggerEvent::Update(Vec::new()),
            _ => return Err(self.syntax_error()),
        };
        self.take();
        match event {
            TriggerEvent::Update(_) if self.eat_word(Keyword::OF) => {
                self.comma_list(Self::name).map(TriggerEvent::Update)
            }
            event => Ok(event),
        }
    }

    /// Statements with a semicolon after each, up to `END`.
    fn trigger_steps(&mut self, place: Place) -> Result<Vec<TriggerStep>> {
        let mut steps = Vec::new();
        loop {
            steps.push(match self.kind() {
                Kind::Word(Keyword::INSERT | Keyword::REPLACE) => {
                    TriggerStep::Insert(Box::new(self.insert(None, place)?))
                }
                Kind::Word(Keyword::UPDATE) => TriggerStep::Update(Box::new(self.update(None, place)?)),
                Kind::Word(Keyword::DELETE) => TriggerStep::Delete(Box::new(self.delete(None, place)?)),
                _ => TriggerStep::Select(self.select()?),
            });
            self.expect(Kind::Semicolon)?;
            if self.eat_word(Keyword::END) {
                return Ok(steps);
            }
        }
    }

    // ALTER and DROP.

    /// `ALTER TABLE ..`, which is the next token.
    pub(super) fn alter(&mut self) -> Result<Statement> {
        self.expect_words(&[Keyword::ALTER, Keyword::TABLE])?;
        let table = self.qualified_name()?;
        let action = match self.kind() {
            Kind::Word(Keyword::RENAME) => {
                self.take();
                self.rename()?
            }
            Kind::Word(Keyword::ADD) => {
                self.take();
                self.add()?
            }
            Kind::Word(Keyword::DROP) => {
                self.take();
                match self.eat_word(Keyword::CONSTRAINT) {
                    true => AlterAction::DropConstraint(self.name()?),
                    false => AlterAction::DropColumn(self.column_to_alter()?),
                }
            }
            Kind::Word(Keyword::ALTER) => {
                self.take();
                self.alter_column()?
            }
            _ => return Err(self.syntax_error()),
        };
        Ok(Statement::AlterTable(Box::new(AlterTable { table, action })))
    }

    /// A name, perhaps with `COLUMN` before it.
    fn column_to_alter(&mut self) -> Result<Name> {
        self.eat_word(Keyword::COLUMN);
        self.name()
    }

    fn rename(&mut self) -> Result<AlterAction> {
        if self.eat_word(Keyword::TO) {
            return self.name().map(AlterAction::RenameTable);
        }
        let from = self.column_to_alter()?;
        self.expect_word(Keyword::TO)?;
        Ok(AlterAction::RenameColumn { from, to: self.name()? })
    }

    fn add(&mut self) -> Result<AlterAction> {
        let start = self.token().span.start;
        let mut name = None;
        if self.eat_word(Keyword::CONSTRAINT) {
            name = Some(self.name()?);
        }
        if name.is_some() || self.at_word(Keyword::CHECK) {
            let check = Box::new(self.check()?);
            self.on_conflict()?;
            let span = self.span_from(start);
            return Ok(AlterAction::AddCheck { name, check, text: self.text(span).into() });
        }
        self.eat_word(Keyword::COLUMN);
        let column = Box::new(self.column_definition()?);
        // SQLite takes all up to the next token here, but for blanks.
        let end = self.token().span.start;
        let text = self.trimmed(column.name.span.start, end).into();
        Ok(AlterAction::AddColumn { column, text })
    }

    fn alter_column(&mut self) -> Result<AlterAction> {
        let column = self.column_to_alter()?;
        if self.eat_word(Keyword::DROP) {
            self.expect_words(&[Keyword::NOT, Keyword::NULL])?;
            return Ok(AlterAction::DropNotNull(column));
        }
        self.expect_word(Keyword::SET)?;
        let start = self.token().span.start;
        self.expect_words(&[Keyword::NOT, Keyword::NULL])?;
        self.on_conflict()?;
        let span = self.span_from(start);
        Ok(AlterAction::SetNotNull { column, text: self.text(span).into() })
    }

    /// `DROP ..`, which is the next token.
    pub(super) fn drop_object(&mut self) -> Result<Statement> {
        self.expect_word(Keyword::DROP)?;
        let kind = match self.kind() {
            Kind::Word(Keyword::TABLE) => ObjectKind::Table,
            Kind::Word(Keyword::INDEX) => ObjectKind::Index,
            Kind::Word(Keyword::VIEW) => ObjectKind::View,
            Kind::Word(Keyword::TRIGGER) => ObjectKind::Trigger,
            _ => return Err(self.syntax_error()),
        };
        self.take();
        let if_exists = self.eat_word(Keyword::IF);
        if if_exists {
            self.expect_word(Keyword::EXISTS)?;
        }
        Ok(Statement::Drop(Box::new(Drop { kind, if_exists, name: self.qualified_name()? })))
    }
}

/// The words of a type without `GENERATED ALWAYS` at their end, which belongs to what follows them.
fn without_generated_always(type_name: TypeName) -> Option<TypeName> {
    let mut words = type_name.text.split_ascii_whitespace().rev();
    let is_generated = words.next().is_some_and(|word| word.eq_ignore_ascii_case("always"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("generated"));
    if !is_generated {
        return Some(type_name);
    }
    let without_last_word = |text: &str| text.trim_ascii_end().rfind(|ch: char| ch.is_ascii_whitespace());
    let mut text = &*type_name.text;
    for _ in 0..2 {
        text = &text[..without_last_word(text).unwrap_or(0)];
    }
    let text = text.trim_ascii_end();
    (!text.is_empty()).then(|| TypeName { text: text.into() })
}
